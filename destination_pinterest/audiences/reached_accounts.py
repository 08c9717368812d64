"""Says by name which ad accounts the sign-in reaches, where one that the settings name is not among them.

Source: Pinterest OpenAPI 5.23.0, ad_accounts/list: those that the user owns, and those shared with it (read
2026-11-27). What Pinterest answers about an ad account that is not reached is not documented: 403 and 404 are both
taken for it, but only if the account is not listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import Final

from destination_pinterest.api.client import PAGE_SIZE, PinterestClient
from destination_pinterest.api.models import AdAccount
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, NotFoundError, PermissionDeniedError

# An agency may reach hundreds; one page of them is asked for, and so many are named.
_MOST_NAMED: Final = 10


def reached_accounts(pinterest: PinterestClient) -> list[AdAccount]:
    """Returns the ad accounts that the sign-in reaches; of very many, the first page.

    Raises:
        ConnectorError: they can't be listed.
    """
    return list(islice(pinterest.ad_accounts(), PAGE_SIZE))


def explained(pinterest: PinterestClient, failure: ConnectorError) -> ConnectorError:
    """Returns a better error for a failure, if it came because the sign-in does not reach the client's ad account."""
    if not isinstance(failure, NotFoundError | PermissionDeniedError):
        return failure
    try:
        reached = reached_accounts(pinterest)
    except ConnectorError:
        return failure
    asked = pinterest.ad_account_id
    if len(reached) >= PAGE_SIZE or any(one.id.lstrip("0") == asked.lstrip("0") for one in reached):
        return failure
    similar = sorted(reached, key=lambda one: -SequenceMatcher(None, one.id, asked).ratio())
    reaches = f"; it reaches {accounts_text(similar)}" if reached else ", nor any other"
    return NotFoundError(
        Code.AD_ACCOUNT_NOT_REACHED,
        f"The sign-in does not reach the ad account {asked}{reaches}. Correct the ID in the settings (ad_account_id or "
        "also_in_ad_accounts), or have the account shared with the user who signed in.",
        answer=failure.answer,
    )


def account_text(account: AdAccount) -> str:
    """Returns an ad account by name and ID."""
    return f'"{account.name}" ({account.id})' if account.name else account.id


def accounts_text(accounts: Sequence[AdAccount]) -> str:
    """Returns ad accounts by name and ID; of many, the first."""
    named = ", ".join(account_text(one) for one in accounts[:_MOST_NAMED])
    return named if len(accounts) <= _MOST_NAMED else f"{named} and {len(accounts) - _MOST_NAMED:,} more"
