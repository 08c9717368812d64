from __future__ import annotations

from typing import Any

import pytest

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.list_counts import ListCounts, MatchEstimate, counts_of, estimate_match


def counts(**more: Any) -> ListCounts | None:
    return counts_of(CustomerList(id="1", **more))


def test_records_are_those_added_less_those_removed() -> None:
    found = counts(num_uploaded_user_records=10, num_removed_user_records=3, num_batches=4)
    assert found == ListCounts(records=7, added=10, removed=3, batches=4)


def test_a_list_from_which_strangers_were_removed_has_no_fewer_than_none() -> None:
    found = counts(num_uploaded_user_records=1, num_removed_user_records=3)
    assert found == ListCounts(records=0, added=1, removed=3, batches=None)


def test_counters_that_pinterest_does_not_tell_are_not_guessed() -> None:
    assert counts_of(None) is None
    assert counts(num_removed_user_records=3) is None
    assert counts(num_uploaded_user_records=3) == ListCounts(3, 3, 0, None)


@pytest.mark.parametrize(
    ("size", "members", "records", "estimate"),
    [
        (61, 200, 100, MatchEstimate(0.305, "members")),
        (61, None, 100, MatchEstimate(0.61, "pinterest_records")),
        (61, 0, 100, MatchEstimate(0.61, "pinterest_records")),
        (1, None, 3, MatchEstimate(0.3333, "pinterest_records")),
        (0, None, 100, MatchEstimate(0.0, "pinterest_records")),
        (61, None, 0, None),
        (61, None, None, None),
        (None, 200, 100, None),
    ],
)
def test_the_match_is_estimated_by_the_best_count_there_is(
    size: int | None, members: int | None, records: int | None, estimate: MatchEstimate | None
) -> None:
    counted = None if records is None else ListCounts(records, records, 0, 1)
    assert estimate_match(size, members, counted) == estimate
    assert estimate is None or estimate.is_approximate
