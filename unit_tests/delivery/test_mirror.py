from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import read_config
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.delivery.mirror import MirroredStreams, MirrorStrategy, Rhythm
from destination_pinterest.delivery.row_support import RowSupport
from destination_pinterest.delivery.strategy import IsComplete, MemberCounts
from destination_pinterest.error_codes import Code
from destination_pinterest.membership.lease import BELIEVED_FOR_S
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.routing.audience_plan import plan_audiences
from destination_pinterest.routing.plan import plan_stream
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.membership.shop import AUDIENCE, LIST, Shop, person
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises
from unit_tests.support.rig import new_count

ADD, REMOVE = Operation.ADD, Operation.REMOVE
EPOCH_S = 60.0
INCREMENTAL = ("incremental", "append_dedup")


def stream(
    name: str = "users",
    *,
    generation: tuple[int, int, int] | None = None,
    modes: tuple[str, str] = ("full_refresh", "overwrite"),
    is_resumable: bool = False,
) -> ConfiguredStream:
    """`generation` is the stream's, the lowest that is kept, and the job."""
    own, lowest, job = generation or (None, None, None)
    return ConfiguredStream(
        StreamKey(None, name),
        ("email",),
        *modes,
        generation_id=own,
        minimum_generation_id=lowest,
        sync_id=job,
        is_resumable=is_resumable,
    )


UPDATED = stream(modes=INCREMENTAL)


def proven(_: StreamKey) -> bool:
    return True


def unproven(_: StreamKey) -> bool:
    return False


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "store").mkdir()
    shop = Shop(tmp_path / "store")
    yield shop
    for ledger in shop.opened:
        ledger.close()


@pytest.fixture
def make_closed(
    shop: Shop,
    raw_config: dict[str, Any],
    make_client: Callable[..., PinterestClient],
    make_creator: Callable[[PinterestClient], AudienceCreator],
) -> Callable[..., MirrorStrategy]:
    """An audience of these streams whose ledger is not open."""
    store = {"store_type": "local", "path": str(shop.root), "store_key": "a key that is not used here"}
    config = read_config({**raw_config, "membership_store": store, "audience_name": AUDIENCE})

    def make(
        *streams: ConfiguredStream,
        percent: int = 50,
        allow_empty: bool = False,
        list_id: str | None = LIST,
    ) -> MirrorStrategy:
        (audience,) = plan_audiences([plan_stream(one, config) for one in streams or (stream(),)], config)
        target = AudienceTarget(AUDIENCE, frozenset({Identifier.EMAIL}), list_id=list_id)
        return MirrorStrategy(
            AudienceLane(target, tuple(one.key for one in audience.streams), 6.7, new_count(target)),
            MirroredStreams(audience.streams, tuple(plan.stream for plan in audience.replaced)),
            make_creator(make_client()),
            Safeguards(percent, allow_empty),
            rows=RowSupport("auto", date(2026, 11, 27)),
            max_identifiers=lambda: 2,
            rhythm=Rhythm(EPOCH_S),
        )

    return make


@pytest.fixture
def make(shop: Shop, make_closed: Callable[..., MirrorStrategy]) -> Callable[..., MirrorStrategy]:
    """An audience of these streams whose ledger is open."""

    def make(*streams: ConfiguredStream, **settings: Any) -> MirrorStrategy:
        mirror = make_closed(*streams, **settings)
        mirror.open(shop.open())
        return mirror

    return make


Make = Callable[..., MirrorStrategy]


def begin(mirror: MirrorStrategy, position: int = 0, now_s: float = 0.0) -> None:
    mirror.begin_run(RowRun(StreamKey(None, "users"), [], position), now_s)


def take(mirror: MirrorStrategy, names: str) -> None:
    begin(mirror)
    for name in names:
        mirror.take(ADD, [person(name)], None)


def settled(
    mirror: MirrorStrategy, is_complete: IsComplete = proven, *, is_end: bool = True
) -> list[tuple[Operation, set[str]]]:
    """What was sent by a settlement that is committed."""
    slices = mirror.settle(is_complete, is_end=is_end)
    return [(one.operation, set(one.identifiers)) for deliveries in slices for one in deliveries]


def begun(mirror: MirrorStrategy, is_complete: IsComplete, *, is_end: bool) -> list[Delivery]:
    """What would be sent by a settlement that never ends."""
    return list(next(mirror.settle(is_complete, is_end=is_end)))


def remembers(make: Make, names: str) -> None:
    mirror = make(percent=100)
    take(mirror, names)
    settled(mirror)
    mirror.close()


def counts(mirror: MirrorStrategy) -> MemberCounts:
    assert mirror.members is not None
    return mirror.members


