from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.append import AppendStrategy, MembershipBatch
from destination_pinterest.delivery.lane import MAX_IN_FLIGHT, AudienceLane, Delivery
from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.support.examples import examples
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises
from unit_tests.support.rig import new_count

ADD, REMOVE = Operation.ADD, Operation.REMOVE
TARGET = AudienceTarget("VIP", frozenset({Identifier.EMAIL}), list_id="1")
USERS = StreamKey(None, "users")

MakeStrategy = Callable[..., AppendStrategy]


@pytest.fixture
def make_strategy(
    make_client: Callable[..., PinterestClient], make_creator: Callable[[PinterestClient], AudienceCreator]
) -> MakeStrategy:
    def make(size: int = 9, *, target: AudienceTarget = TARGET, batch: MembershipBatch | None = None) -> AppendStrategy:
        lane = AudienceLane(target, (USERS,), 6.7, new_count(target))
        return AppendStrategy(lane, batch or MembershipBatch(size), 5.0, make_creator(make_client()))

    return make


def content(deliveries: Iterator[Delivery] | list[Delivery]) -> list[tuple[Operation, str, int, int]]:
    return [(d.operation, "".join(d.identifiers), d.rows, d.first_position) for d in deliveries]


def test_a_batch_leaves_when_it_is_full() -> None:
    batch = MembershipBatch(2)
    assert batch.apply(ADD, ["a"], 0, 0.0) == []
    assert content(batch.apply(ADD, ["b"], 1, 0.0)) == [(ADD, "ab", 2, 0)]
    assert list(batch.take_all()) == []


def test_an_identifier_that_comes_twice_waits_once_and_both_rows_are_settled_by_it() -> None:
    batch = MembershipBatch(3)
    for position in range(5):
        batch.apply(ADD, ["a"], position, 0.0)
    assert content(batch.take_all()) == [(ADD, "a", 5, 0)]


def test_the_last_operation_of_an_identifier_wins() -> None:
    batch = MembershipBatch(9)
    batch.apply(ADD, ["a"], 0, 0.0)
    batch.apply(ADD, ["b"], 1, 0.0)
    batch.apply(REMOVE, ["a"], 2, 0.0)
    assert content(batch.take_all()) == [(ADD, "b", 2, 0), (REMOVE, "a", 1, 0)]


def test_a_side_that_is_overruled_altogether_hands_its_rows_to_the_other() -> None:
    batch = MembershipBatch(9)
    batch.apply(ADD, ["a"], 0, 5.0)
    batch.apply(REMOVE, ["a"], 1, 6.0)
    assert (batch.first_position, batch.opened_s) == (0, 5.0)
    assert content(batch.take_all()) == [(REMOVE, "a", 2, 0)]
    assert (batch.first_position, batch.opened_s) == (None, None)


def test_rows_of_several_identifiers_stay_whole() -> None:
    batch = MembershipBatch(3)
    batch.apply(ADD, ["a", "b"], 0, 0.0)
    assert content(batch.apply(ADD, ["c", "d"], 1, 0.0)) == [(ADD, "ab", 1, 0)]
    assert content(batch.apply(ADD, list("efgh"), 2, 0.0)) == [(ADD, "cd", 1, 1), (ADD, "efgh", 1, 2)]


def test_only_what_is_old_enough_is_due() -> None:
    batch = MembershipBatch(9)
    batch.apply(ADD, ["a"], 0, 100.0)
    batch.apply(REMOVE, ["b"], 1, 103.0)
    assert batch.opened_s == 100.0
    assert list(batch.take_due(99.9)) == []
    assert content(batch.take_due(100.0)) == [(ADD, "a", 1, 0)]
    assert content(batch.take_due(103.0)) == [(REMOVE, "b", 1, 1)]


def test_rows_that_were_overruled_do_not_get_younger() -> None:
    batch = MembershipBatch(9)
    batch.apply(ADD, ["a"], 0, 100.0)
    batch.apply(REMOVE, ["a"], 1, 104.0)
    assert content(batch.take_due(100.0)) == [(REMOVE, "a", 2, 0)]


def test_adding_in_bulk_fills_one_batch_after_the_other() -> None:
    batch = MembershipBatch(2)
    batch.apply(REMOVE, ["c"], 0, 0.0)
    assert content(batch.add_all(list("abcda"), 1, 1.0)) == [(ADD, "ab", 2, 1), (ADD, "cd", 3, 0)]
    assert content(batch.take_all()) == [(ADD, "a", 1, 1)]


def test_deliveries_contradict_each_other_only_over_the_same_person() -> None:
    def delivery(operation: Operation, identifiers: str) -> Delivery:
        return Delivery(operation, dict.fromkeys(identifiers), 1, 0)

    assert delivery(ADD, "ab").contradicts(delivery(REMOVE, "bc"))
    assert not delivery(ADD, "ab").contradicts(delivery(REMOVE, "c"))
    assert not delivery(ADD, "ab").contradicts(delivery(ADD, "ab"))


