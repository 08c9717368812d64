from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_pinterest.delivery.lane import MAX_QUEUED
from destination_pinterest.delivery.workers import Event, WorkerPool
from destination_pinterest.delivery.writer import FAILURE_GRACE_S, LAST_GRACE_S, STOP_GRACE_S
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AuthenticationError,
    InvalidRequestError,
    ProtocolError,
    ServerError,
    StoreBusyError,
)
from destination_pinterest.membership.lease import BELIEVED_FOR_S
from destination_pinterest.routing.audience_plan import EPOCH_S
from unit_tests.membership.shop import Shop
from unit_tests.support.clock import Clock
from unit_tests.support.examples import examples
from unit_tests.support.fake_pinterest import Asked, FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises
from unit_tests.support.rig import HandPool, Rig

MakeRig = Callable[..., Rig]
Scenario = Callable[[str], bytes]


def people(*names: str) -> set[str]:
    return {sha256(f"{name}@example.com".encode()).hexdigest() for name in names}


def row(name: str, stream: str = "users", **data: Any) -> bytes:
    content = {"stream": stream, "data": {"email": f"{name}@example.com", **data}}
    return json.dumps({"type": "RECORD", "record": content}).encode() + b"\n"


def state(number: int, stream: str = "users") -> bytes:
    content = {"id": number, "type": "STREAM", "stream": {"stream_descriptor": {"name": stream}}}
    return json.dumps({"type": "STATE", "state": content}).encode() + b"\n"


def ids(states: Iterable[bytes]) -> list[int]:
    return [json.loads(each)["id"] for each in states]


def counts(states: Iterable[bytes]) -> list[tuple[float, float]]:
    stats = [json.loads(each)["destinationStats"] for each in states]
    return [(each["recordCount"], each["rejectedRecordCount"]) for each in stats]


def all_until_failure(states: Iterator[bytes], error: type[Exception]) -> list[bytes]:
    """The states that come before the error does."""
    came: list[bytes] = []

    def keep() -> None:
        for each in states:
            came.append(each)  # noqa: PERF402 - extend() need not keep what came before an error

    with pytest.raises(error):
        keep()
    return came


@pytest.fixture
def make_threaded_rig(make_rig: MakeRig) -> Iterator[MakeRig]:
    """A rig with threads as a sync has them."""
    rigs: list[Rig] = []

    def make(streams: dict[str, list[str]] | None = None, **settings: Any) -> Rig:
        rigs.append(make_rig(streams, pool=WorkerPool, **settings))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.pool.shut_down()


class PatientPool(HandPool):
    """What would be waited for passes on the tests' clock; `meanwhile` is what happens then."""

    clock: ClassVar[Clock]
    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def take(self, timeout_s: float) -> Event | None:
        event = super().take(0.0)
        if event is None and timeout_s > 0:
            self.clock.pass_by(timeout_s)
            self.meanwhile()
        return event


@pytest.fixture
def patient_pool(clock: Clock) -> type[PatientPool]:
    class Pool(PatientPool):
        pass

    Pool.clock = clock
    return Pool


# --- when states come out ---------------------------------------------------------------------------------------------


