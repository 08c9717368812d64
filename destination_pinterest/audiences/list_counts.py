"""Pinterest's counters of a customer list, and an estimate of the share of people that Pinterest has matched.

The counters count what was sent: an identifier sent twice counts twice, and removing one that was never in the list
    counts too. They are therefore called records here, never members, and nothing is estimated from them.

Source: Pinterest OpenAPI 5.23.0, CustomerList: num_uploaded_user_records, num_removed_user_records, num_batches (read
2026-11-22). Pinterest gives no match rate; an audience's size divided by its people is this project's own estimate.
"""

from __future__ import annotations

from datetime import date
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
    """The approximate share of people that Pinterest has matched.

    Only an estimate: a row counts as one person, and sizes lag behind.

    Args:
        share: the audience's size divided by `people`, never above 1.
        of: what it is a share of: people, or the members in the membership store where each has one identifier.
            Earlier versions had Pinterest's records as well.
        people: how many people there are in the customer list.
        counted_on: when they were counted, as an ISO 8601 date.
    """

    share: float
    of: Literal["people", "members", "pinterest_records"]
    is_approximate: Literal[True] = True
    people: int | None = None
    counted_on: str | None = None


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


def estimate_match(
    size: int | None, people: int, counted_on: date, *, of: Literal["people", "members"] = "people"
) -> MatchEstimate | None:
    """Returns the estimate; None if it is not known.

    If the audience has more people than were counted, others have been added, and the share is not known either.

    Args:
        size: the audience's size.
        people: how many people its customer list has.
        counted_on: when they were counted.
        of: see `MatchEstimate`.
    """
    if size is None or not people or size > people:
        return None
    return MatchEstimate(round(size / people, 4), of, people=people, counted_on=counted_on.isoformat())
