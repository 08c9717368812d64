"""The commands `accounts` and `sign-in`: which ad accounts a sign-in reaches, in which roles, and when it ends.

Source: Pinterest OpenAPI 5.23.0, ad_accounts/list and user_account/get (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec

from destination_pinterest.api.models import UserAccount
from destination_pinterest.audiences.reached_accounts import reached_accounts
from destination_pinterest.connection_check import check_scopes, may_change_audiences
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, ProtocolError
from destination_pinterest.markers import ACCOUNTS_PREFIX
from destination_pinterest.session import PinterestSession

SCHEMA_VERSION: Final = 1


class ListedAccount(msgspec.Struct, frozen=True):
    """An ad account. What Pinterest does not give is None, as everywhere here."""

    ad_account_id: str
    name: str | None
    roles: list[str]
    may_change_audiences: bool
    country: str | None
    currency: str | None
    owner: str | None


class Accounts(msgspec.Struct, frozen=True, kw_only=True):
    """The ad accounts that a sign-in reaches, and the sign-in itself; times in seconds since 1970."""

    schema_version: int = SCHEMA_VERSION
    signed_in_as: str | None
    scopes: list[str] | None
    sign_in_ends_at: int | None
    ad_accounts: list[ListedAccount]

    def as_line(self) -> str:
        """Returns the log line for programs."""
        return ACCOUNTS_PREFIX + msgspec.json.encode(self).decode()


class CodeRequest(msgspec.Struct, frozen=True):
    """What a person's consent gave: a code that is good for one exchange, and where it was sent to."""

    code: str
    redirect_uri: str


def read_code_request(content: Mapping[str, Any]) -> CodeRequest:
    """Returns the request of `sign-in`.

    Raises:
        ProtocolError: it is another one.
    """
    try:
        return msgspec.convert(dict(content), CodeRequest)
    except msgspec.ValidationError:
        raise ProtocolError(
            Code.COMMAND_WRONG, "The request of sign-in must have a code and a redirect_uri. Use pinterest-audiences."
        ) from None


def list_accounts(session: PinterestSession) -> Accounts:
    """Asks Pinterest.

    Raises:
        MissingScopeError: the sign-in was granted too little.
        ConnectorError: the ad accounts can't be listed.
    """
    reached = reached_accounts(session.client)
    sign_in = session.sign_in
    granted = sign_in.scopes if sign_in else None
    check_scopes(granted)
    user = UserAccount()
    with suppress(ConnectorError):  # Only a courtesy, which needs a scope that syncs don't.
        user = session.client.user_account()
    ends_at = sign_in.refresh_expires_at if sign_in else None
    return Accounts(
        signed_in_as=user.username or user.business_name,
        scopes=None if granted is None else sorted(granted),
        sign_in_ends_at=None if ends_at is None else int(ends_at),
        ad_accounts=[
            ListedAccount(
                one.id,
                one.name,
                list(one.permissions or ()),
                may_change_audiences(one),
                one.country,
                one.currency,
                one.owner.username if one.owner else None,
            )
            for one in reached
        ],
    )