def test_before_a_state_comes_out_pinterest_has_everything_before_it(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig(batch_size=2)
    rig.lanes["users"].list_created(pinterest.add_list("users"))
    first, second = row("a") + row("b") + row("c") + state(1) + row("d"), row("e") + state(2)
    states = rig.run(first, second)
    assert pinterest.asked == []
    assert ids([next(states)]) == [1]
    assert pinterest.members_of("users") == people("a", "b", "c", "d")
    assert ids([next(states)]) == [2]
    assert pinterest.members_of("users") == people("a", "b", "c", "d", "e")
    assert list(states) == []


def test_a_state_waits_while_one_row_before_it_waits(make_rig: MakeRig, pinterest: FakePinterest) -> None:
    rig = make_rig(batch_size=2)
    states = rig.run(row("a") + row("b") + row("c") + state(1), row("d"))
    assert ids([next(states)]) == [1]
    assert rig.script.left == 0
    assert pinterest.members_of("users") == people("a", "b", "c", "d")


def test_a_state_before_every_row_comes_at_once(make_rig: MakeRig, pinterest: FakePinterest) -> None:
    rig = make_rig()
    states = rig.run(state(1) + row("a"), row("b"))
    assert ids([next(states)]) == [1]
    assert (rig.script.left, pinterest.asked) == (1, [])


def test_rejected_rows_hold_no_state_back_while_there_are_enough_others(make_rig: MakeRig) -> None:
    rig = make_rig(batch_size=1)
    states = rig.run(row("a") + row("b") + row("c", email="nobody") + state(1), 60.0)
    assert counts([next(states)]) == [(2.0, 1.0)]
    assert rig.script.left == 1


def test_a_state_behind_too_many_rejected_rows_waits_until_enough_others_came(make_rig: MakeRig) -> None:
    rig = make_rig(batch_size=1)
    nobody = row("c", email="nobody")
    states = rig.run(row("a") + state(1) + nobody + nobody + state(2), 60.0, row("b"), state(3), nobody + state(4))
    assert ids([next(states)]) == [1]
    assert ids([next(states)]) == [2]
    assert rig.script.left == 2
    assert ids(states) == [3]


def test_rows_that_are_all_rejected_are_counted_and_hold_back_the_state_behind_them(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario
) -> None:
    rig = make_rig()
    assert list(rig.run(scenario("all_rejected"))) == []
    assert pinterest.asked == []
    tally = rig.lanes["users"].tally
    assert (tally.entered, tally.synced, tally.pending) == (4, 0, 0)
    assert dict(tally.not_synced) == {"no_identity": 2, "invalid_email": 1, "not_text": 1}


def test_a_part_filled_batch_goes_out_when_it_is_old_though_the_input_is_silent(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario, clock: Clock
) -> None:
    rig = make_rig(flush_seconds=5)
    states = rig.run(scenario("state_before_full"), 3600.0, row("later"))
    began = clock.clock()
    assert ids([next(states)]) == [1]
    assert clock.clock() - began == pytest.approx(5.0)
    assert rig.script.left == 2
    assert pinterest.members_of("users") == people("a")


def test_the_reader_is_never_more_patient_than_the_oldest_row(make_rig: MakeRig) -> None:
    rig = make_rig(flush_seconds=4)
    states = rig.run(row("a"), 1.5, row("b"), 0.5)
    list(states)
    assert rig.script.patience_s == pytest.approx([10.0, 4.0, 2.5, 2.5, 2.0])


def test_states_come_in_their_order_even_if_a_later_one_is_safe_first(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig({"users": ["email"], "orders": ["email"]}, pool=HandPool, batch_size=1)
    accepted: list[int] = []
    rows = row("a") + state(1) + row("b", "orders") + state(2, "orders")
    states = rig.run(
        rows,
        lambda: rig.hands.do_next(1),
        lambda: accepted.append(rig.lanes["orders"].tally.synced),
        lambda: rig.hands.do_next(0),
    )
    assert ids(states) == [1, 2]
    assert accepted == [1]  # The second delivery had been accepted by then.


# --- what goes where --------------------------------------------------------------------------------------------------


def test_two_streams_interleaved_are_both_complete_and_all_states_come_in_order_with_their_counts(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario
) -> None:
    rig = make_rig({"users": ["id", "email"], "shop.orders": ["id", "email"]})
    states = list(rig.run(scenario("two_streams_interleaved")))
    assert ids(states) == [1, 2, 3, 4]
    assert counts(states) == [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 0.0)]
    assert pinterest.members_of("users") == people("a", "b", "c")
    assert pinterest.members_of("orders") == people("x", "y")


@pytest.mark.parametrize("line_by_line", [True, False])
def test_however_interleaved_streams_are_cut_nothing_is_lost(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario, line_by_line: bool
) -> None:
    lines = scenario("two_streams_interleaved")
    rig = make_rig({"users": ["email"], "shop.orders": ["email"]}, batch_size=1)
    steps = lines.splitlines(keepends=True) if line_by_line else [lines]
    states = list(rig.run(*steps))
    assert counts(states) == [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 0.0)]
    assert pinterest.members_of("users") == people("a", "b", "c")
    assert pinterest.members_of("orders") == people("x", "y")