def test_before_it_is_opened_nothing_can_be_recorded(make_closed: Make) -> None:
    mirror = make_closed()
    assert mirror.members is None
    mirror.close()
    with raises(Code.STORE_MISUSED, match="before it was opened"):
        take(mirror, "a")


def test_removals_go_before_additions_and_settle_no_rows_by_themselves(make: Make) -> None:
    remembers(make, "abc")
    mirror = make(percent=70)
    begin(mirror, 17)
    take(mirror, "cdef")
    slices = mirror.settle(proven, is_end=True)
    assert [(one.operation, len(one.identifiers), one.rows, one.first_position) for one in next(slices)] == [
        (REMOVE, 2, 0, 17),
        (ADD, 2, 0, 17),
        (ADD, 1, 0, 17),
    ]
    assert (mirror.lane.tally.synced, mirror.watermark) == (0, 17)
    assert list(slices) == []
    assert (mirror.lane.tally.synced, mirror.watermark) == (4, None)
    assert mirror.members == MemberCounts(before=3, after=4, left_by_absence=2, unresolved_deletions=0)


# At 6.7 requests a second and two identifiers in a request, as `make` has it: 34 requests in five seconds.
SLICE = 68


def take_many(mirror: MirrorStrategy, rows: int, *, runs_of: int = 10) -> None:
    for first in range(0, rows, runs_of):
        begin(mirror, first)
        for number in range(first, min(first + runs_of, rows)):
            mirror.take(ADD, [person(str(number))], None)


def send(mirror: MirrorStrategy, deliveries: Iterator[Delivery], *, but: Collection[int] = ()) -> list[str]:
    """Sends a slice, of which some deliveries fail: by their places in it. Returns whom it added."""
    added = []
    for number, delivery in enumerate(deliveries):
        mirror.lane.enqueue(delivery)
        started = mirror.lane.start_next()
        assert started is delivery
        if number in but:
            mirror.lane.fail(delivery)
        else:
            mirror.lane.ack(delivery, len(delivery.identifiers))
            added += delivery.identifiers
    return added


