from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from destination_pinterest.audiences.list_counts import ListCounts
from destination_pinterest.audiences.target import TargetUpdate
from destination_pinterest.delivery.growth import Finding, Outcome, RequestGrowth
from destination_pinterest.delivery.lane import MAX_IN_FLIGHT, MAX_QUEUED, AudienceLane, Delivery
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ServerError
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.routing.row_quality import RowQuality
from destination_pinterest.vocabulary import Identifier, Operation

MakeLane = Callable[..., AudienceLane]


def delivery(identifiers: str, operation: Operation = Operation.ADD, position: int = 0) -> Delivery:
    return Delivery(operation, dict.fromkeys(identifiers), 1, position)


def test_deliveries_start_in_the_order_they_were_made_as_many_as_the_window_holds(make_lane: MakeLane) -> None:
    lane = make_lane()
    made = [delivery("a"), delivery("b"), delivery("c")]
    for each in made:
        lane.enqueue(each)
    assert [lane.start_next() for _ in range(3)] == [made[0], made[1], None]
    lane.ack(made[1], 1)
    assert lane.start_next() is made[2]


def test_a_delivery_waits_for_one_that_it_contradicts_and_so_does_everything_behind_it(make_lane: MakeLane) -> None:
    lane = make_lane()
    first, second, third = delivery("a"), delivery("a", Operation.REMOVE), delivery("x")
    for each in (first, second, third):
        lane.enqueue(each)
    assert [lane.start_next(), lane.start_next()] == [first, None]
    lane.ack(first, 1)
    assert [lane.start_next(), lane.start_next()] == [second, third]


def test_only_one_delivery_starts_while_the_list_does_not_exist(make_lane: MakeLane) -> None:
    lane = make_lane(list_id=None)
    lane.enqueue(delivery("a"))
    lane.enqueue(delivery("b"))
    first = lane.start_next()
    assert first is not None
    assert lane.start_next() is None
    lane.list_created("1")
    lane.ack(first, 1)
    assert lane.start_next() is not None


@pytest.mark.parametrize(
    ("latency_s", "window"), [(0.0, 1), (0.01, 2), (0.1, 2), (0.5, 5), (1.0, 8), (30.0, MAX_IN_FLIGHT)]
)
def test_the_window_is_what_keeps_the_permitted_rate_busy_and_one_more(
    make_lane: MakeLane, latency_s: float, window: int
) -> None:
    lane = make_lane(rate_per_s=6.7)
    assert lane.window == 2
    lane.record_latency(latency_s)
    assert lane.window == window


def test_one_slow_answer_does_not_decide_alone(make_lane: MakeLane) -> None:
    lane = make_lane(rate_per_s=5.0)
    lane.record_latency(0.1)
    lane.record_latency(1.1)
    assert lane.window == 3  # 0.3 s smoothed


