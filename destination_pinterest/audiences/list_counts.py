"""Pinterest's counters of a customer list, and an estimate of the share that Pinterest has matched.

The counters count what was sent: an identifier sent twice counts twice, and removing one that was never in the list
    counts too. They are therefore called records here, never members.

Source: Pinterest OpenAPI 5.23.0, CustomerList: num_uploaded_user_records, num_removed_user_records, num_batches (read
2026-11-22). Pinterest gives no match rate; an audience's size divided by its records is this project's own estimate.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from destination_pinterest.api.models import CustomerList


class ListCounts(msgspec.Struct, frozen=True):
    """A customer list's counters at one moment.

    Args:
        records: added less removed, which is the number of members if nothing was ever sent twice.
        added, removed: as sent since the list was created, repeats included.
        batches: requests that Pinterest has accepted, its creation included; None if Pinterest does not say.
    """

    records: int
    added: int
    removed: int
    batches: int | None


class MatchEstimate(msgspec.Struct, frozen=True):
    """The approximate share of a list that Pinterest has matched.

    Only an estimate: one person may have several identifiers, sizes lag behind, and Pinterest's records include
        repeats.

    Args:
        share: the audience's size divided by `of`.
        of: the members in the membership ledger, or Pinterest's records.
    """

    share: float
    of: Literal["members", "pinterest_records"]
    is_approximate: Literal[True] = True


NO_COUNTS = ListCounts(records=0, added=0, removed=0, batches=0)


def counts_of(customer_list: CustomerList | None) -> ListCounts | None:
    """Returns a list's counters; None if Pinterest does not give them."""
    if customer_list is None or customer_list.num_uploaded_user_records is None:
        return None
    added = customer_list.num_uploaded_user_records
    removed = customer_list.num_removed_user_records or 0
    return ListCounts(max(0, added - removed), added, removed, customer_list.num_batches)


def records_in(customer_list: CustomerList) -> int | None:
    """Returns how many records a list has, never fewer than none; None if Pinterest does not say."""
    counts = counts_of(customer_list)
    return None if counts is None else max(0, counts.records)


def estimate_match(size: int | None, members: int | None, counts: ListCounts | None) -> MatchEstimate | None:
    """Returns the estimate; None if either side of the fraction is unknown.

    Args:
        size: the audience's size.
        members: the exact number of its members; None if it is not known.
        counts: Pinterest's counters, used if `members` is None.
    """
    if size is None:
        return None
    if members:
        return MatchEstimate(round(size / members, 4), "members")
    if counts is not None and counts.records:
        return MatchEstimate(round(size / counts.records, 4), "pinterest_records")
    return None