def test_the_identifiers_of_a_delivery_are_not_printed() -> None:
    assert "secret" not in repr(Delivery(ADD, {"secret": None}, 1, 0))


PEOPLE = [f"person{number}" for number in range(6)]
ROWS = st.lists(
    st.tuples(st.sampled_from(Operation), st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True)),
    max_size=60,
)
RUNS = st.lists(
    st.one_of(
        st.tuples(st.just("one"), ROWS.filter(bool).map(lambda rows: rows[:1])),
        st.tuples(st.just("bulk"), st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=8)),
        st.tuples(st.just("due"), st.none()),
    ),
    max_size=50,
)


def one_by_one(rows: Sequence[tuple[Operation, Sequence[str]]]) -> set[str]:
    members: set[str] = set()
    for operation, identifiers in rows:
        members = members | set(identifiers) if operation is ADD else members - set(identifiers)
    return members


class FarEnd:
    """A customer list that several deliveries are on their way to; they arrive in any order."""

    def __init__(self, lane: AudienceLane, choices: Iterator[int]) -> None:
        self.members: set[str] = set()
        self.accepted_rows = 0
        self.on_their_way: list[Delivery] = []
        self._lane = lane
        self._choices = choices

    def start(self) -> None:
        while (delivery := self._lane.start_next()) is not None:
            assert not any(delivery.contradicts(other) for other in self.on_their_way)
            self.on_their_way.append(delivery)
            assert len(self.on_their_way) <= self._lane.window <= MAX_IN_FLIGHT

    def accept_one(self) -> None:
        delivery = self.on_their_way.pop(next(self._choices) % len(self.on_their_way))
        if delivery.operation is ADD:
            self.members |= delivery.identifiers.keys()
        else:
            self.members -= delivery.identifiers.keys()
        self.accepted_rows += delivery.rows
        self._lane.ack(delivery, len(delivery.identifiers))


@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=RUNS, size=st.integers(1, 8), chance=st.randoms(use_true_random=False), latency_s=st.floats(0, 2))
def test_in_whatever_order_deliveries_arrive_the_membership_is_that_of_the_rows_one_by_one(
    make_strategy: MakeStrategy, runs: list[tuple[str, list[Any]]], size: int, chance: Random, latency_s: float
) -> None:
    batch = MembershipBatch(size)
    strategy = make_strategy(batch=batch)
    lane = strategy.lane
    lane.record_latency(latency_s)
    far_end = FarEnd(lane, iter(lambda: chance.randrange(1000), -1))
    rows: list[tuple[Operation, Sequence[str]]] = []
    now_s = 0.0

    def take(deliveries: list[Delivery] | Iterator[Delivery], limit: int) -> None:
        for delivery in deliveries:
            assert 0 < len(delivery.identifiers) <= limit
            lane.enqueue(delivery)

    for kind, what in runs:
        now_s += 1.0
        if kind == "one":
            ((operation, identifiers),) = what
            # A row stays whole, even where it alone is more than a batch; the sender cuts it.
            take(batch.apply(operation, identifiers, len(rows), now_s), max(size, 4))
            rows.append((operation, identifiers))
        elif kind == "bulk":
            take(batch.add_all(what, len(rows), now_s), size)
            rows += [(ADD, [identifier]) for identifier in what]
        else:
            take(batch.take_due(now_s - 2.0), max(size, 4))
        far_end.start()
        while far_end.on_their_way and chance.random() < 0.4:
            far_end.accept_one()
            far_end.start()
        # Everything before the oldest row that is not safe was accepted for good: replaying the rest changes nothing.
        safe = len(rows) if strategy.watermark is None else strategy.watermark
        assert strategy.watermark is None or safe < len(rows)
        assert far_end.accepted_rows >= safe
    take(batch.take_all(), max(size, 4))
    far_end.start()
    while far_end.on_their_way:
        far_end.accept_one()
        far_end.start()
    assert (lane.is_busy, strategy.watermark) == (False, None)
    assert far_end.members == one_by_one(rows)
    assert far_end.accepted_rows == len(rows)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, size=st.integers(1, 8), cut=st.integers(0, 60))
