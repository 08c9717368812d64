from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.audiences.swap import AudienceSwapper
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.append import MembershipBatch
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.precedence import Precedence
from destination_pinterest.delivery.swap import SwapStrategy
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import RemovalGuardError
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises
from unit_tests.support.rig import new_count

ALONE = ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")
SHARED = ShadowList("generation 7, job 12", "job")
USERS, ORDERS = StreamKey(None, "users"), StreamKey(None, "orders")

MakeStrategy = Callable[..., SwapStrategy]


@pytest.fixture
def make_strategy(
    make_client: Callable[..., PinterestClient],
    make_creator: Callable[[PinterestClient], AudienceCreator],
    pinterest: FakePinterest,
    clock: Clock,
) -> MakeStrategy:
    """For an audience of two people whose replacement, of as many, has been sent."""

    def make(shadow: ShadowList = ALONE) -> SwapStrategy:
        pinterest.add_audience("VIP", pinterest.add_list("VIP", "old0", "old1"))
        client = make_client()
        target = AudienceTarget("VIP", frozenset({Identifier.EMAIL}), shadow=shadow)
        (update,) = AudienceLookup(client, now=clock.now).find([target])
        lane = AudienceLane(update.target, (USERS, ORDERS), 6.7, new_count(update.target))
        lane.list_created(pinterest.add_list(shadow.list_name("VIP"), "new0", "new1"))
        swapper = AudienceSwapper(client, make_creator(client), Safeguards(50, allow_empty=False), if_refused="fail")
        return SwapStrategy(lane, MembershipBatch(2), 5.0, swapper)

    return make


def send_two(strategy: SwapStrategy, position: int = 3) -> None:
    strategy.begin_run(RowRun(USERS, [], position), 0.0)
    for identifier in ("new0", "new1"):
        strategy.lane.tally.entered += 1
        strategy.take(Operation.ADD, [identifier], None)
    delivery = strategy.lane.start_next()
    assert delivery is not None
    strategy.lane.ack(delivery, 2)


def people(pinterest: FakePinterest) -> set[str]:
    (audience,) = pinterest.audiences.values()
    return pinterest.members[audience["rule"]["customer_list_id"]]


def test_rows_in_a_list_that_another_attempt_would_not_find_are_safe_once_it_is_swapped_in(
    make_strategy: MakeStrategy, pinterest: FakePinterest
) -> None:
    strategy = make_strategy(ALONE)
    send_two(strategy)
    send_two(strategy, position=5)
    assert strategy.watermark == 3
    strategy.finish(lambda _: True)
    assert strategy.watermark is None
    assert people(pinterest) == {"new0", "new1"}


def test_rows_in_a_list_that_later_attempts_go_on_with_are_safe_once_they_are_accepted(
    make_strategy: MakeStrategy,
) -> None:
    strategy = make_strategy(SHARED)
    send_two(strategy)
    assert strategy.watermark is None


def test_nothing_is_swapped_while_one_of_the_streams_may_have_more_to_come(
    make_strategy: MakeStrategy, pinterest: FakePinterest
) -> None:
    strategy = make_strategy()
    send_two(strategy)
    with raises(Code.TABLE_INCOMPLETE):
        strategy.finish(lambda stream: stream == USERS)
    assert people(pinterest) == {"old0", "old1"}
    assert strategy.watermark == 3


def test_what_the_swap_has_to_say_is_noted(make_strategy: MakeStrategy, pinterest: FakePinterest) -> None:
    strategy = make_strategy(SHARED)
    strategy.lane.tally.entered = 1
    strategy.finish(lambda _: False)
    (note,) = strategy.lane.notes
    assert "without proof that the whole table arrived" in note
    assert people(pinterest) == {"old0", "old1"}


# --- consent ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def make_empty(make_strategy: MakeStrategy) -> MakeStrategy:
    """The same, where nothing has been sent yet."""

    def make(*, allow_empty: bool = False, shadow: ShadowList = ALONE) -> SwapStrategy:
        strategy = make_strategy(shadow)
        lane, swapper = strategy.lane, strategy._swapper
        lane.target = replace(lane.target, list_id=None)
        swapper._safeguards = Safeguards(100, allow_empty=allow_empty)
        return SwapStrategy(lane, MembershipBatch(2), 5.0, swapper, precedence=Precedence(Operation.ADD))

    return make


def object_to(strategy: SwapStrategy, *identifiers: str, position: int = 3, key: tuple[int] | None = None) -> None:
    strategy.begin_run(RowRun(USERS, [], position), 0.0)
    strategy.lane.tally.entered += 1
    strategy.object_to(identifiers, key)


def test_a_table_of_which_nobody_consents_fails_rather_than_keep_the_members(make_empty: MakeStrategy) -> None:
    strategy = make_empty()
    object_to(strategy, "old0")
    assert isinstance(strategy.foresee(lambda _: True), RemovalGuardError)
    with raises(Code.NOBODY_CONSENTS, match="nobody in the 1 rows of its table may join and 1 have no consent"):
        strategy.finish(lambda _: True)


def test_where_there_is_no_audience_yet_a_table_of_which_nobody_consents_is_no_failure(
    make_empty: MakeStrategy, pinterest: FakePinterest
) -> None:
    strategy = make_empty()
    strategy.lane.target = replace(strategy.lane.target, live=None, audience_id=None)
    object_to(strategy, "x")
    audiences = len(pinterest.audiences)
    strategy.finish(lambda _: True)
    assert len(pinterest.audiences) == audiences


def test_a_table_of_which_nobody_consents_empties_the_audience_if_it_may(
    make_empty: MakeStrategy, pinterest: FakePinterest
) -> None:
    strategy = make_empty(allow_empty=True)
    object_to(strategy, "old0")
    strategy.finish(lambda _: True)
    (audience,) = pinterest.audiences.values()
    assert len(pinterest.members[audience["rule"]["customer_list_id"]] - {"old0", "old1"}) == 1


def test_in_a_new_list_only_who_was_added_is_taken_out_again(make_empty: MakeStrategy) -> None:
    strategy = make_empty()
    strategy.begin_run(RowRun(USERS, [], 0), 0.0)
    strategy.take(Operation.ADD, ["x"], None)
    object_to(strategy, "x")
    object_to(strategy, "y")
    strategy.drain()
    sent = [(delivery.operation, list(delivery.identifiers)) for delivery in iter(strategy.lane.start_next, None)]
    assert sent == [(Operation.REMOVE, ["x"])]


def test_a_row_that_objected_and_was_deleted_keeps_nobody_out_by_whom_another_row_consents_later(
    make_empty: MakeStrategy,
) -> None:
    strategy = make_empty()
    object_to(strategy, "x", key=(1,))
    strategy.take(Operation.REMOVE, ["x"], (1,))
    object_to(strategy, "x", key=(2,))
    strategy.take(Operation.ADD, ["x"], (2,))
    strategy.take(Operation.ADD, ["x"], (3,))
    strategy.drain()
    (sent,) = iter(strategy.lane.start_next, None)
    assert (sent.operation, list(sent.identifiers)) == (Operation.ADD, ["x"])


def test_where_a_later_attempt_fills_the_same_list_states_wait_from_the_first_row_without_consent(
    make_empty: MakeStrategy,
) -> None:
    strategy = make_empty(shadow=SHARED)
    object_to(strategy, "x", position=7)
    object_to(strategy, "y", position=9)
    assert strategy.watermark == 7
    strategy.finish(lambda _: False)
    assert strategy.watermark == 7
