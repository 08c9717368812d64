"""Words what became of actalike audiences, and of those with whom an audience is shared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_OF_ACTALIKES: Final = {
    "found": "there",
    "made": "created",
    "waiting": "to be created once the audience is ready",
    "failed": "not created",
    "foreseen": "would be created once the audience is ready",
}
_OF_SHARES: Final = {
    "found": "shared",
    "shared": "shared now",
    "revoked": "taken back",
    "waiting": "to be shared once the audience exists",
    "failed": "not done",
    "foreseen": "would be shared",
    "foreseen_revoked": "would be taken back",
}
_KINDS: Final = {"AD_ACCOUNT": "ad account", "BUSINESS_ACCOUNT": "business"}


def actalikes_text(actalikes: Iterable[tuple[str, int, str, str | None]]) -> str:
    """Words actalike audiences: country, percentage, outcome and id of each."""
    return "; ".join(
        f"{country} {percentage} %: {_OF_ACTALIKES[outcome]}{'' if audience_id is None else f' ({audience_id})'}"
        for country, percentage, outcome, audience_id in actalikes
    )


def shares_text(shares: Iterable[tuple[str, str, str]]) -> str:
    """Words the recipients of an audience: the type, id and outcome of each."""
    return "; ".join(f"{_KINDS[kind]} {account_id}: {_OF_SHARES[outcome]}" for kind, account_id, outcome in shares)