def test_states_go_back_slice_by_slice_where_no_table_is_replaced(make: Make, shop: Shop) -> None:
    mirror = make(UPDATED)
    take_many(mirror, 150)
    slices = mirror.settle(proven, is_end=True)
    watermarks, sent = [], []
    for deliveries in slices:
        watermarks.append(mirror.watermark)
        sent += send(mirror, deliveries)
    # In runs of ten: of the run in which a slice ended, the rest was still to come.
    assert watermarks == [0, SLICE // 10 * 10, 2 * SLICE // 10 * 10]
    assert (mirror.watermark, counts(mirror).after) == (None, 150)
    assert sent == [person(str(number)) for number in range(150)]


def test_states_wait_for_the_last_slice_of_a_table_that_is_replaced(make: Make) -> None:
    mirror = make()
    take_many(mirror, 150)
    watermarks = []
    for deliveries in mirror.settle(proven, is_end=True):
        watermarks.append(mirror.watermark)
        send(mirror, deliveries)
    assert watermarks == [0, 0, 0]


def test_states_wait_until_all_who_leave_are_out(make: Make) -> None:
    mirror = make(UPDATED)
    take_many(mirror, 100)
    settled(mirror)
    for number in range(100):
        begin(mirror, 100 + number)
        mirror.take(REMOVE if number % 2 else ADD, [person(str(number if number % 2 else -number))], None)
    watermarks = []
    for deliveries in mirror.settle(proven, is_end=True):
        watermarks.append(mirror.watermark)
        send(mirror, deliveries)
    # 49 or 50 leave in the first slice, and after it there are additions to come.
    assert watermarks == [100, 100 + 2 * (SLICE - 50) + 2]


@pytest.mark.parametrize("streams", [[stream()], [UPDATED]])
def test_what_was_accepted_before_a_failure_counts_and_is_not_sent_again(
    make: Make, streams: list[ConfiguredStream]
) -> None:
    mirror = make(*streams)
    take_many(mirror, 150)
    slices = mirror.settle(proven, is_end=True)
    accepted = send(mirror, next(slices)) + send(mirror, next(slices), but=(3, 7))
    mirror.count_accepted()
    assert (counts(mirror).after, mirror.lane.tally.synced) == (len(accepted), 0)
    # States go as far as the slice before.
    assert mirror.watermark == (SLICE // 10 * 10 if streams == [UPDATED] else 0)
    mirror.close()
    again = make(*streams)
    take_many(again, 150)
    resent = [one for _, people in settled(again) for one in people]
    assert len(resent) == 150 - len(accepted)
    assert not {*resent} & {*accepted}
    assert counts(again).after == 150


def test_what_was_accepted_counts_at_the_latest_when_the_ledger_is_closed(make: Make) -> None:
    mirror = make(UPDATED)
    take_many(mirror, 100)
    slices = mirror.settle(proven, is_end=True)
    accepted = send(mirror, next(slices), but=(5,))
    mirror.close()
    assert counts(make(UPDATED)).before == len(accepted)


def test_nothing_counts_for_a_sync_whose_ledger_was_taken_over(make: Make, shop: Shop) -> None:
    mirror = make(UPDATED)
    take_many(mirror, 100)
    slices = mirror.settle(proven, is_end=True)
    send(mirror, next(slices))
    other = shop.open()
    mirror.count_accepted()
    assert (counts(mirror).after, other.members, mirror.watermark) == (0, 0, 0)


def test_an_epoch_is_due_some_time_after_its_first_row_and_never_where_a_table_is_replaced(make: Make) -> None:
    mirror = make(UPDATED)
    assert mirror.settle_due_s is None
    begin(mirror, now_s=5.0)
    begin(mirror, now_s=9.0)
    assert mirror.settle_due_s == 5.0 + EPOCH_S
    assert settled(mirror) == []
    assert (mirror.settle_due_s, mirror.lane.tally.synced) == (None, 0)
    mirror.close()
    replacing = make()
    begin(replacing, now_s=5.0)
    assert (replacing.settle_due_s, replacing.replaces) == (None, True)


def test_where_nothing_came_nothing_is_settled(make: Make) -> None:
    remembers(make, "abc")
    assert settled(make(UPDATED)) == []


def test_nothing_goes_out_while_rows_come(make: Make) -> None:
    mirror = make(UPDATED)
    take(mirror, "ab")
    mirror.flush(1e9)
    mirror.drain()
    assert (mirror.lane.is_busy, mirror.watermark) == (False, 0)


def test_rows_that_are_rejected_besides_are_settled_and_not_counted(make: Make) -> None:
    mirror = make(UPDATED)
    begin(mirror)
    mirror.take(ADD, [person("a")], [1])
    mirror.vacate([2], ADD)
    mirror.withdraw([person("x")])
    assert settled(mirror, unproven, is_end=False) == [(REMOVE, {person("x")}), (ADD, {person("a")})]
    assert mirror.lane.tally.synced == 2


@pytest.mark.parametrize("streams", [[stream()], [stream(), UPDATED]])
def test_a_table_without_proof_of_its_end_fails_if_a_row_came(make: Make, streams: list[ConfiguredStream]) -> None:
    mirror = make(*streams)
    assert settled(mirror, unproven) == []
    take(mirror, "a")
    with raises(Code.TABLE_INCOMPLETE, match='The audience "Customers" keeps its members'):
        settled(mirror, unproven)


def test_a_table_that_may_be_a_rest_replaces_nothing(make: Make) -> None:
    remembers(make, "abc")
    mirror = make(stream(is_resumable=True))
    take(mirror, "d")
    assert settled(mirror) == [(ADD, {person("d")})]
    assert counts(mirror).after == 4


@pytest.mark.parametrize(("percent", "names", "is_refused"), [(50, "ab", False), (49, "ab", True), (0, "abc", True)])
def test_the_guard_counts_who_leaves_by_absence(make: Make, percent: int, names: str, *, is_refused: bool) -> None:
    remembers(make, "abcd")
    mirror = make(percent=percent)
    take(mirror, names)
    left = 4 - len(names)
    if not is_refused:
        assert sum(len(people) for _, people in settled(mirror)) == left
        return
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=rf"{left} of 4 identifiers \({left * 25} %\) .* permits {percent} %"):
        settled(mirror)


def test_people_whom_a_dead_sync_may_have_added_count_for_the_guard(make: Make, shop: Shop) -> None:
    with shop.open() as ledger:
        for name in "abcd":
            ledger.record("users", None, ADD, [person(name)])
        ledger.write_ahead(ledger.diff())
    mirror = make()
    take(mirror, "a")
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=r"3 of 4 identifiers \(75 %\)"):
        settled(mirror)


def test_an_empty_table_leaves_whom_it_may_not_remove_and_still_does_what_rows_say(make: Make) -> None:
    remembers(make, "abc")
    mirror = make(percent=0)
    mirror.withdraw([person("x")])
    assert settled(mirror) == [(REMOVE, {person("x")})]
    (said,) = mirror.lane.notes
    assert "keeps the 3 members that the connector added" in said
    mirror.close()
    permitted = make(percent=0, allow_empty=True)
    assert {operation for operation, _ in settled(permitted)} == {REMOVE}
    assert counts(permitted).after == 0


