from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import (
    DAY_S,
    FixedWindow,
    Limit,
    Pace,
    Permit,
    SlidingWindow,
    limits_of,
)


def send(limit: Limit, at: float, answered_after: float | None = 0.0) -> Permit:
    permit = Permit(Category.ADS_WRITE, at, None if answered_after is None else at + answered_after)
    limit.take(permit)
    return permit


@settings(deadline=None)
@given(st.integers(1, 400), st.floats(-1e6, 1e6))
def test_a_pace_never_lets_one_more_go_within_a_second(allowed: int, start: float) -> None:
    pace = Pace(allowed)
    at = start
    sent = []
    for _ in range(allowed + 1):
        at = pace.free_at(at)
        send(pace, at)
        sent.append(at)
    assert sent[-1] - sent[0] > 1.0


def test_a_pace_of_seven_is_fast_enough_for_four_hundred_a_minute() -> None:
    pace = Pace(7)
    at = 0.0
    for _ in range(400):
        at = pace.free_at(at)
        send(pace, at)
    assert at < 58.0


def test_a_pace_lets_go_at_once_after_a_pause_and_does_not_catch_up() -> None:
    pace = Pace(7)
    send(pace, 0.0)
    assert pace.free_at(100.0) == 100.0
    send(pace, 100.0)
    assert pace.free_at(100.0) > 100.1
    assert pace.used(100.0) == 0
    pace.reset_at(500.0)
    assert pace.free_at(101.0) == 101.0


def test_what_is_told_late_does_not_bring_the_next_request_forward() -> None:
    pace = Pace(7)
    send(pace, 10.0)
    send(pace, 5.0)
    assert pace.free_at(10.0) == pytest.approx(10.143)


def test_a_sliding_window_counts_from_the_answer() -> None:
    window = SlidingWindow(2, 60.0)
    send(window, 0.0, answered_after=5.0)
    send(window, 1.0, answered_after=0.5)
    assert window.free_at(2.0) == pytest.approx(65.05)
    assert window.used(64.0) == 2
    assert window.free_at(65.1) == 65.1
    # The second one was answered earlier, but the first one kept it in the window: no matter, both are out.
    assert window.used(65.1) == 0


def test_a_request_without_an_answer_keeps_its_place() -> None:
    window = SlidingWindow(1, 60.0)
    permit = send(window, 0.0, answered_after=None)
    assert window.free_at(500.0) == pytest.approx(500.1)
    assert not window.is_certain(500.0)
    permit.answered_at = 500.0
    assert window.is_certain(500.0)
    assert window.free_at(500.1) == pytest.approx(560.05)


def test_a_sliding_window_is_not_reset_by_the_server() -> None:
    window = SlidingWindow(1, 60.0)
    send(window, 0.0)
    window.reset_at(1.0)
    assert window.free_at(2.0) > 60.0


def test_a_fixed_window_begins_with_its_first_request() -> None:
    window = FixedWindow(2, DAY_S)
    assert window.free_at(5.0) == 5.0
    send(window, 10.0)
    send(window, 20.0)
    assert window.used(20.0) == 2
    assert window.free_at(20.0) == 10.0 + DAY_S
    assert window.used(10.0 + DAY_S) == 0
    send(window, 10.0 + DAY_S)
    assert window.used(11.0 + DAY_S) == 1


def test_the_server_knows_when_a_fixed_window_ends() -> None:
    window = FixedWindow(1, DAY_S)
    send(window, 0.0)
    window.reset_at(3600.0)
    assert window.free_at(1.0) == 3600.0
    send(window, 3600.0)
    assert window.free_at(3601.0) == 3600.0 + DAY_S


def test_an_end_that_is_told_before_the_first_request_holds() -> None:
    window = FixedWindow(2, DAY_S)
    window.reset_at(100.0)
    send(window, 50.0)
    send(window, 60.0)
    assert window.free_at(60.0) == 100.0


def shape(limits: tuple[Limit, ...]) -> list[tuple[str, int]]:
    return [(type(limit).__name__, limit.allowed) for limit in limits]


def test_the_tiers_are_pinterests() -> None:
    standard = limits_of("standard")
    assert shape(standard.everything) == [("Pace", 100)]
    assert shape(standard.of_category[Category.ADS_WRITE]) == [("Pace", 7), ("SlidingWindow", 400)]
    assert shape(standard.of_category[Category.ADS_READ]) == [("SlidingWindow", 1000)]
    assert shape(standard.of_category[Category.ORG_READ]) == [("SlidingWindow", 1000)]
    trial = limits_of("trial")
    assert shape(trial.everything) == [("FixedWindow", 1000)]
    assert shape(trial.of_category[Category.ADS_WRITE]) == [("Pace", 7), ("FixedWindow", 300)]
    none = limits_of("none")
    assert (none.everything, dict(none.of_category)) == ((), {})


def test_each_quota_has_counters_of_its_own() -> None:
    first, second = limits_of("trial"), limits_of("trial")
    first.everything[0].take(Permit(Category.ADS_READ, 0.0))
    assert (first.everything[0].used(1.0), second.everything[0].used(1.0)) == (1, 0)