def test_streams_of_one_name_are_told_apart_by_their_namespaces(make_rig: MakeRig, pinterest: FakePinterest) -> None:
    rig = make_rig(
        {"a.users": ["email"], "b.users": ["email"], "users": ["email"]}, audience_name="{namespace}-{stream}"
    )
    lines = [row("p").replace(b'"stream"', f'"namespace": "{name}", "stream"'.encode()) for name in "abab"]
    list(rig.run(b"".join(lines) + row("q")))
    assert {name: lane.tally.entered for name, lane in rig.lanes.items()} == {"a-users": 2, "b-users": 2, "-users": 1}


def test_streams_of_one_audience_share_its_list_and_keep_their_own_counts(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig({"users": ["email"], "orders": ["email"]}, audience_name="VIP")
    lines = row("a") + row("b", "orders") + row("a", "orders") + state(1) + state(2, "orders")
    states = list(rig.run(lines))
    assert counts(states) == [(1.0, 0.0), (2.0, 0.0)]
    assert pinterest.members_of("VIP") == people("a", "b")
    assert len(pinterest.asked) == 1


def test_a_global_state_counts_the_rows_of_all_streams(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario
) -> None:
    rig = make_rig({"users": ["email"], "orders": ["email"]})
    states = list(rig.run(scenario("global_state")))
    assert ids(states) == [5, 6]
    assert counts(states) == [(2.0, 1.0), (1.0, 0.0)]


def test_a_state_comes_back_exactly_as_it_came(make_rig: MakeRig, scenario: Scenario) -> None:
    lines = scenario("state_with_exact_blob")
    blob = lines.splitlines()[1].removeprefix(b'{"type":"STATE","state":').removesuffix(b"}}")
    (came,) = make_rig().run(lines)
    assert came == blob + b',"destinationStats":{"recordCount":1.0,"rejectedRecordCount":0.0}}'


def test_rows_that_remove_take_their_people_out(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario
) -> None:
    list_id = pinterest.add_list("users", *people("a", "c", "z"))
    rig = make_rig({"users": ["id", "email", "op"]}, operation_column={"column": "op"})
    rig.lanes["users"].list_created(list_id)
    states = list(rig.run(scenario("add_then_remove")))
    assert pinterest.members[list_id] == people("b", "c", "z")
    assert counts(states) == [(5.0, 1.0)]
    tally = rig.lanes["users"].tally
    assert (tally.entered, tally.synced, tally.identifiers_added, tally.identifiers_removed) == (6, 5, 2, 1)
    assert dict(tally.not_synced) == {"unknown_operation": 1}


def test_a_deletion_that_is_to_be_kept_changes_nothing_and_counts_as_a_record(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig({"users": ["email", "_ab_cdc_deleted_at"]}, deletes="keep")
    lines = row("a") + row("a", _ab_cdc_deleted_at="2026-11-22") + state(1)
    assert counts(rig.run(lines)) == [(2.0, 0.0)]
    assert pinterest.members_of("users") == people("a")
    assert dict(rig.lanes["users"].tally.not_synced) == {"deletion_kept": 1}


def test_a_row_with_a_good_and_a_bad_value_is_synced_by_the_good_one(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig({"users": ["email", "gaid"]})
    list(rig.run(row("a", gaid="00000000-0000-0000-0000-000000000000")))
    tally = rig.lanes["users"].tally
    assert (tally.synced, tally.not_synced.total()) == (1, 0)
    assert sum(tally.identifiers_refused.values()) == 1
    assert pinterest.members_of("users") == people("a")


def test_values_that_are_no_text_cost_their_own_row_only(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario
) -> None:
    states = list(make_rig({"users": ["id", "email"]}).run(scenario("values_that_are_no_text")))
    assert counts(states) == [(4.0, 3.0)]
    assert pinterest.members_of("users") == people(*"acdef")


def test_messages_full_of_nulls_are_understood(make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario) -> None:
    states = list(make_rig().run(scenario("full_of_nulls")))
    assert (ids(states), counts(states)) == ([1], [(1.0, 0.0)])
    assert pinterest.members_of("users") == people("a")


def test_other_messages_are_passed_over(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario, outbox: Outbox
) -> None:
    states = list(make_rig().run(scenario("other_messages")))
    assert (ids(states), counts(states)) == ([1], [(1.0, 0.0)])
    assert outbox.messages == []


def test_no_input_is_a_sync_too(make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario) -> None:
    assert list(make_rig().run(scenario("empty"))) == []
    assert list(make_rig().run()) == []
    assert pinterest.asked == []


# --- what ends a sync -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("garbage_line", Code.LINE_NOT_A_MESSAGE, "Line 5 of the input is not an Airbyte message"),
        ("legacy_state", Code.SOURCE_OUTDATED, "states of type LEGACY"),
        (
            "stream_not_in_the_catalog",
            Code.STREAM_NOT_IN_CATALOG,
            'A record of the stream "shop.elsewhere" came, which the catalog does not name',
        ),
        ("record_without_a_record", Code.SOURCE_OUTDATED, "A RECORD message has no record in it"),
    ],
)
def test_input_that_is_wrong_ends_the_sync_and_quotes_nobody(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario, name: str, code: Code, said: str
) -> None:
    with raises(code) as caught:
        list(make_rig().run(scenario(name)))
    assert said in str(caught.value)
    assert "canary" not in str(caught.value)


def test_what_was_safe_before_wrong_input_has_come_out(
    make_rig: MakeRig, pinterest: FakePinterest, scenario: Scenario
) -> None:
    first, its_state, *others = scenario("garbage_line").splitlines(keepends=True)
    states = all_until_failure(make_rig().run(first + its_state, 6.0, b"".join(others)), ProtocolError)
    assert ids(states) == [1]
    assert pinterest.members_of("users") == people("a")


def test_a_delivery_that_fails_lets_no_later_state_out_and_is_raised(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig(batch_size=1)
    pinterest.refuse("PATCH", "", 400, "refused", times=99)
    states = rig.run(row("a") + state(1), row("b") + state(2), row("c") + state(3))
    came = all_until_failure(states, InvalidRequestError)
    assert ids(came) == [1]
    tally = rig.lanes["users"].tally
    assert (tally.synced, tally.errored, tally.pending, rig.pause.interruptions) == (1, 2, 0, 1)


def test_the_people_of_a_failed_delivery_are_not_in_the_error(make_rig: MakeRig, pinterest: FakePinterest) -> None:
    (digest,) = people("a")
    pinterest.refuse("POST", "", 400, f"bad record {digest}")
    with raises(Code.REQUEST_REFUSED) as caught:
        list(make_rig().run(row("a")))
    assert digest not in str(caught.value)


def test_requests_that_are_on_their_way_when_another_fails_may_still_release_states(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig({"users": ["email"], "orders": ["email"]}, pool=HandPool, batch_size=1)
    pinterest.refuse("POST", "", 401, code=2)
    rig.pause.when_interrupted = lambda: rig.hands.do_next(0)
    lines = row("a") + state(1) + row("b", "orders") + state(2, "orders") + row("c") + state(3)
    states = all_until_failure(rig.run(lines, lambda: rig.hands.do_next(1)), AuthenticationError)
    assert ids(states) == [1]
    assert pinterest.members_of("users") == people("a")
    assert rig.hands.submitted == []


def test_requests_that_never_end_are_left_after_a_grace(
    make_rig: MakeRig, patient_pool: type[PatientPool], pinterest: FakePinterest, clock: Clock
) -> None:
    rig = make_rig({"users": ["email"], "orders": ["email"]}, pool=patient_pool, batch_size=1)
    pinterest.refuse("POST", "", 401, code=2)
    moments_s: list[float] = []
    rig.pause.when_interrupted = lambda: moments_s.append(clock.monotonic)
    lines = row("a") + state(1) + row("b", "orders")
    assert all_until_failure(rig.run(lines, lambda: rig.hands.do_next(1)), AuthenticationError) == []
    assert clock.monotonic - moments_s[0] == pytest.approx(FAILURE_GRACE_S)
    assert len(rig.lanes["users"].in_flight) == 1


def test_a_fault_of_our_own_in_a_thread_is_raised_and_not_waited_for(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    def broken(_: Asked) -> None:
        raise ZeroDivisionError

    pinterest.before = broken
    with pytest.raises(ZeroDivisionError):
        list(make_rig().run(row("a")))


def test_what_waits_is_not_sent_once_another_sync_may_have_the_audiences_ledger(
    make_rig: MakeRig, patient_pool: type[PatientPool], pinterest: FakePinterest, tmp_path: Path
) -> None:
    store = {"store_type": "local", "path": str(tmp_path), "store_key": "a key that is not used here"}
    rig = make_rig(pool=patient_pool, membership_store=store)
    shop = Shop(tmp_path)
    (mirror,) = rig.parts.mirrors
    mirror.open(shop.open())

    def lose_touch_and_send() -> None:
        shop.time.now_s += BELIEVED_FOR_S
        rig.hands.do_next()

    assert isinstance(rig.pool, PatientPool)
    rig.pool.meanwhile = lose_touch_and_send
    assert all_until_failure(rig.run(row("a") + state(1)), StoreBusyError) == []
    assert pinterest.asked == []
    mirror.close()


def test_while_an_epoch_is_sent_the_loop_waits_for_events_and_does_not_spin(
    make_rig: MakeRig, patient_pool: type[PatientPool], pinterest: FakePinterest, tmp_path: Path
) -> None:
    store = {"store_type": "local", "path": str(tmp_path), "store_key": "a key that is not used here"}
    rig = make_rig(pool=patient_pool, membership_store=store)
    (mirror,) = rig.parts.mirrors
    mirror.open(Shop(tmp_path).open())
    waits: list[bool] = []

    def answer_at_the_third_wait() -> None:
        waits.append(True)
        if len(waits) == 3:
            rig.hands.do_next()

    assert isinstance(rig.pool, PatientPool)
    rig.pool.meanwhile = answer_at_the_third_wait
    assert ids(rig.run(row("a") + state(1), EPOCH_S + 1)) == [1]
    assert len(waits) == 3
    assert pinterest.members_of("users") == people("a")
    mirror.close()


def test_a_sync_that_is_stopped_begins_no_further_epoch(
    make_rig: MakeRig, patient_pool: type[PatientPool], pinterest: FakePinterest, tmp_path: Path
) -> None:
    store = {"store_type": "local", "path": str(tmp_path), "store_key": "a key that is not used here"}
    rig = make_rig({"users": ["email"], "orders": ["email"]}, pool=patient_pool, membership_store=store)
    shop = Shop(tmp_path)
    for mirror in rig.parts.mirrors:
        mirror.open(shop.open(audience=mirror.lane.target.name))
    assert isinstance(rig.pool, PatientPool)
    rig.pool.meanwhile = rig.writer.stop
    assert list(rig.run(row("a") + row("b", "orders"), EPOCH_S + 1)) == []
    assert [len(lane.in_flight) for lane in rig.lanes.values()] == [1, 0]
    for mirror in rig.parts.mirrors:
        mirror.close()


def test_what_threads_report_of_several_failures_is_raised_as_one(make_rig: MakeRig, pinterest: FakePinterest) -> None:
    rig = make_rig({"users": ["email"], "orders": ["email"]}, pool=HandPool, batch_size=1)
    pinterest.refuse("POST", "", 400)
    pinterest.refuse("POST", "", 403)

    def both() -> None:
        rig.hands.do_next()
        rig.hands.do_next()

    with raises(Code.AUDIENCES_FAILED, match='"users": PIN-API-.*"orders": PIN-AUTH-'):
        list(rig.run(row("a") + row("b", "orders"), both))
    assert [lane.tally.errored for lane in rig.lanes.values()] == [1, 1]


# --- being stopped ----------------------------------------------------------------------------------------------------


def test_a_sync_that_is_stopped_sends_what_it_has_and_reads_no_more(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig()
    states = rig.run(row("a") + state(1), rig.writer.stop, row("b"))
    assert ids(states) == [1]
    assert (rig.writer.is_stopped, rig.script.left) == (True, 1)
    assert pinterest.members_of("users") == people("a")


def test_a_sync_that_is_stopped_leaves_what_can_not_go_out_in_time(
    make_rig: MakeRig, patient_pool: type[PatientPool], pinterest: FakePinterest, clock: Clock
) -> None:
    rig = make_rig(pool=patient_pool)
    began_s: list[float] = []

    def stop() -> None:
        began_s.append(clock.monotonic)
        rig.writer.stop()

    assert list(rig.run(row("a") + state(1), stop)) == []
    assert rig.pause.interruptions == 1
    assert clock.monotonic - began_s[0] == pytest.approx(STOP_GRACE_S + LAST_GRACE_S)
    assert rig.lanes["users"].tally.pending == 1


def test_a_sync_that_is_stopped_while_its_queue_is_full_reads_no_more(
    make_rig: MakeRig, patient_pool: type[PatientPool], pinterest: FakePinterest
) -> None:
    rig = make_rig(pool=patient_pool, batch_size=1)
    waited: list[bool] = []

    def stop() -> None:
        if not rig.writer.is_stopped:
            waited.append(rig.lanes["users"].is_backed_up)
            rig.writer.stop()

    assert isinstance(rig.pool, PatientPool)
    rig.pool.meanwhile = stop
    lines = b"".join(row(f"p{number}") for number in range(MAX_QUEUED + 5))
    assert list(rig.run(lines, row("more"))) == []
    assert rig.script.left == 1
    assert waited == [True]


# --- many at once -----------------------------------------------------------------------------------------------------


def test_the_reader_waits_for_a_list_whose_queue_is_long(make_threaded_rig: MakeRig, pinterest: FakePinterest) -> None:
    rig = make_threaded_rig(batch_size=1)
    lane = rig.lanes["users"]
    backed_up: list[bool] = []
    chunks = [b"".join(row(f"p{chunk}.{number}") for number in range(3 * MAX_QUEUED)) for chunk in range(3)]
    steps = [step for chunk in chunks for step in (chunk, lambda: backed_up.append(lane.is_backed_up))]
    list(rig.run(*steps))
    assert backed_up == [False, False, False]
    assert len(pinterest.members_of("users")) == lane.tally.synced == 9 * MAX_QUEUED


def test_one_slow_list_does_not_hold_up_the_others(make_threaded_rig: MakeRig, pinterest: FakePinterest) -> None:
    rig = make_threaded_rig({"slow": ["email"], "quick": ["email"]}, batch_size=5)
    quick_is_done = threading.Event()
    waited: list[bool] = []

    def before(asked: Asked) -> None:
        if asked.method == "POST" and asked.body["name"] == "slow":
            waited.append(quick_is_done.wait(20.0))
        elif rig.lanes["quick"].tally.synced >= 45:
            quick_is_done.set()

    pinterest.before = before
    lines = b"".join(row(f"{n}", "slow") + row(f"{n}", "quick") for n in range(50))
    list(rig.run(lines))
    assert waited == [True]
    assert len(pinterest.members_of("slow")) == len(pinterest.members_of("quick")) == 50


def test_a_list_that_is_busy_is_written_one_request_at_a_time_from_then_on(
    make_rig: MakeRig, pinterest: FakePinterest, outbox: Outbox
) -> None:
    rig = make_rig(pool=HandPool, batch_size=1)
    lane = rig.lanes["users"]
    lane.list_created(pinterest.add_list("users"))
    pinterest.refuse("PATCH", "", 429, "multiple writes to the same object")
    started: list[int] = []

    def settle_one() -> None:
        started.append(len(rig.hands.submitted))
        rig.hands.do_next()

    lines = b"".join(row(name) for name in "abcdef")
    list(rig.run(lines, *[settle_one] * 6))
    assert started == [2, 1, 1, 1, 1, 1]
    assert pinterest.members_of("users") == people(*"abcdef")
    assert (lane.tally.requests, lane.tally.retries) == (7, 1)
    assert "Trying again in 1.0 s" in outbox.log_texts[0]


def test_what_may_pass_is_tried_again_without_a_word_of_failure(make_rig: MakeRig, pinterest: FakePinterest) -> None:
    pinterest.refuse("POST", "customer_lists", 429)
    pinterest.refuse("PATCH", "customer_lists", 503)
    pinterest.lose("PATCH", "customer_lists", acted=True)
    rig = make_rig(batch_size=1)
    assert ids(rig.run(row("a") + row("b") + state(1))) == [1]
    assert pinterest.members_of("users") == people("a", "b")


def test_what_does_not_pass_is_raised_at_last(make_rig: MakeRig, pinterest: FakePinterest) -> None:
    pinterest.add_list("users")
    pinterest.refuse("PATCH", "", 503, times=10_000)
    rig = make_rig()
    rig.lanes["users"].list_created(next(iter(pinterest.lists)))
    assert all_until_failure(rig.run(row("a") + state(1)), ServerError) == []


def test_what_threads_tell_after_the_end_is_still_counted(make_rig: MakeRig, pinterest: FakePinterest) -> None:
    rig = make_rig()
    list(rig.run(row("a")))
    list(rig.client.audiences())
    assert rig.parts.journal.sync.requests == 1
    rig.writer.catch_up()
    assert rig.parts.journal.sync.requests == 2


ROWS = st.lists(
    st.tuples(st.sampled_from(["users", "orders"]), st.sampled_from("abcdefg"), st.sampled_from(["i", "d"])),
    max_size=60,
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, size=st.integers(1, 5), cuts=st.sets(st.integers(0, 60)), stated=st.sets(st.integers(0, 60)))
def test_with_real_threads_the_membership_is_that_of_the_rows_one_by_one(
    make_threaded_rig: MakeRig,
    pinterest: FakePinterest,
    rows: list[tuple[str, str, str]],
    size: int,
    cuts: set[int],
    stated: set[int],
) -> None:
    for known in (pinterest.lists, pinterest.members, pinterest.asked):
        known.clear()
    contradictions: list[str] = []

    def before(asked: Asked) -> None:
        for other in list(pinterest.in_flight):
            if other is not asked and other.body.get("operation_type", "ADD") != asked.body.get(
                "operation_type", "ADD"
            ):
                common = set(other.body["records"].split(",")) & set(asked.body["records"].split(","))
                contradictions.extend(common)

    pinterest.before = before
    columns = ["email", "op"]
    chunks = [b""]
    members: set[str] = set()
    for number, (stream, name, operation) in enumerate(rows):
        if number in cuts:
            chunks.append(b"")
        chunks[-1] += row(name, stream, op=operation)
        if number in stated:
            chunks[-1] += state(number, stream)
        members = members | people(name) if operation == "i" else members - people(name)
    rig = make_threaded_rig(
        {"users": columns, "orders": columns}, audience_name="VIP", batch_size=size, operation_column={"column": "op"}
    )
    states = list(rig.run(*filter(None, chunks)))
    rig.pool.shut_down()
    assert contradictions == []
    assert (pinterest.members_of("VIP") if pinterest.lists else set()) == members
    assert ids(states) == sorted(number for number in stated if number < len(rows))
    assert all(len(asked.body["records"].split(",")) <= size for asked in pinterest.asked)
    tally = rig.lanes["VIP"].tally
    # Before anybody was added there is no list, and nobody to remove.
    assert tally.synced + tally.not_synced["nobody_to_remove"] == len(rows)