def test_what_a_dead_sync_may_have_done_stays_undecided_while_its_rows_may_still_come(make: Make, shop: Shop) -> None:
    told = stream(modes=INCREMENTAL, generation=(3, 0, 12))
    with shop.open() as ledger:
        for name in "abc":
            ledger.record("users", None, ADD, [person(name)])
        ledger.write_ahead(ledger.diff())
    mirror = make(told, percent=0)
    assert settled(mirror, unproven) == []
    take(mirror, "a")
    assert [(one.operation, len(one.identifiers)) for one in begun(mirror, unproven, is_end=True)] == [(ADD, 1)]
    assert settled(mirror, proven, is_end=False) == [(ADD, {person("a")})]
    mirror.close()
    later = make(told, percent=100)
    assert {operation for operation, _ in settled(later)} == {REMOVE}
    assert counts(later).left_by_absence == 2


def test_an_attempt_after_the_one_that_replaced_the_table_only_adds(make: Make, shop: Shop) -> None:
    refreshed = stream(modes=INCREMENTAL, generation=(3, 3, 12))
    mirror = make(refreshed)
    take(mirror, "abc")
    settled(mirror)
    mirror.close()
    again = make(refreshed)
    assert not again.replaces
    take(again, "d")
    assert settled(again) == [(ADD, {person("d")})]
    again.close()
    for other in ((3, 3, 13), (4, 4, 14)):
        assert make(stream(modes=INCREMENTAL, generation=other)).replaces
        shop.opened[-1].close()


def test_a_later_attempt_that_reads_the_whole_table_replaces_it_again(make: Make) -> None:
    for resumed in (True, False):
        refreshed = stream(modes=("full_refresh", "append"), generation=(3, 3, 12 + resumed), is_resumable=resumed)
        mirror = make(refreshed)
        take(mirror, "abc")
        settled(mirror)
        mirror.close()
        again = make(refreshed)
        assert again.replaces is not resumed
        take(again, "bc")
        assert settled(again) == ([] if resumed else [(REMOVE, {person("a")})])
        again.close()


def test_a_ledger_about_another_list_is_refused_and_given_back(make: Make, shop: Shop) -> None:
    remembers(make, "abc")
    for other in ("77", None):
        with raises(Code.STORE_OUT_OF_STEP, match=f"customer list {LIST}, but it is made of {other or 'none'} now"):
            make(list_id=other)
        shop.opened[-1].close()


def test_an_audience_whose_ledger_is_refused_gives_it_back(make_closed: Make, make: Make, shop: Shop) -> None:
    remembers(make, "abc")
    mirror = make_closed(list_id="77")
    with raises(Code.STORE_OUT_OF_STEP):
        mirror.open(shop.open())
    mirror.close()
    make().close()  # Nobody has to wait for its lease.
    assert shop.time.slept == []


def test_only_an_audience_that_had_people_before_the_store_is_told_of(make: Make, shop: Shop) -> None:
    first = make()
    first.close()
    (note,) = first.lane.notes
    assert "first sync with this membership store" in note
    without_list = make(list_id=None)
    without_list.close()
    with shop.open() as ledger:
        ledger.record("users", None, ADD, [person("a")])
        ledger.write_ahead(ledger.diff())
    in_doubt = make()
    in_doubt.close()
    assert without_list.lane.notes == in_doubt.lane.notes == []


def test_streams_that_are_not_in_the_sync_are_named(make: Make, shop: Shop) -> None:
    shop.sync([("orders", None, ADD, [person("a")]), ("users", None, ADD, [person("b")])])
    assert make().absent_streams == ["orders"]


def test_nothing_is_sent_once_another_sync_may_have_the_ledger(make: Make, shop: Shop) -> None:
    mirror = make()
    mirror.check_may_send()
    take(mirror, "a")
    slices = mirror.settle(proven, is_end=True)
    assert len(list(next(slices))) == 1
    shop.time.now_s += BELIEVED_FOR_S
    with raises(Code.STORE_TAKEN_OVER, match="took the membership store over"):
        mirror.check_may_send()


def test_nothing_is_committed_once_another_sync_has_the_ledger(make: Make, shop: Shop) -> None:
    mirror = make()
    take(mirror, "a")
    slices = mirror.settle(proven, is_end=True)
    list(next(slices))
    shop.open()  # It waits until the lease has stood still for long enough.
    with raises(Code.STORE_BUSY):
        next(slices)
    assert (mirror.lane.tally.synced, mirror.watermark) == (0, 0)


def test_the_audience_is_created_before_the_first_row_where_a_list_waits_for_it_and_else_at_the_end(
    make: Make, pinterest: FakePinterest
) -> None:
    list_id = pinterest.add_list(AUDIENCE, "a")
    mirror = make(list_id=list_id)
    pinterest.refuse("POST", "audiences", 400, "Audience size too small", times=2)
    mirror.prepare()
    assert mirror.lane.target.audience_id is None
    mirror.finish(proven)
    assert "does not make an audience of the customer list yet" in mirror.lane.notes[-1]
    mirror.finish(proven)
    assert [mirror.lane.target.audience_id] == list(pinterest.audiences)
