from __future__ import annotations

import pytest

from destination_pinterest.audiences.list_counts import NO_COUNTS, ListCounts
from destination_pinterest.reporting.reconciliation import Reconciliation, reconcile

BEFORE = ListCounts(records=90, added=100, removed=10, batches=2)
MORE = "The count is higher if a request took effect, but its answer was lost and it was sent again"
LESS = "The count is lower if the counters lag behind; if it stays lower, run a full sync again."


def after(added: int, removed: int) -> ListCounts:
    return ListCounts(added - removed, added, removed, 3)


def difference(added: int, removed: int, repeated_requests: int = 0) -> str:
    found = reconcile(BEFORE, after(added, removed), added=50, removed=5, repeated_requests=repeated_requests)
    return found.difference or ""


def test_counters_that_moved_by_what_was_sent_agree() -> None:
    found = reconcile(BEFORE, after(150, 15), added=50, removed=5, repeated_requests=9)
    assert found == Reconciliation(50, 5, 50, 5, None)
    assert reconcile(NO_COUNTS, after(50, 5), added=50, removed=5, repeated_requests=0) == found


@pytest.mark.parametrize(("before", "end"), [(None, after(1, 0)), (BEFORE, None), (None, None)])
def test_counters_that_are_not_known_are_not_compared(before: ListCounts | None, end: ListCounts | None) -> None:
    assert reconcile(before, end, added=1, removed=2, repeated_requests=3) == Reconciliation(1, 2)


def test_a_lost_answer_that_took_effect_and_was_sent_again_is_named() -> None:
    assert difference(160, 15, repeated_requests=2) == (
        f"Pinterest counted 10 more added than it had accepted in this sync. {MORE} (requests repeated in this "
        "sync: 2), or if another program wrote to the list; repeats do not change the membership."
    )


def test_where_nothing_was_sent_again_no_number_of_it_is_given() -> None:
    assert f"{MORE}, or if another program" in difference(160, 15)


def test_fewer_than_accepted_are_told_with_what_to_do() -> None:
    assert difference(149, 15) == f"Pinterest counted 1 fewer added than it had accepted in this sync. {LESS}"


def test_both_counters_are_told_at_once() -> None:
    told = difference(1160, 14)
    assert told.startswith(
        "Pinterest counted 1,010 more added than it had accepted and 1 fewer removed than it had accepted in this sync."
    )
    assert MORE in told
    assert told.endswith(LESS)


def test_what_a_request_without_an_answer_may_have_done_is_no_difference() -> None:
    told = {
        counted: reconcile(
            BEFORE, after(100 + counted, 15), added=50, removed=5, repeated_requests=0, perhaps=(20, 0)
        ).difference
        for counted in (49, 50, 60, 70, 71)
    }
    assert [counted for counted, difference in told.items() if difference] == [49, 71]