def test_what_was_safe_when_a_sync_died_need_not_be_sent_again(
    make_strategy: MakeStrategy, rows: list[tuple[Operation, list[str]]], size: int, cut: int
) -> None:
    """A sync dies with deliveries accepted in part; the next one begins at the safe position: membership is exact."""
    batch = MembershipBatch(size)
    strategy = make_strategy(batch=batch)
    lane = strategy.lane
    members: set[str] = set()
    queue: deque[Delivery] = deque()
    for position, (operation, identifiers) in enumerate(rows):
        queue.extend(batch.apply(operation, identifiers, position, 0.0))
    for number, delivery in enumerate(queue):
        lane.enqueue(delivery)
        if number < cut:
            started = lane.start_next()
            assert started is delivery
            members = (
                members | delivery.identifiers.keys()
                if delivery.operation is ADD
                else members - delivery.identifiers.keys()
            )
            lane.ack(delivery, len(delivery.identifiers))
    safe = len(rows) if strategy.watermark is None else strategy.watermark
    for operation, identifiers in rows[safe:]:
        members = members | set(identifiers) if operation is ADD else members - set(identifiers)
    assert members == one_by_one(rows)


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_batch_of_any_size_keeps_nothing_back(size: int) -> None:
    batch = MembershipBatch(size)
    sent = [d for position, person in enumerate(PEOPLE) for d in batch.apply(ADD, [person], position, 0.0)]
    sent += list(batch.take_all())
    assert [person for delivery in sent for person in delivery.identifiers] == PEOPLE
    assert sum(delivery.rows for delivery in sent) == len(PEOPLE)


# --- the strategy -----------------------------------------------------------------------------------------------------


def begin(strategy: AppendStrategy, position: int, now_s: float) -> None:
    strategy.begin_run(RowRun(USERS, [], position), now_s)


def started(strategy: AppendStrategy) -> list[Delivery]:
    """What may go out now."""
    return list(iter(strategy.lane.start_next, None))


def test_rows_wait_until_the_batch_is_full_old_enough_or_the_input_ends(make_strategy: MakeStrategy) -> None:
    strategy = make_strategy(2)
    begin(strategy, 3, 100.0)
    strategy.take(ADD, ["a"], None)
    assert (started(strategy), strategy.due_s) == ([], 105.0)
    strategy.take(ADD, ["b"], None)
    (full,) = started(strategy)
    assert content([full]) == [(ADD, "ab", 2, 3)]
    strategy.lane.ack(full, 2)
    assert strategy.due_s is None
    begin(strategy, 5, 200.0)
    strategy.add_all(["c"])
    strategy.flush(204.9)
    assert started(strategy) == []
    strategy.flush(205.0)
    assert content(started(strategy)) == [(ADD, "c", 1, 5)]
    strategy.take(REMOVE, ["d"], None)
    strategy.drain()
    assert content(started(strategy)) == [(REMOVE, "d", 1, 5)]


def test_the_oldest_row_that_is_not_safe_is_found_in_the_batch_as_well_as_on_its_way(
    make_strategy: MakeStrategy,
) -> None:
    strategy = make_strategy()
    assert strategy.watermark is None
    begin(strategy, 9, 0.0)
    strategy.take(ADD, ["z"], None)
    assert (strategy.watermark, strategy.lane.watermark, strategy.lane.is_busy) == (9, None, False)
    strategy.lane.enqueue(Delivery(ADD, {"q": None}, 1, 7))
    assert strategy.watermark == 7


def test_absence_means_nothing_and_people_who_are_to_leave_are_removed(make_strategy: MakeStrategy) -> None:
    strategy = make_strategy()
    begin(strategy, 0, 0.0)
    strategy.withdraw(["a", "b"])
    assert list(strategy.settle(lambda _: True, is_end=True)) == []
    strategy.drain()
    assert content(started(strategy)) == [(REMOVE, "ab", 1, 0)]
    assert strategy.members is None


def test_the_audience_is_created_at_the_end(make_strategy: MakeStrategy, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP", "a")
    strategy = make_strategy(target=replace(TARGET, list_id=list_id))
    strategy.finish(lambda _: False)
    (audience_id,) = pinterest.audiences
    assert strategy.lane.target.audience_id == audience_id


def test_the_audience_of_a_list_that_an_earlier_sync_left_without_one_is_created_before_the_first_row(
    make_strategy: MakeStrategy, pinterest: FakePinterest
) -> None:
    list_id = pinterest.add_list("VIP", "a")
    strategy = make_strategy(target=replace(TARGET, list_id=list_id))
    pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    strategy.prepare()
    assert (strategy.lane.target.audience_id, strategy.lane.notes) == (None, [])
    strategy.prepare()
    assert [strategy.lane.target.audience_id] == list(pinterest.audiences)


def test_an_audience_that_may_not_be_created_fails_the_sync_at_its_end_and_not_before(
    make_strategy: MakeStrategy, pinterest: FakePinterest
) -> None:
    strategy = make_strategy(target=replace(TARGET, list_id=pinterest.add_list("VIP", "a")))
    pinterest.refuse("POST", "audiences", 403, times=2)
    strategy.prepare()
    with raises(Code.ROLE_MISSING):
        strategy.finish(lambda _: True)
