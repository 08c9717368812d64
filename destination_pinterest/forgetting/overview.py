"""The command `lists`: shows every customer list of the ad accounts, whose it is, and what is made of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from destination_pinterest.audiences.list_counts import ListCounts, counts_of
from destination_pinterest.audiences.list_kinds import KnownList, ListKind
from destination_pinterest.forgetting.account import AccountLists
from destination_pinterest.markers import LISTS_PREFIX

SCHEMA_VERSION: Final = 1


class MadeAudience(msgspec.Struct, frozen=True):
    """An audience that is made of a list. What Pinterest does not give is None."""

    audience_id: str
    name: str | None
    status: str | None
    size: int | None


class OverviewList(msgspec.Struct, frozen=True):
    """A customer list; times are ISO 8601 in UTC.

    Args:
        ad_account_id, customer_list_id, name, status: the list.
        kind: whose it is: `ours`, `left_over` (ours, and no audience is made of it), `note` (ours, and holds nobody),
            `exclusion`, or `other` (nothing says that it is ours).
        left_over_of: the audience that it was, or was to be, made for.
        audiences: those that are made of it.
        counts: Pinterest's counters.
        created, updated: when.
    """

    ad_account_id: str
    customer_list_id: str
    name: str | None
    status: str | None
    kind: ListKind
    left_over_of: str | None
    audiences: list[MadeAudience]
    counts: ListCounts | None
    created: str | None
    updated: str | None


class Overview(msgspec.Struct, frozen=True):
    """All customer lists, newest first. `audiences_untold` counts audiences whose list Pinterest does not tell.

    Keys are only ever added.
    """

    ad_account_ids: list[str]
    customer_lists: list[OverviewList]
    audiences_untold: int
    status: Literal["succeeded"] = "succeeded"
    schema_version: int = SCHEMA_VERSION

    def as_line(self) -> str:
        """Returns the overview as one line for a program."""
        return LISTS_PREFIX + msgspec.json.encode(self).decode()


def overview(accounts: list[AccountLists]) -> Overview:
    """Returns the lists of ad accounts as they are shown."""
    return Overview(
        [account.ad_account_id for account in accounts],
        [_shown(account.ad_account_id, known) for account in accounts for known in account.lists],
        sum(account.untold for account in accounts),
    )


def _shown(ad_account_id: str, known: KnownList) -> OverviewList:
    customer_list = known.customer_list
    return OverviewList(
        ad_account_id,
        customer_list.id,
        customer_list.name,
        customer_list.status,
        known.kind,
        known.left_over_of,
        [MadeAudience(audience.id, audience.name, audience.status, audience.size) for audience in known.audiences],
        counts_of(customer_list),
        _moment(customer_list.created_time),
        _moment(customer_list.updated_time),
    )


def _moment(seconds: float | None) -> str | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # Not a plausible time: in another unit, perhaps.
        return None
