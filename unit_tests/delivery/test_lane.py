from __future__ import annotations

from collections.abc import Callable

import pytest

from destination_pinterest.delivery.lane import MAX_IN_FLIGHT, MAX_QUEUED, AudienceLane, Delivery
from destination_pinterest.vocabulary import Operation

MakeLane = Callable[..., AudienceLane]


def delivery(identifiers: str, operation: Operation = Operation.ADD, position: int = 0) -> Delivery:
    return Delivery(operation, dict.fromkeys(identifiers), 1, position)


def test_deliveries_start_in_the_order_they_were_made_as_many_as_the_window_holds(make_lane: MakeLane) -> None:
    lane = make_lane()
    made = [delivery("a"), delivery("b"), delivery("c")]
    for each in made:
        lane.enqueue(each)
    assert [lane.start_next() for _ in range(3)] == [made[0], made[1], None]
    lane.settle(made[1])
    assert lane.start_next() is made[2]


def test_a_delivery_waits_for_one_that_it_contradicts_and_so_does_everything_behind_it(make_lane: MakeLane) -> None:
    lane = make_lane()
    first, second, third = delivery("a"), delivery("a", Operation.REMOVE), delivery("x")
    for each in (first, second, third):
        lane.enqueue(each)
    assert [lane.start_next(), lane.start_next()] == [first, None]
    lane.settle(first)
    assert [lane.start_next(), lane.start_next()] == [second, third]


def test_only_one_delivery_starts_while_the_list_does_not_exist(make_lane: MakeLane) -> None:
    lane = make_lane(list_id=None)
    lane.enqueue(delivery("a"))
    lane.enqueue(delivery("b"))
    first = lane.start_next()
    assert first is not None
    assert lane.start_next() is None
    lane.target.list_id = "1"
    lane.settle(first)
    assert lane.start_next() is not None


@pytest.mark.parametrize(
    ("latency_s", "window"), [(0.0, 1), (0.01, 2), (0.1, 2), (0.5, 5), (1.0, 8), (30.0, MAX_IN_FLIGHT)]
)
def test_the_window_is_what_keeps_the_permitted_rate_busy_and_one_more(
    make_lane: MakeLane, latency_s: float, window: int
) -> None:
    lane = make_lane(rate_per_s=6.7)
    assert lane.window == 2
    lane.measured(latency_s)
    assert lane.window == window


def test_one_slow_answer_does_not_decide_alone(make_lane: MakeLane) -> None:
    lane = make_lane(rate_per_s=5.0)
    lane.measured(0.1)
    lane.measured(1.1)
    assert lane.window == 3  # 0.3 s smoothed


def test_a_list_that_is_written_too_fast_gets_one_at_a_time_from_then_on(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.measured(5.0)
    assert lane.slow_down()
    assert not lane.slow_down()
    assert lane.window == 1


def test_the_reader_waits_for_a_list_with_a_long_queue(make_lane: MakeLane) -> None:
    lane = make_lane()
    for _ in range(MAX_QUEUED):
        assert not lane.is_backed_up
        lane.enqueue(delivery("a"))
    assert lane.is_backed_up


def test_the_oldest_unsettled_row_is_found_wherever_it_is(make_lane: MakeLane) -> None:
    lane = make_lane(max_identifiers=5)
    assert (lane.first_position, lane.is_busy) == (None, False)
    lane.batch.apply(Operation.ADD, ["z"], 9, 0.0)
    assert (lane.first_position, lane.is_busy) == (9, False)
    queued, started, failed = delivery("q", position=7), delivery("s", position=5), delivery("f", position=3)
    for each in (failed, started, queued):
        lane.enqueue(each)
    assert (lane.start_next(), lane.start_next()) == (failed, started)
    assert lane.first_position == 3
    lane.fail(failed)
    assert lane.first_position == 3
    lane.settle(started)
    assert (lane.first_position, lane.in_flight) == (3, [])