def test_a_list_that_is_written_too_fast_gets_one_at_a_time_from_then_on(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.record_latency(5.0)
    assert lane.slow_down()
    assert not lane.slow_down()
    assert lane.window == 1


def test_the_reader_waits_for_a_list_with_a_long_queue(make_lane: MakeLane) -> None:
    lane = make_lane()
    for _ in range(MAX_QUEUED):
        assert not lane.is_backed_up
        lane.enqueue(delivery("a"))
    assert lane.is_backed_up


def test_the_oldest_row_that_is_not_safe_is_found_wherever_it_is(make_lane: MakeLane) -> None:
    lane = make_lane()
    assert (lane.watermark, lane.is_busy) == (None, False)
    queued, started, failed = delivery("q", position=7), delivery("s", position=5), delivery("f", position=3)
    lane.enqueue(queued)
    assert (lane.watermark, lane.is_busy) == (7, True)
    lane = make_lane()
    for each in (failed, started, queued):
        lane.enqueue(each)
    assert (lane.start_next(), lane.start_next()) == (failed, started)
    assert lane.watermark == 3
    lane.fail(failed)
    assert lane.watermark == 3
    lane.ack(started, 1)
    assert (lane.watermark, lane.in_flight) == (3, [])


def test_a_pinned_watermark_stays_where_it_was_pinned_first_whatever_is_accepted(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.pin_watermark(4)
    lane.pin_watermark(6)
    assert (lane.watermark, lane.pinned, lane.is_busy) == (4, 4, False)
    earlier = delivery("a", position=2)
    lane.enqueue(earlier)
    assert (lane.start_next(), lane.watermark) == (earlier, 2)
    lane.ack(earlier, 1)
    assert lane.watermark == 4
    lane.unpin_watermark()
    assert (lane.watermark, lane.pinned) == (None, 0)


def test_a_watermark_that_is_pinned_at_the_first_row_is_pinned(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.pin_watermark(0)
    assert lane.watermark == 0


def test_accepted_rows_and_identifiers_are_counted_and_failed_rows_apart(make_lane: MakeLane) -> None:
    lane = make_lane()
    for each in (delivery("ab"), delivery("c", Operation.REMOVE)):
        lane.enqueue(each)
        assert lane.start_next() is each
        lane.ack(each, len(each.identifiers))
    failed = delivery("d")
    lane.enqueue(failed)
    assert lane.start_next() is failed
    lane.fail(failed)
    tally = lane.tally
    assert (tally.synced, tally.errored, tally.identifiers_added, tally.identifiers_removed) == (2, 1, 2, 1)


def test_an_audience_that_is_given_up_drops_what_waits_and_counts_it_but_for_what_is_in_flight(
    make_lane: MakeLane,
) -> None:
    lane = make_lane()
    failure = ServerError(Code.PINTEREST_FAULT, "x")
    first, second = delivery("a", position=2), delivery("b", position=5)
    lane.tally.entered = 3
    lane.enqueue(first)
    lane.enqueue(second)
    assert lane.start_next() is first
    lane.pin_watermark(4)
    lane.give_up(failure)
    assert (lane.failure, lane.lost_from, lane.watermark) == (failure, 4, 2)
    assert (lane.tally.errored, lane.tally.pending, lane.is_busy) == (2, 1, True)
    lane.fail(first)
    assert (lane.lost_from, lane.watermark, lane.tally.errored, lane.tally.pending) == (2, None, 3, 0)
    lane.give_up(ServerError(Code.PINTEREST_FAULT, "y"))
    lane.leave_out(4)
    assert (lane.failure, lane.tally.entered, lane.tally.errored) == (failure, 7, 7)


def test_what_changed_at_pinterest_comes_with_notes_each_of_which_is_logged_once(make_lane: MakeLane) -> None:
    lane = make_lane()
    changed = replace(lane.target, audience_id="7")
    lane.update(TargetUpdate(changed, ("It was found.",)))
    assert lane.target == changed
    assert lane.unlogged_notes() == ["It was found."]
    lane.notes.append("And more.")
    assert (lane.unlogged_notes(), lane.unlogged_notes()) == (["And more."], [])
    assert lane.notes == ["It was found.", "And more."]


def test_rows_that_were_to_be_removed_from_a_list_that_does_not_exist_are_not_synced(make_lane: MakeLane) -> None:
    lane = make_lane(list_id=None)
    lane.enqueue(delivery("a", Operation.REMOVE))
    started = lane.start_next()
    assert started is not None
    lane.ack(started, 0)
    assert (lane.tally.synced, dict(lane.tally.not_synced)) == (0, {"nobody_to_remove": 1})


def test_rows_of_which_too_few_can_be_used_hold_the_watermark_until_they_are_settled(make_lane: MakeLane) -> None:
    lane = make_lane()
    (stream,) = lane.streams
    lane.qualities[stream] = quality = RowQuality(50, is_whole=False)
    quality.entered = 1
    quality.refuse(Rejection("email", Identifier.EMAIL, RejectionReason.INVALID_EMAIL), 4)
    assert lane.watermark == 4
    lane.settle_qualities()
    assert lane.watermark is None


def grown_lane(make_lane: MakeLane, begins_at: int = 2) -> tuple[AudienceLane, RequestGrowth]:
    lane = make_lane()
    lane.growth = RequestGrowth(lambda: begins_at, 100)
    return lane, lane.growth


def exactly(lane: AudienceLane, started: Delivery) -> None:
    lane.ack(started, len(started.identifiers), Finding(Outcome.EXACT, after=ListCounts(1, 1, 0, 1)))


def test_while_sizes_are_tried_deliveries_go_one_by_one(make_lane: MakeLane) -> None:
    lane, _ = grown_lane(make_lane)
    for letters in ("ab", "cd", "ef", "gh"):
        lane.enqueue(delivery(letters))
    sizes = []
    while (started := lane.start_next()) is not None:
        assert lane.start_next() is None
        assert started.trial is not None
        sizes.append(len(started.identifiers))
        exactly(lane, started)
    assert sizes == [2, 2, 4]
    assert lane.tally.synced == 4


def test_a_delivery_that_is_parted_covers_its_rows_with_its_last_part(make_lane: MakeLane) -> None:
    whole = Delivery(Operation.ADD, dict.fromkeys("abcde"), 7, 3, numbers=(10, 15))
    first, others = whole.parted(2)
    assert (list(first.identifiers), first.rows, first.first_position, first.numbers) == (["a", "b"], 0, 3, (10, 12))
    assert (list(others.identifiers), others.rows, others.first_position, others.numbers) == (
        list("cde"),
        7,
        3,
        (12, 15),
    )
    again = first.joined(others)
    assert (again.identifiers, again.rows, again.first_position, again.numbers) == (whole.identifiers, 7, 3, (10, 15))


def test_only_deliveries_of_one_operation_are_joined_in_their_order(make_lane: MakeLane) -> None:
    lane, _ = grown_lane(make_lane)
    for letters in ("ab", "cd"):
        lane.enqueue(delivery(letters))
        exactly(lane, lane.start_next() or delivery(""))
    lane.enqueue(delivery("ef", position=4))
    lane.enqueue(delivery("e", Operation.REMOVE, position=6))
    lane.enqueue(delivery("gh", position=7))
    started = []
    while (one := lane.start_next()) is not None:
        started.append((one.operation, "".join(one.identifiers)))
        exactly(lane, one)
    assert started == [(Operation.ADD, "ef"), (Operation.REMOVE, "e"), (Operation.ADD, "gh")]


def test_proven_sizes_go_side_by_side_and_say_how_large_they_may_be(make_lane: MakeLane) -> None:
    lane, growth = grown_lane(make_lane, begins_at=50)
    for _ in range(3):
        lane.enqueue(Delivery(Operation.ADD, dict.fromkeys(map(str, range(100))), 100, 0))
    while growth.tries(Operation.ADD):
        exactly(lane, lane.start_next() or delivery(""))
    lane.enqueue(Delivery(Operation.ADD, dict.fromkeys(map(str, range(200))), 200, 0))
    first, second = lane.start_next(), lane.start_next()
    assert first is not None
    assert second is not None
    assert (first.trial, first.at_once, len(first.identifiers)) == (None, 100, 100)
    assert (second.trial, second.at_once) == (None, 100)


def test_a_lane_whose_requests_grow_lets_a_few_requests_worth_wait(make_lane: MakeLane) -> None:
    lane, _ = grown_lane(make_lane)
    for _ in range(MAX_QUEUED):
        lane.enqueue(delivery("ab"))
    assert not lane.is_backed_up
    lane.enqueue(Delivery(Operation.ADD, dict.fromkeys(map(str, range(40_000))), 1, 0))
    assert lane.is_backed_up
