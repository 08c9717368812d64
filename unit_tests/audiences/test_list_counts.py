from __future__ import annotations

from datetime import date
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
    ("size", "people", "share"),
    [(61, 200, 0.305), (1, 3, 0.3333), (0, 100, 0.0), (100, 100, 1.0), (101, 100, None), (61, 0, None),
     (None, 200, None)],
)  # fmt: skip
def test_the_match_is_a_share_of_people_and_unknown_where_they_were_not_counted(
    size: int | None, people: int, share: float | None
) -> None:
    estimate = estimate_match(size, people, date(2026, 11, 22))
    expected = None if share is None else MatchEstimate(share, "people", True, people, "2026-11-22")
    assert estimate == expected
