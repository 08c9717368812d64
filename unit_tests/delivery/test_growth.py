from __future__ import annotations

import pytest

from destination_pinterest.audiences.list_counts import ListCounts
from destination_pinterest.delivery.growth import Finding, Outcome, RequestGrowth
from destination_pinterest.vocabulary import Operation

PLENTY = 1_000_000
COUNTS = ListCounts(5, 5, 0, 1)


def growing(begins_at: int = 1_900, most: int = 10_000, remembered: int | None = None) -> RequestGrowth:
    growth = RequestGrowth(lambda: begins_at, most)
    growth.remember(remembered)
    return growth


def sent(growth: RequestGrowth, outcome: Outcome = Outcome.EXACT, *, s: float = 0.1, taken: int | None = None) -> int:
    """Sends as many as may go, and says what that showed; returns how many these were."""
    size = growth.size(Operation.ADD, PLENTY)
    growth.take(Operation.ADD, size, Finding(outcome, taken, COUNTS), s)
    return size


def all_sizes(growth: RequestGrowth) -> list[int]:
    sizes = []
    while growth.tries(Operation.ADD):
        sizes.append(sent(growth))
    return sizes


def test_each_size_is_counted_exactly_before_the_next_one_is_tried() -> None:
    growth = growing()
    assert all_sizes(growth) == [1_900, 1_900, 3_800, 3_800, 7_600, 7_600, 10_000]
    assert (growth.largest, growth.stopped_by, growth.remembered(None)) == (10_000, None, 10_000)


def test_what_an_earlier_sync_has_proven_is_tried_at_once() -> None:
    assert all_sizes(growing(remembered=10_000)) == [1_900, 1_900, 10_000]
    growth = growing(remembered=10_000)
    sent(growth), sent(growth)
    assert [growth.size(Operation.ADD, waiting) for waiting in (3_000, 9_999, 10_000)] == [1_900, 3_800, 10_000]


def test_a_remembered_size_that_fails_is_not_tried_again() -> None:
    growth = growing(remembered=10_000)
    sent(growth), sent(growth)
    assert sent(growth, Outcome.CUT, taken=3_000) == 10_000
    assert all_sizes(growth) == [3_000]
    assert growth.remembered(10_000) == 3_000


def test_a_size_is_tried_only_if_as_many_identifiers_wait() -> None:
    growth = growing()
    sent(growth), sent(growth)
    assert growth.size(Operation.ADD, 3_799) == 1_900
    assert growth.size(Operation.ADD, 3_800) == 3_800


def test_each_operation_is_counted_by_a_counter_of_its_own() -> None:
    growth = growing()
    all_sizes(growth)
    assert growth.tries(Operation.REMOVE)
    assert growth.size(Operation.REMOVE, PLENTY) == 1_900


def test_a_size_that_is_refused_is_never_tried_again_and_three_refusals_are_enough() -> None:
    growth = growing()
    sizes = []
    while growth.tries(Operation.ADD):
        is_larger = growth.size(Operation.ADD, PLENTY) > 2_000
        sizes.append(sent(growth, Outcome.REFUSED if is_larger else Outcome.EXACT))
    assert sizes == [1_900, 1_900, 3_800, 2_849, 2_374]
    assert (growth.largest, growth.stopped_by, growth.remembered(3_800)) == (1_900, "refused", None)


def test_between_a_size_that_fits_and_one_that_is_refused_there_is_another() -> None:
    growth = growing()
    sent(growth), sent(growth)
    sent(growth, Outcome.REFUSED)
    assert all_sizes(growth) == [2_849, 2_849, 3_324]
    assert (growth.largest, growth.remembered(None)) == (3_324, 3_324)


def test_of_a_request_that_was_cut_as_much_as_was_taken_is_tried() -> None:
    growth = growing()
    sent(growth), sent(growth)
    assert sent(growth, Outcome.CUT, taken=2_500) == 3_800
    assert all_sizes(growth) == [2_500]
    assert (growth.largest, growth.stopped_by) == (2_500, "cut")


def test_a_cut_at_the_first_size_ends_growth() -> None:
    growth = growing()
    sent(growth, Outcome.CUT, taken=1_000)
    assert (growth.tries(Operation.ADD), growth.stopped_by) == (False, "cut")


def test_counters_that_do_not_move_with_the_answer_never_grow() -> None:
    growth = growing()
    sent(growth, Outcome.NOT_COUNTED)
    assert (growth.tries(Operation.ADD), growth.largest, growth.stopped_by) == (False, 1_900, "not_counted")


def test_another_writer_is_waited_for_three_times() -> None:
    growth = growing()
    for _ in range(3):
        assert growth.tries(Operation.ADD)
        sent(growth, Outcome.MORE)
    assert (growth.tries(Operation.ADD), growth.stopped_by) == (False, "more")
    growth = growing()
    sent(growth, Outcome.MORE), sent(growth, Outcome.MORE)
    sent(growth), sent(growth)
    assert sent(growth, Outcome.MORE) == 3_800
    assert sent(growth) == 3_800
    assert growth.largest == 3_800


@pytest.mark.parametrize(("seconds", "is_slow"), [(0.19, False), (0.9, False), (1.9, True)])
def test_slowness_that_grows_with_the_size_steps_back(seconds: float, is_slow: bool) -> None:
    growth = growing()
    sent(growth), sent(growth)
    sent(growth, s=seconds)
    assert growth.largest == (1_900 if is_slow else 3_800)
    assert growth.stopped_by == ("slow" if is_slow else None)


def test_a_request_that_is_slow_for_its_size_alone_is_no_reason() -> None:
    growth = growing()
    sent(growth, s=1.0), sent(growth, s=1.0)
    sent(growth, s=2.0)
    assert growth.largest == 3_800


def test_the_counters_of_a_list_that_was_there_are_those_of_when_it_was_looked_up() -> None:
    growth = growing()
    growth.begin(COUNTS)
    assert growth.trial(Operation.REMOVE).before == COUNTS


@pytest.mark.parametrize("outcome", [Outcome.UNFIT, Outcome.NOT_COUNTED])
def test_what_can_not_be_tried_or_told_ends_growth_at_any_size(outcome: Outcome) -> None:
    growth = growing()
    sent(growth), sent(growth)
    sent(growth, outcome)
    assert (growth.tries(Operation.ADD), growth.largest, growth.stopped_by) == (False, 1_900, outcome.value)
    assert growth.remembered(10_000) == 10_000


def test_counters_are_known_from_one_trial_to_the_next_unless_something_went_in_between() -> None:
    growth = growing()
    assert growth.trial(Operation.ADD).before is None
    sent(growth)
    assert growth.trial(Operation.ADD).before == COUNTS
    growth.send_untried()
    assert growth.trial(Operation.ADD).before is None
