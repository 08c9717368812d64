from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.append import MembershipBatch
from destination_pinterest.delivery.lane import MAX_IN_FLIGHT, AudienceLane, Delivery
from destination_pinterest.vocabulary import Identifier, Operation

ADD, REMOVE = Operation.ADD, Operation.REMOVE


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
        self.settled_rows = 0
        self.on_their_way: list[Delivery] = []
        self._lane = lane
        self._choices = choices

    def start(self) -> None:
        while (delivery := self._lane.start_next()) is not None:
            assert not any(delivery.contradicts(other) for other in self.on_their_way)
            self.on_their_way.append(delivery)
            assert len(self.on_their_way) <= self._lane.window <= MAX_IN_FLIGHT

    def settle_one(self) -> None:
        delivery = self.on_their_way.pop(next(self._choices) % len(self.on_their_way))
        if delivery.operation is ADD:
            self.members |= delivery.identifiers.keys()
        else:
            self.members -= delivery.identifiers.keys()
        self.settled_rows += delivery.rows
        self._lane.settle(delivery)


@settings(deadline=None, max_examples=150)
@given(runs=RUNS, size=st.integers(1, 8), chance=st.randoms(use_true_random=False), latency_s=st.floats(0, 2))
def test_in_whatever_order_deliveries_arrive_the_membership_is_that_of_the_rows_one_by_one(
    runs: list[tuple[str, list[object]]], size: int, chance: object, latency_s: float
) -> None:
    lane = AudienceLane(
        AudienceTarget("VIP", frozenset({Identifier.EMAIL}), list_id="1"), MembershipBatch(size), (), 6.7
    )
    lane.measured(latency_s)
    far_end = FarEnd(lane, iter(lambda: chance.randrange(1000), None))  # type: ignore[attr-defined]
    rows: list[tuple[Operation, Sequence[str]]] = []
    now_s = 0.0

    def take(deliveries: list[Delivery] | Iterator[Delivery], limit: int) -> None:
        for delivery in deliveries:
            assert 0 < len(delivery.identifiers) <= limit
            lane.enqueue(delivery)

    for kind, what in runs:
        now_s += 1.0
        if kind == "one":
            ((operation, identifiers),) = what  # type: ignore[misc]
            # A row stays whole, even where it alone is more than a batch; the sender cuts it.
            take(lane.batch.apply(operation, identifiers, len(rows), now_s), max(size, 4))
            rows.append((operation, identifiers))
        elif kind == "bulk":
            take(lane.batch.add_all(what, len(rows), now_s), size)  # type: ignore[arg-type]
            rows += [(ADD, [identifier]) for identifier in what]  # type: ignore[list-item]
        else:
            take(lane.batch.take_due(now_s - 2.0), max(size, 4))
        far_end.start()
        while far_end.on_their_way and chance.random() < 0.4:  # type: ignore[attr-defined]
            far_end.settle_one()
            far_end.start()
        # Everything before the oldest row that is not settled is settled for good: replaying the rest changes nothing.
        safe = len(rows) if lane.first_position is None else lane.first_position
        assert lane.first_position is None or safe < len(rows)
        assert far_end.settled_rows >= safe
    take(lane.batch.take_all(), max(size, 4))
    far_end.start()
    while far_end.on_their_way:
        far_end.settle_one()
        far_end.start()
    assert (lane.is_busy, lane.first_position) == (False, None)
    assert far_end.members == one_by_one(rows)
    assert far_end.settled_rows == len(rows)


@settings(deadline=None)
@given(rows=ROWS, size=st.integers(1, 8), cut=st.integers(0, 60))
def test_what_was_safe_when_a_sync_died_need_not_be_sent_again(
    rows: list[tuple[Operation, list[str]]], size: int, cut: int
) -> None:
    """A sync dies with deliveries settled in part; the next one begins at the safe position: membership is exact."""
    lane = AudienceLane(
        AudienceTarget("VIP", frozenset({Identifier.EMAIL}), list_id="1"), MembershipBatch(size), (), 6.7
    )
    members: set[str] = set()
    queue: deque[Delivery] = deque()
    for position, (operation, identifiers) in enumerate(rows):
        queue.extend(lane.batch.apply(operation, identifiers, position, 0.0))
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
            lane.settle(delivery)
    safe = len(rows) if lane.first_position is None else lane.first_position
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
