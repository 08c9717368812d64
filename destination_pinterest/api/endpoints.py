"""The endpoints in use: path, rate category, scopes, and whether a request may be repeated. Data only.

Source: Pinterest OpenAPI 5.23.0 (2025-12-11), `x-ratelimit-category` and `security` of each operation.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec


class Category(StrEnum):
    """A rate category; the endpoints of a category share a quota."""

    ADS_READ = "ads_read"
    ADS_WRITE = "ads_write"
    ORG_READ = "org_read"


class Effect(StrEnum):
    """The effect of repeating a request."""

    NONE = "none"
    """It only reads; repeating it changes nothing."""
    REPEATABLE = "repeatable"
    """It writes, but is idempotent."""
    CREATES = "creates"
    """Repeating it may create a second object."""


class Endpoint(msgspec.Struct, frozen=True):
    """One operation of the API.

    `template` is the path below the base URL with its parameters in braces; `subject` is the object's name for people;
    `scopes` are the scopes that the token needs; `sends_records` says whether the body can be halved.
    """

    method: str
    template: str
    category: Category
    effect: Effect
    subject: str
    scopes: tuple[str, ...]
    sends_records: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


_ACCOUNT: Final = "/ad_accounts/{ad_account_id}"
_LISTS: Final = f"{_ACCOUNT}/customer_lists"
_LIST: Final = f"{_LISTS}/{{customer_list_id}}"
_AUDIENCES: Final = f"{_ACCOUNT}/audiences"
_AUDIENCE: Final = f"{_AUDIENCES}/{{audience_id}}"

_READ: Final = (Category.ADS_READ, Effect.NONE)
_UPDATE: Final = (Category.ADS_WRITE, Effect.REPEATABLE)
_CREATE: Final = (Category.ADS_WRITE, Effect.CREATES)
_READS: Final = ("ads:read",)
_WRITES: Final = ("ads:write",)

USER_ACCOUNT: Final = Endpoint(
    "GET", "/user_account", Category.ORG_READ, Effect.NONE, "user account", ("user_accounts:read",)
)
AD_ACCOUNTS: Final = Endpoint("GET", "/ad_accounts", *_READ, "ad account", _READS)
AD_ACCOUNT: Final = Endpoint("GET", _ACCOUNT, *_READ, "ad account", _READS)
CUSTOMER_LISTS: Final = Endpoint("GET", _LISTS, *_READ, "ad account", _READS)
CUSTOMER_LIST: Final = Endpoint("GET", _LIST, *_READ, "customer list", _READS)
CREATE_CUSTOMER_LIST: Final = Endpoint("POST", _LISTS, *_CREATE, "customer list", _WRITES, sends_records=True)
UPDATE_CUSTOMER_LIST: Final = Endpoint("PATCH", _LIST, *_UPDATE, "customer list", _WRITES, sends_records=True)
AUDIENCES: Final = Endpoint("GET", _AUDIENCES, *_READ, "ad account", _READS)
AUDIENCE: Final = Endpoint("GET", _AUDIENCE, *_READ, "audience", _READS)
CREATE_AUDIENCE: Final = Endpoint("POST", _AUDIENCES, *_CREATE, "audience", _WRITES)
UPDATE_AUDIENCE: Final = Endpoint("PATCH", _AUDIENCE, *_UPDATE, "audience", _WRITES)
SHARED_ACCOUNTS: Final = Endpoint("GET", f"{_AUDIENCES}/shared/accounts", *_READ, "audience", _READS)
SHARE_WITH_AD_ACCOUNTS: Final = Endpoint("PATCH", f"{_AUDIENCES}/ad_accounts/shared", *_UPDATE, "audience", _WRITES)
SHARE_WITH_BUSINESSES: Final = Endpoint("PATCH", f"{_AUDIENCES}/businesses/shared", *_UPDATE, "audience", _WRITES)
# A refresh is repeated, because giving up is no better: if a lost answer has invalidated the refresh token, it stays
# so.
TOKEN: Final = Endpoint("POST", "/oauth/token", Category.ORG_READ, Effect.REPEATABLE, "sign-in", ())

ENDPOINTS: Final = (
    USER_ACCOUNT,
    AD_ACCOUNTS,
    AD_ACCOUNT,
    CUSTOMER_LISTS,
    CUSTOMER_LIST,
    CREATE_CUSTOMER_LIST,
    UPDATE_CUSTOMER_LIST,
    AUDIENCES,
    AUDIENCE,
    CREATE_AUDIENCE,
    UPDATE_AUDIENCE,
    SHARED_ACCOUNTS,
    SHARE_WITH_AD_ACCOUNTS,
    SHARE_WITH_BUSINESSES,
    TOKEN,
)
