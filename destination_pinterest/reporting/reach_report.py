"""What the report says of actalike audiences and of those with whom an audience is shared."""

from __future__ import annotations

from typing import Literal

import msgspec

from destination_pinterest.audiences.reach import Reach


class ActalikeReport(msgspec.Struct, frozen=True):
    """An actalike audience that the settings ask for, and what became of it.

    `outcome`: found, made, waiting for the seed to be ready, failed, or, in a dry run, foreseen.
    """

    country: str
    percentage: int
    outcome: Literal["found", "made", "waiting", "failed", "foreseen"]
    audience_id: str | None


class ShareReport(msgspec.Struct, frozen=True):
    """An account that an audience is shared with, or no longer is, and what became of that.

    `outcome`: found, shared, revoked, waiting for the audience, failed, or, in a dry run, foreseen or foreseen_revoked.
    """

    account_type: Literal["AD_ACCOUNT", "BUSINESS_ACCOUNT"]
    account_id: str
    outcome: Literal["found", "shared", "revoked", "waiting", "failed", "foreseen", "foreseen_revoked"]


def actalikes_of(reach: Reach) -> list[ActalikeReport]:
    """Returns what became of the actalike audiences."""
    return [
        ActalikeReport(one.likeness.country, one.likeness.percentage, one.outcome, one.audience_id)
        for one in reach.actalikes
    ]


def shares_of(reach: Reach) -> list[ShareReport]:
    """Returns what became of the recipients."""
    return [ShareReport(one.recipient.kind, one.recipient.id, one.outcome) for one in reach.shared]
