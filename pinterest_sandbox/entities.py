"""What the sandbox's world is made of: one plain record for each kind of thing that Pinterest keeps.

Records are changed in place by the module that owns the duty (customer_lists, audiences, oauth, …) and handed to
`World.save` afterwards, which stores them.

Source: Pinterest OpenAPI 5.23.0 (names of fields and states), read 2026-11-22; 5.28.0 (`is_nca`, further states).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

UserListOperation = Literal["ADD", "REMOVE"]
ListType = Literal["EMAIL", "IDFA", "MAID", "LR_ID", "DLX_ID", "HASHED_PINNER_ID"]
AudienceType = Literal["CUSTOMER_LIST", "VISITOR", "ENGAGEMENT", "ACTALIKE", "PERSONA"]
ObjectiveType = Literal["AWARENESS", "CONSIDERATION", "WEB_CONVERSION", "CATALOG_SALES", "VIDEO_COMPLETION", "SALES"]
UrlOperator = Literal["=", "!=", "contains", "not_contains"]
# fmt: off
Currency = Literal[
    "UNK", "USD", "GBP", "CAD", "EUR", "AUD", "NZD", "SEK", "ILS", "CHF", "HKD", "JPY", "SGD", "KRW", "NOK", "DKK",
    "PLN", "RON", "HUF", "CZK", "BRL", "MXN", "ARS", "CLP", "COP", "INR", "TRY",
]
# fmt: on
AudienceStatus = Literal[
    "INITIALIZING", "READY", "TOO_SMALL", "ELIGIBLE", "PERSONAS_INITIALIZING", "PERSONAS_INELIGIBLE_SIZE"
]
AccountType = Literal["AD_ACCOUNT", "BUSINESS_ACCOUNT"]


class User(msgspec.Struct):
    """A Pinterest account; a business account is the business. Sharing is open within one hierarchy."""

    id: str
    username: str
    business_name: str
    hierarchy_id: str


class App(msgspec.Struct):
    """A developer's app. A redirect URI that ends in `*` admits whatever begins like it."""

    client_id: str
    client_secret: str
    name: str
    redirect_uris: list[str]


class AccessToken(msgspec.Struct):
    """What a request shows. `expires_at` is in seconds of the world's clock; None never ends."""

    token: str
    client_id: str
    user_id: str
    scopes: list[str]
    expires_at: float | None
    revoked: bool = False
    kind: Literal["user", "client"] = "user"


class RefreshToken(msgspec.Struct):
    """What buys the next access token; dead once it was used, when rotation is on."""

    token: str
    client_id: str
    user_id: str
    scopes: list[str]
    expires_at: float | None
    revoked: bool = False


class AuthorizationCode(msgspec.Struct):
    """What the consent page gave to the app: for one use, by the same app, with the same redirect URI."""

    code: str
    client_id: str
    user_id: str
    redirect_uri: str
    scopes: list[str]
    expires_at: float
    used: bool = False


class AdAccount(msgspec.Struct):
    """An ad account; `roles` says which other users may do what in it."""

    id: str
    name: str
    owner_user_id: str
    country: str
    currency: str
    created_time: int
    updated_time: int
    roles: dict[str, list[str]] = {}


class CustomerList(msgspec.Struct):
    """A customer list without its members, which `World.members` holds.

    `last_write_at` is when matching was last set going; `earlier_matched` is what the previous matching had found.
    """

    id: str
    ad_account_id: str
    name: str
    list_type: ListType
    created_time: int
    updated_time: int
    last_write_at: float
    num_batches: int
    num_uploaded_user_records: int
    num_removed_user_records: int = 0
    earlier_matched: int | None = None
    is_nca: bool = False


class Audience(msgspec.Struct):
    """An audience. `rule_set_at` is when its rule began to be worked out; `pinned_status` overrules matching."""

    id: str
    ad_account_id: str
    name: str
    description: str | None
    audience_type: AudienceType
    rule: dict[str, Any]
    created_time: int
    updated_time: int
    rule_set_at: float
    created_by_company_name: str | None = None
    pinned_status: AudienceStatus | None = None


class Share(msgspec.Struct):
    """That one account or business may use an audience, and since when."""

    audience_id: str
    account_type: AccountType
    account_id: str
    shared_on: int

    @property
    def id(self) -> str:
        """The key that it is stored under."""
        return f"{self.audience_id}/{self.account_type}/{self.account_id}"


class Upload(msgspec.Struct):
    """A file of records on its way into a customer list. `run_at` is None until it is started."""

    id: str
    ad_account_id: str
    customer_list_id: str
    operation: UserListOperation
    total_parts: int
    created_time: int
    updated_time: int
    signature: str
    run_at: float | None = None
    valid: int = 0
    invalid: int = 0
