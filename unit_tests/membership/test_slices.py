"""What is sent in slices counts as far as it was accepted, and is gone on with from there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.membership import MembershipLedger
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.vocabulary import ColumnType, Operation
from unit_tests.membership.shop import (
    AD_ACCOUNT,
    AUDIENCE,
    LIST,
    KilledError,
    MortalBlobs,
    Row,
    Shop,
    limit_of,
    person,
    sent,
)
from unit_tests.support.raises import raises

ADD, REMOVE = Operation.ADD, Operation.REMOVE
TEN = [person(str(number)) for number in range(10)]
FIRST: list[Row] = [("s", (number,), ADD, [one]) for number, one in enumerate(TEN)]


def begin(ledger: MembershipLedger, rows: list[Row], replaced: list[str], begun: int) -> tuple[Any, list[str]]:
    """Rows that are about to be sent, the first slice of them written ahead; and all of them in order."""
    for row in rows:
        ledger.record(*row)
    delta = ledger.diff(replaced)
    ledger.write_ahead(delta, begun)
    return delta, [one for _, piece, _ in ledger.pieces(delta, 0, delta.total, 3) for one in piece]


def manifest(shop: Shop) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((shop.folder / "manifest.json").read_bytes())["manifest"]
    return content


@pytest.mark.parametrize("replaced", [[], ["s"]])
@pytest.mark.parametrize("small_delta", [0, 100])
def test_what_was_accepted_is_not_sent_again_and_only_one_slice_is_in_doubt(
    shop: Shop, replaced: list[str], small_delta: int
) -> None:
    shop.sizes = Sizes(small_delta=small_delta)
    with shop.open() as ledger:
        delta, order = begin(ledger, FIRST, replaced, 3)
        ledger.advance(delta, [(0, 3)], 6, LIST)
        assert ledger.members == 3
    with shop.open() as ledger:
        assert (ledger.members, ledger.customer_list_id, ledger.is_in_doubt) == (3, LIST, True)
    delta, added, removed = shop.sync(FIRST, replaced)
    assert (added, removed) == ({*order[3:]}, set())
    assert (delta.members_before, delta.unconfirmed_before, delta.members_after) == (3, 3, 10)
    assert shop.sync(FIRST, ["s"])[0].is_empty
    assert not any(manifest(shop)[name] for name in ("sending", "maybes"))


def test_a_note_of_how_far_it_came_writes_no_file(shop: Shop) -> None:
    with shop.open() as ledger:
        delta, _ = begin(ledger, FIRST, [], 2)
        before = {path.name: path.stat().st_mtime_ns for path in shop.folder.glob("*.parquet")}
        for done in (2, 4, 6):
            ledger.advance(delta, [(0, done)], done + 2, LIST)
            assert manifest(shop)["sending"]["accepted"] == [[0, done]]
        assert {path.name: path.stat().st_mtime_ns for path in shop.folder.glob("*.parquet")} == before


def test_all_that_was_accepted_counts_also_where_something_before_it_was_not(shop: Shop) -> None:
    with shop.open() as ledger:
        delta, order = begin(ledger, FIRST, [], 9)
        ledger.advance(delta, [(0, 2), (4, 5), (7, 9)], 9, LIST)
    delta, added, _ = shop.sync(FIRST)
    assert added == {*order[2:4], *order[5:7], order[9]}
    assert (delta.members_before, delta.unconfirmed_before) == (5, 4)


def test_members_are_counted_once_however_what_was_accepted_grows_together(shop: Shop) -> None:
    with shop.open() as ledger:
        delta, _ = begin(ledger, FIRST, [], 9)
        for accepted, members in (
            ([(4, 5)], 1),
            ([(0, 2), (4, 5)], 3),
            ([(0, 5)], 5),
            ([(0, 5), (7, 8)], 6),
            ([(0, 4)], 4),
            ([(0, 8)], 8),
            ([], 0),
        ):
            ledger.advance(delta, accepted, 9, LIST)
            assert ledger.members == members


def test_a_first_fill_sends_once_what_rows_share_and_keeps_out_whom_another_row_objects_to(shop: Shop) -> None:
    shared, alone, objected, removed = TEN[:4]
    with shop.open() as ledger:
        for number, one in enumerate((shared, objected, shared, alone)):
            ledger.record("s", (number,), ADD, [one])
        ledger.object_to("s", (8,), [objected])
        ledger.record("t", (9,), REMOVE, [removed])
        delta = ledger.diff(["s"])
        assert sent(delta) == ({shared, alone}, {objected, removed})
        assert (delta.additions, delta.removals, delta.members_after, delta.objected) == (2, 2, 2, 1)


def test_when_all_was_accepted_nothing_is_in_doubt_though_it_was_not_committed(shop: Shop) -> None:
    with shop.open() as ledger:
        delta, _ = begin(ledger, FIRST, [], 10)
        ledger.advance(delta, [(0, 10)], 10, LIST)
    with shop.open() as ledger:
        assert (ledger.members, ledger.is_in_doubt) == (10, False)
    assert shop.sync(FIRST, ["s"])[0].is_empty


def test_removals_come_first_and_additions_by_the_first_row_of_each(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [TEN[0]]), ("s", (2,), ADD, [TEN[1]])])
    with shop.open() as ledger:
        rows: list[Row] = [
            ("s", (5,), ADD, [TEN[5]]),
            ("s", (1,), ADD, [TEN[6]]),
            ("s", (6,), ADD, [TEN[7]]),
            ("s", (5,), ADD, [TEN[8]]),  # In the place of the first row of its key.
            ("s", (2,), REMOVE, []),
        ]
        delta, order = begin(ledger, rows, [], 2)
        assert (delta.removals, {*order[:2]}) == (2, {TEN[0], TEN[1]})
        assert order[2:] == [TEN[8], TEN[6], TEN[7]]
        operations = [operation for operation, _, _ in ledger.pieces(delta, 1, 4, 9)]
        assert operations == [REMOVE, ADD]
        assert [ledger.first_row_after(number) for number in range(6)] == [0, 0, 1, 2, 3, 0]


def test_where_a_table_is_replaced_no_row_is_done_before_the_end(shop: Shop) -> None:
    with shop.open() as ledger:
        begin(ledger, FIRST, ["s"], 2)
        assert ledger.first_row_after(2) == 0


def test_a_row_that_only_moves_a_person_counts_at_once(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [TEN[0]])])
    with shop.open() as ledger:
        begin(ledger, [("s", (1,), REMOVE, []), ("s", (2,), ADD, [TEN[0]]), ("s", (3,), ADD, [TEN[1]])], [], 1)
    assert shop.sync([("s", (2,), REMOVE, []), ("s", (3,), ADD, [TEN[1]])])[1:] == ({TEN[1]}, {TEN[0]})


def test_a_key_that_moves_to_its_present_form_counts_at_once(shop: Shop) -> None:
    """Nothing is sent for it, and its row may not come again."""
    with shop.open() as ledger:
        ledger.describe_key("s", (ColumnType.INTEGER,))
        begin(ledger, [("s", ("1",), ADD, [TEN[0]])], [], 1)
    assert shop.sync([("s", (1,), ADD, [TEN[0]])])[1] == {TEN[0]}


def test_what_an_earlier_sync_left_in_doubt_is_so_until_it_is_sent_again(shop: Shop) -> None:
    with shop.open() as ledger:
        begin(ledger, FIRST, [], 10)
    with shop.open() as ledger:
        delta, order = begin(ledger, FIRST[:6], [], 2)
        assert (delta.unconfirmed_before, delta.removals) == (10, 4)  # Of four, no row has come again.
        ledger.advance(delta, [(0, 2)], 3, LIST)
    delta, added, removed = shop.sync([])
    assert (delta.members_before, delta.unconfirmed_before) == (0, 8)
    assert (added, removed) == (set(), {*TEN} - {*order[:2]})


def test_a_second_interruption_goes_on_from_the_first(shop: Shop) -> None:
    done: set[str] = set()
    for number in range(5):
        with shop.open() as ledger:
            assert ledger.members == 2 * number
            delta, order = begin(ledger, FIRST, ["s"], 2)
            assert len(order) == 10 - 2 * number
            assert not done & {*order}
            done |= {*order[:2]}
            ledger.advance(delta, [(0, 2)], 2, LIST)
    assert shop.sync(FIRST, ["s"])[0].is_empty


@pytest.mark.parametrize("small_delta", [0, 100])
def test_removals_that_were_accepted_are_not_sent_again(shop: Shop, small_delta: int) -> None:
    shop.sizes = Sizes(small_delta=small_delta)
    shop.sync(FIRST, ["s"])
    kept = FIRST[:4]
    with shop.open() as ledger:
        delta, order = begin(ledger, kept, ["s"], 2)
        assert delta.removals_by_absence == 6
        ledger.advance(delta, [(0, 2)], 4, LIST)
    delta, added, removed = shop.sync(kept, ["s"])
    assert (added, removed, delta.members_before, delta.removals_by_absence) == (set(), {*order[2:]}, 8, 4)
    # Whoever was gone and is back is somebody new.
    assert shop.sync(FIRST, ["s"])[1] == {*TEN[4:]}


def test_a_ledger_that_is_only_looked_at_shows_how_far_an_ended_sync_came(shop: Shop) -> None:
    with shop.open() as ledger:
        delta, _ = begin(ledger, FIRST, [], 3)
        ledger.advance(delta, [(0, 3)], 6, LIST)
    before = {path.name: path.read_bytes() for path in shop.folder.iterdir()}
    with shop.store().view(AD_ACCOUNT, AUDIENCE) as view:
        for row in FIRST:
            view.record(*row)
        delta = view.diff(["s"])
        assert (delta.additions, delta.members_before, delta.unconfirmed_before) == (7, 3, 3)
    assert {path.name: path.read_bytes() for path in shop.folder.iterdir()} == before


def test_an_ended_sync_is_kept_by_one_that_changes_something_else_or_nothing(shop: Shop) -> None:
    with shop.open() as ledger:
        delta, order = begin(ledger, FIRST, [], 3)
        ledger.advance(delta, [(0, 3)], 5, LIST)
    with shop.open() as ledger:
        delta = ledger.diff(is_whole=False)
        ledger.write_ahead(delta)
        ledger.commit(delta, LIST, marks={"s": "w1"})
    with shop.open() as ledger:
        assert (ledger.members, ledger.is_in_doubt) == (3, True)
        ledger.record("s", (77,), ADD, [person("new")])
        delta = ledger.diff(is_whole=False)
        ledger.write_ahead(delta)
        assert (sent(delta), delta.in_doubt) == (({person("new")}, set()), 2)
        ledger.commit(delta, LIST)
    assert shop.sync(FIRST)[1] == {*order[3:]}


def test_an_answer_to_what_was_not_asked_or_of_no_list_is_refused(shop: Shop) -> None:
    with shop.open() as ledger:
        empty = ledger.diff()
        with raises(Code.STORE_MISUSED, match="what it had not been asked to send"):
            ledger.advance(empty, [(0, 1)], 1, LIST)
        ledger.commit(empty, LIST)
        delta, _ = begin(ledger, FIRST, [], 3)
        with raises(Code.STORE_MISUSED):
            ledger.advance(delta, [(0, 3)], 6, None)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("change", range(1, 10))
def test_wherever_going_on_is_killed_nothing_that_counted_is_lost(shop: Shop, change: int, *, after: bool) -> None:
    shop.sizes = Sizes(small_delta=0)
    with shop.open() as ledger:
        delta, order = begin(ledger, FIRST, [], 3)
        ledger.advance(delta, [(0, 3)], 6, LIST)
    blobs = MortalBlobs(FolderBlobs(shop.root))
    ledger = shop.open(blobs=blobs)
    blobs.kill_in, blobs.kill_after = change, after
    try:
        delta, again = begin(ledger, FIRST, [], 4)
        assert again == order[3:]
        ledger.advance(delta, [(0, 4)], 7, LIST)
        ledger.commit(delta, LIST)
        blobs.die()
    except KilledError:
        pass
    delta, added, removed = shop.sync(FIRST, ["s"])
    assert removed == set()
    assert (delta.members_before, delta.members_after) in {(3, 10), (7, 10), (10, 10)}
    assert added == {*order[delta.members_before :]}
    assert shop.sync(FIRST, ["s"])[0].is_empty


def test_a_sync_of_several_audiences_has_room_to_compare_one_after_the_other(shop: Shop) -> None:
    """A share of the memory is enough to take rows, and too little to compare many."""
    store = shop.store(open_ledgers=99)
    with store.open(AD_ACCOUNT, AUDIENCE) as ledger, store.open(AD_ACCOUNT, "Others") as other:
        shares = limit_of(ledger._workspace), limit_of(other._workspace)
        delta, _ = begin(ledger, FIRST, [], 10)
        assert (limit_of(ledger._workspace), limit_of(other._workspace)) == ("160.0 MiB", shares[1])
        ledger.commit(delta, LIST)
        assert limit_of(ledger._workspace) == shares[0]
    with store.view(AD_ACCOUNT, AUDIENCE) as view:
        view.diff(["s"])
        assert limit_of(view._workspace) == shares[0]
