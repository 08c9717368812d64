"""How many a customer list holds by Pinterest's counters, and which share of them Pinterest has matched.

The counters count what was sent: a person who was sent twice counts twice, and so does the removal of somebody who was
never in. They are therefore called records here, never members.

Source: Pinterest OpenAPI 5.23.0, CustomerList: num_uploaded_user_records, num_removed_user_records, num_batches (read
2026-11-22). Pinterest gives no rate of matches; an audience's size over the records is this project's own estimate.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from destination_pinterest.api.models import CustomerList


class ListCounts(msgspec.Struct, frozen=True):
    """A customer list's counters at one moment.

    Args:
        records: those added less those removed, which is how many it holds if nobody was ever sent twice.
        added, removed: as sent since the list was created, repeats included.
        batches: requests that Pinterest has taken, its creation included; None where Pinterest does not tell.
    """

    records: int
    added: int
    removed: int
    batches: int | None


class MatchEstimate(msgspec.Struct, frozen=True):
    """Roughly which share of a list Pinterest has matched.

    Never more than an estimate: somebody may be in by several identifiers, sizes are counted late, and Pinterest's
    records include repeats.

    Args:
        share: the audience's size over `of`, from 0 up.
        of: what was counted: the membership store's members, or Pinterest's records.
    """

    share: float
    of: Literal["members", "pinterest_records"]
    is_approximate: Literal[True] = True


NO_COUNTS = ListCounts(records=0, added=0, removed=0, batches=0)


def counts_of(customer_list: CustomerList | None) -> ListCounts | None:
    """A list's counters; None where Pinterest does not tell them."""
    if customer_list is None or customer_list.num_uploaded_user_records is None:
        return None
    added = customer_list.num_uploaded_user_records
    removed = customer_list.num_removed_user_records or 0
    return ListCounts(max(0, added - removed), added, removed, customer_list.num_batches)


def estimate_match(size: int | None, members: int | None, counts: ListCounts | None) -> MatchEstimate | None:
    """The estimate; None where either side of the fraction is not known.

    Args:
        size: of the audience.
        members: of its customer list, counted exactly; None where nobody has.
        counts: Pinterest's, which stand in for them.
    """
    if size is None:
        return None
    if members:
        return MatchEstimate(round(size / members, 4), "members")
    if counts is not None and counts.records:
        return MatchEstimate(round(size / counts.records, 4), "pinterest_records")
    return None
