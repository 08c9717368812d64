from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import AD_ACCOUNT, AUDIENCE, LIST, Row, Shop, Withdrawal, person, record_all, sent
from unit_tests.support.raises import raises

ADD, REMOVE = Operation.ADD, Operation.REMOVE
A, B, C = person("a"), person("b"), person("c")
LONG = "XY-" * 40


def test_a_first_sync_adds_everybody_once(shop: Shop) -> None:
    delta, added, removed = shop.sync([("s", (1,), ADD, [A]), ("s", (2,), ADD, [A, B]), ("t", None, ADD, [B])])
    assert (added, removed) == ({A, B}, set())
    assert (delta.members_before, delta.members_after, delta.holdings_changed) == (0, 2, 4)
    with shop.open() as ledger:
        assert (ledger.members, ledger.customer_list_id, ledger.streams) == (2, LIST, ("s", "t"))


def test_an_unchanged_table_sends_and_writes_nothing(shop: Shop) -> None:
    rows: list[Row] = [("s", (1,), ADD, [A]), ("s", (2,), ADD, [LONG]), ("s", (3,), REMOVE, [C])]
    shop.sync(rows, ["s"])
    before = sorted(shop.folder.glob("*.parquet"))
    delta, added, removed = shop.sync(rows, ["s"])
    assert delta.is_empty
    assert (added, removed, delta.holdings_changed) == (set(), set(), 0)
    assert sorted(shop.folder.glob("*.parquet")) == before


def test_who_is_not_in_a_replaced_table_any_more_leaves_and_counts_as_absent(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A]), ("s", (2,), ADD, [B]), ("t", (1,), ADD, [C])])
    delta, added, removed = shop.sync([("s", (1,), ADD, [A])], ["s"])
    assert (added, removed) == (set(), {B})
    assert (delta.removals_by_absence, delta.members_before) == (1, 3)


def test_a_stream_that_is_replaced_by_nothing_lets_everybody_go(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A]), ("s", None, ADD, [B])])
    assert shop.sync([], ["s"])[2] == {A, B}


def test_a_changed_identity_removes_the_old_one_and_is_no_absence(shop: Shop) -> None:
    for replaced in ([], ["s"]):
        shop.sync([("s", (1,), ADD, [A])], ["s"])
        delta, added, removed = shop.sync([("s", (1,), ADD, [B])], replaced)
        assert (added, removed, delta.removals_by_absence) == ({B}, {A}, 0)


def test_a_row_that_is_nobody_any_more_lets_go(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A])])
    delta, _, removed = shop.sync([("s", (1,), ADD, [])])
    assert (removed, delta.unresolved_deletions) == ({A}, 0)


def test_an_identifier_leaves_with_the_last_row_that_holds_it(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A]), ("s", (2,), ADD, [A]), ("t", None, ADD, [A])])
    assert shop.sync([("s", (1,), REMOVE, [])])[2] == set()
    assert shop.sync([("s", (2,), REMOVE, [A])])[2] == set()
    assert shop.sync([("t", None, REMOVE, [A])])[2] == {A}


def test_a_deletion_by_key_alone_is_resolved_by_the_ledger_or_counted(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A])])
    delta, _, removed = shop.sync([("s", (1,), REMOVE, []), ("s", (2,), REMOVE, []), ("s", None, REMOVE, [])])
    assert (removed, delta.unresolved_deletions) == ({A}, 2)


def test_a_row_with_neither_key_nor_identifier_says_nothing(shop: Shop) -> None:
    delta, _, _ = shop.sync([("s", None, ADD, [])])
    assert (delta.is_empty, delta.holdings_changed, delta.unresolved_deletions) == (True, 0, 0)


def test_a_deletion_of_a_row_that_came_in_the_same_epoch_is_resolved(shop: Shop) -> None:
    delta, added, removed = shop.sync([("s", (1,), ADD, [A]), ("s", (1,), REMOVE, [])])
    assert (added, removed, delta.unresolved_deletions) == (set(), set(), 0)


def test_the_last_row_of_a_row_counts(shop: Shop) -> None:
    _, added, _ = shop.sync(
        [("s", (1,), ADD, [A]), ("s", (1,), ADD, [B]), ("s", None, REMOVE, [C]), ("s", None, ADD, [C])]
    )
    assert added == {B, C}


def test_who_is_named_in_a_removal_is_removed_though_the_ledger_does_not_know_them(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A])])
    delta, _, removed = shop.sync([("s", (7,), REMOVE, [B]), ("t", None, REMOVE, [C]), ("t", None, REMOVE, [A])])
    assert removed == {B, C}
    assert (delta.removals_of_nonmembers, delta.removals_by_absence, delta.members_after) == (2, 0, 1)


def test_a_standing_removal_is_sent_once_and_again_after_the_person_came_back(shop: Shop) -> None:
    gone: list[Row] = [("s", (1,), REMOVE, [A])]
    assert shop.sync(gone, ["s"])[2] == {A}
    assert shop.sync(gone, ["s"])[2] == set()
    assert shop.sync([*gone, ("t", (1,), ADD, [A])], ["s"])[1] == {A}
    assert shop.sync([*gone, ("t", (1,), REMOVE, [])], ["s"])[2] == {A}


def test_who_is_withdrawn_leaves_whatever_rows_hold_them_and_whoever_else_those_hold_stays(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A, B]), ("s", (2,), ADD, [A]), ("t", None, ADD, [A]), ("t", (1,), ADD, [C, LONG])])
    delta, added, removed = shop.sync([frozenset([A, LONG])])
    assert (added, removed, delta.holdings_changed) == (set(), {A, LONG}, 4)
    assert (delta.members_before, delta.members_after) == (4, 2)
    assert (delta.removals_of_nonmembers, delta.removals_by_absence) == (0, 0)
    # No row brings them back by standing there, nor does one that is deleted take them out once more.
    assert shop.sync([("s", (2,), REMOVE, []), ("s", (1,), REMOVE, [])])[1:] == (set(), {B})


def test_who_is_withdrawn_and_not_in_the_ledger_is_removed_every_time(shop: Shop) -> None:
    for _ in range(2):
        delta, added, removed = shop.sync([frozenset([A, B]), frozenset([A])])
        assert (added, removed, delta.holdings_changed, delta.members_after) == (set(), {A, B}, 0, 0)
        assert (delta.removals_of_nonmembers, delta.removals_by_absence) == (2, 0)
        assert shop.files() == ["manifest.json"]


def test_to_withdraw_nobody_says_nothing(shop: Shop) -> None:
    delta, _, _ = shop.sync([frozenset()])
    assert (delta.is_empty, delta.unresolved_deletions) == (True, 0)


@pytest.mark.parametrize("replaced", [[], ["s"], ["s", "t"]])
@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_withdrawal_wins_over_rows_of_its_epoch_before_and_after_it(
    shop: Shop, replaced: list[str], is_first: bool, at: int
) -> None:
    rows: list[Row | Withdrawal] = [("s", (1,), ADD, [A, B]), ("t", None, ADD, [A])]
    if not is_first:
        shop.sync([*rows, ("s", (2,), ADD, [A])])
    rows.insert(at, frozenset([A]))
    delta, added, removed = shop.sync(rows, replaced)
    assert (added, removed) == ({B} if is_first else set(), {A})
    assert (delta.members_after, delta.removals_by_absence) == (1, 0)
    assert delta.removals_of_nonmembers == is_first


def test_who_is_withdrawn_and_absent_from_a_replaced_table_does_not_count_as_absent(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A]), ("s", (2,), ADD, [B])])
    delta, _, removed = shop.sync([frozenset([A])], ["s"])
    assert (removed, delta.removals_by_absence) == ({A, B}, 1)


def test_a_table_that_still_has_who_was_withdrawn_adds_them_again_unless_they_are_withdrawn_again(shop: Shop) -> None:
    table: list[Row] = [("s", (1,), ADD, [A]), ("s", (2,), ADD, [B])]
    withdrawal = frozenset([A])
    shop.sync(table, ["s"])
    for _ in range(2):
        assert shop.sync([*table, withdrawal], ["s"])[1:] == (set(), {A})
    # A row alone is not the table: only who is said to be there comes.
    assert shop.sync([("s", (2,), ADD, [B])])[1:] == (set(), set())
    delta, added, removed = shop.sync(table, ["s"])
    assert (added, removed, delta.members_after) == ({A}, set(), 2)


def test_who_is_withdrawn_while_a_standing_removal_names_them_is_out_and_the_removal_stands(shop: Shop) -> None:
    gone: list[Row] = [("s", (1,), REMOVE, [A])]
    shop.sync([*gone, ("t", None, ADD, [A])], ["s"])
    delta, _, removed = shop.sync([*gone, frozenset([A])], ["s"])
    assert (removed, delta.holdings_changed, delta.members_after) == ({A}, 1, 0)
    delta, _, _ = shop.sync(gone, ["s"])
    assert (delta.is_empty, delta.holdings_changed) == (True, 0)


def test_a_withdrawal_takes_back_what_was_about_to_be_added_when_a_sync_ended(shop: Shop) -> None:
    with shop.open() as ledger:
        ledger.record("s", (1,), ADD, [A])
        ledger.record("s", (2,), ADD, [B])
        ledger.write_ahead(ledger.diff())
    delta, added, removed = shop.sync([("s", (1,), ADD, [A]), ("s", (2,), ADD, [B]), frozenset([A])])
    assert (added, removed) == ({B}, {A})
    assert (delta.unconfirmed_before, delta.removals_of_nonmembers, delta.removals_by_absence) == (2, 0, 0)
    assert shop.sync([])[0].is_empty


def test_a_withdrawal_decides_what_is_in_doubt_and_leaves_the_rest_of_it_so(shop: Shop) -> None:
    with shop.open() as ledger:
        ledger.record("s", (1,), ADD, [A])
        ledger.record("s", (2,), ADD, [B])
        ledger.write_ahead(ledger.diff())
    with shop.open() as ledger:
        assert ledger.is_in_doubt
        ledger.remove_everywhere([A])
        delta = ledger.diff(is_whole=False)
        ledger.write_ahead(delta)
        assert (sent(delta), delta.in_doubt, delta.removals_by_absence) == ((set(), {A}), 1, 0)
        ledger.commit(delta, LIST)
        assert ledger.is_in_doubt
    assert shop.sync([])[1:] == (set(), {B})
    with shop.open() as ledger:
        assert not ledger.is_in_doubt


def test_a_withdrawal_that_was_not_sent_to_its_end_is_forgotten_with_its_sync_and_the_table_made_good(
    shop: Shop,
) -> None:
    shop.sync([("s", (1,), ADD, [A])])
    with shop.open() as ledger:
        ledger.remove_everywhere([A])
        ledger.write_ahead(ledger.diff())
    delta, added, removed = shop.sync([])
    assert (added, removed, delta.members_after) == ({A}, set(), 1)


def test_a_withdrawal_is_for_its_epoch_alone(shop: Shop) -> None:
    with shop.open() as ledger:
        steps: list[tuple[Row | Withdrawal, tuple[set[str], set[str]]]] = [
            (("s", (1,), ADD, [A]), ({A}, set())),
            (frozenset([A]), (set(), {A})),
            (("s", (1,), ADD, [A]), ({A}, set())),
        ]
        for row, expected in steps:
            record_all(ledger, [row])
            delta = ledger.diff()
            ledger.write_ahead(delta)
            assert sent(delta) == expected
            ledger.commit(delta, LIST)
        assert ledger.members == 1


def test_many_are_withdrawn_from_a_base_and_what_changed_since(shop: Shop) -> None:
    shop.sizes = Sizes(batch=7, small_delta=2)
    everybody = [person(str(number)) for number in range(64)]
    shop.sync([("s", (number,), ADD, [one]) for number, one in enumerate(everybody)])
    shop.sync([("t", None, ADD, [everybody[0]])])
    assert shop.files() == ["base", "changes", "manifest.json"]
    assert shop.sync([frozenset(everybody[:1])])[2] == {everybody[0]}
    assert shop.files() == ["base", "changes", "manifest.json"]
    assert shop.sync([frozenset(everybody)])[2] == set(everybody)
    with shop.open() as ledger:
        assert ledger.members == 0


def test_several_epochs_make_one_sync(shop: Shop) -> None:
    with shop.open() as ledger:
        for row, expected in [
            (("s", (1,), ADD, [A]), ({A}, set())),
            (("s", (1,), ADD, [B]), ({B}, {A})),
            (("s", (1,), REMOVE, []), (set(), {B})),
        ]:
            ledger.record(*row)
            delta = ledger.diff()
            ledger.write_ahead(delta)
            assert sent(delta) == expected
            ledger.commit(delta, LIST)


def test_what_was_about_to_be_sent_when_a_sync_ended_is_sent_again_or_taken_back(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A])])
    with shop.open() as ledger:
        for row in [("s", (1,), ADD, [B]), ("s", (2,), ADD, [C])]:
            ledger.record(*row)
        ledger.write_ahead(ledger.diff())
    delta, added, removed = shop.sync([("s", (2,), ADD, [C])])
    # A was about to be removed and still holds; B was about to be added and nobody has it.
    assert (added, removed) == ({A, C}, {B})
    assert (delta.members_before, delta.unconfirmed_before, delta.members_after) == (1, 2, 2)
    assert delta.removals_by_absence == 1
    assert shop.files() == ["changes", "manifest.json"]


def test_a_sync_that_ends_before_it_begins_to_send_leaves_the_ledger_as_it_was(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A])])
    with shop.open() as ledger:
        ledger.record("s", (1,), ADD, [B])
        ledger.diff()
    delta, _, _ = shop.sync([])
    assert delta.is_empty


@pytest.mark.parametrize("replaced", [[], ["s"]])
def test_a_diff_may_be_left_at_that(shop: Shop, replaced: list[str]) -> None:
    shop.sync([("s", (1,), ADD, [A]), ("s", (2,), REMOVE, [C])], ["s"])
    before = {path.name: path.read_bytes() for path in shop.folder.glob("*.parquet")}
    with shop.open() as ledger:
        ledger.record("s", (1,), ADD, [B])
        ledger.remove_everywhere([C])
        assert not ledger.diff(replaced).is_empty
        assert (ledger.members, ledger.customer_list_id, ledger.streams) == (1, LIST, ("s",))
    assert {path.name: path.read_bytes() for path in shop.folder.glob("*.parquet")} == before
    # The next sync settles as if there had been none between, at once and without waiting.
    delta, added, removed = shop.sync([("s", (1,), ADD, [B])])
    assert (added, removed, delta.unconfirmed_before, shop.time.slept) == ({B}, {A}, 0, [])


def test_many_rows_are_flushed_and_read_back_in_chunks(shop: Shop) -> None:
    shop.sizes = Sizes(batch=7)
    everybody = [person(str(number)) if number % 5 else f"LiveRamp-{number:060}" for number in range(100)]
    _, added, _ = shop.sync([("s", (number,), ADD, [one]) for number, one in enumerate(everybody)])
    assert added == set(everybody)
    assert shop.sync([("s", (number,), REMOVE, []) for number in range(100)])[2] == set(everybody)


def test_a_large_change_writes_the_base_anew_and_a_small_one_does_not(shop: Shop) -> None:
    shop.sizes = Sizes(small_delta=2)
    shop.sync([("s", (number,), ADD, [person(str(number))]) for number in range(40)] + [("t", None, ADD, [A])])
    (base,) = shop.folder.glob("base-*")
    shop.sync([("s", (1,), REMOVE, []), ("s", (2,), ADD, [B])][:1])
    assert shop.files() == ["base", "changes", "manifest.json"]
    # What went comes again: base is right without a change.
    delta, added, _ = shop.sync([("s", (1,), ADD, [person("1")])])
    assert (added, delta.members_after, list(shop.folder.glob("base-*"))) == ({person("1")}, 41, [base])
    shop.sync([("s", (number,), REMOVE, []) for number in range(10)])
    assert shop.files() == ["base", "manifest.json"]
    assert not base.exists()
    delta, _, removed = shop.sync([("t", None, ADD, [A])], ["s", "t"])
    assert removed == {person(str(number)) for number in range(10, 40)}


def test_the_list_that_the_ledger_is_about_can_change_without_any_row(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A])])
    with shop.open() as ledger:
        ledger.commit(ledger.diff(), "99")
    with shop.open() as ledger:
        assert (ledger.customer_list_id, ledger.members) == ("99", 1)


def test_a_ledger_may_be_about_no_list_as_long_as_it_has_nobody(shop: Shop) -> None:
    rows: list[Row | Withdrawal] = [("s", (1,), REMOVE, [A]), frozenset([B])]
    assert shop.sync(rows, ["s"], list_id=None)[2] == {A, B}
    assert shop.sync([], list_id=None)[0].is_empty
    with shop.open() as ledger:
        assert (ledger.customer_list_id, ledger.members) == (None, 0)
        ledger.record("t", (1,), ADD, [C])
        delta = ledger.diff()
        with raises(Code.STORE_MISUSED, match="a customer list that does not exist"):
            ledger.commit(delta, None)
        ledger.write_ahead(delta)
        ledger.commit(delta, LIST)
    with shop.open() as ledger:
        assert (ledger.customer_list_id, ledger.members) == (LIST, 1)


def test_steps_in_another_order_are_refused(shop: Shop) -> None:
    with shop.open() as ledger:
        ledger.record("s", (1,), ADD, [A])
        old = ledger.diff()
        delta = ledger.diff()
        with raises(Code.STORE_MISUSED, match="not its last diff"):
            ledger.write_ahead(old)
        with raises(Code.STORE_MISUSED, match="between the diff"):
            ledger.record("s", (1,), ADD, [A])
        with raises(Code.STORE_MISUSED, match="between the diff"):
            ledger.remove_everywhere([A])
        ledger.commit(delta, LIST)
        with raises(Code.STORE_MISUSED, match="not its last diff"):
            ledger.commit(delta, LIST)


def test_the_private_folder_is_gone_after_the_sync_and_was_nobody_elses_to_read(shop: Shop, private: Path) -> None:
    with shop.open() as ledger:
        (folder,) = private.iterdir()
        assert folder.stat().st_mode & 0o077 == 0
    assert list(private.iterdir()) == []
    ledger.close()


def test_no_more_than_so_many_streams(shop: Shop) -> None:
    shop.sizes = Sizes(streams=1)
    with shop.open() as ledger:
        ledger.record("s", (1,), ADD, [A])
        with raises(Code.TOO_MANY_STREAMS, match="More than 1 streams"):
            ledger.record("t", (1,), ADD, [A])


def test_a_ledger_that_is_only_looked_at_compares_rows_and_stays_as_it_is(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A]), ("s", (2,), ADD, [B])])
    before = {path: path.read_bytes() for path in shop.folder.iterdir()}
    with shop.open() as at_work, shop.store().view(AD_ACCOUNT, AUDIENCE) as view:
        leased = {path: path.read_bytes() for path in shop.folder.iterdir()}
        record_all(view, [("s", (1,), ADD, [A]), ("s", (3,), ADD, [C])])
        delta = view.diff(["s"])
        assert (delta.additions, delta.removals, delta.members_before) == (1, 1, 2)
        assert (view.holds_lease, at_work.holds_lease) == (False, True)
        with raises(Code.STORE_BUSY):
            view.write_ahead(delta)
        assert {path: path.read_bytes() for path in shop.folder.iterdir()} == leased
    assert before.keys() == dict.fromkeys(shop.folder.iterdir(), b"").keys()


class BusyBlobs(FolderBlobs):
    """A folder in which another sync replaces the files once, after its manifest was read and before they are."""

    def __init__(self, root: Path, meanwhile: Callable[[], object]) -> None:
        super().__init__(root)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def fetch(self, name: str, folder: Path) -> Path | None:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().fetch(name, folder)


def test_a_ledger_that_a_sync_changes_while_it_is_looked_at_is_looked_at_again(shop: Shop) -> None:
    shop.sizes = Sizes(small_delta=0)
    shop.sync([("s", (1,), ADD, [A])])
    busy = BusyBlobs(shop.root, lambda: shop.sync([("s", (2,), ADD, [B]), ("s", (3,), ADD, [C])]))
    with shop.store(blobs=busy).view(AD_ACCOUNT, AUDIENCE) as view:
        assert view.members == 3
        shop.sync([("s", (number,), ADD, [person(str(number))]) for number in range(9)])
        record_all(view, [("s", (1,), ADD, [A])])
        assert view.diff(["s"]).removals == 2


def test_a_manifest_that_is_only_looked_at_takes_no_change(shop: Shop) -> None:
    shop.sync([("s", (1,), ADD, [A])])
    with shop.store().view(AD_ACCOUNT, AUDIENCE) as view, raises(Code.STORE_MISUSED, match="only looked at"):
        view._leased.update(lambda manifest: manifest)


def test_what_leaves_in_one_row_with_the_forgotten_is_added_again_and_until_then_in_doubt(shop: Shop) -> None:
    phone, customer, neighbour = "@p" + person("phone"), "@xC-5", person("neighbour")
    with shop.open() as ledger:
        ledger.record("s", (5,), ADD, [phone, customer])
        ledger.record("s", (6,), ADD, [phone, neighbour])
        ledger.record("s", (7,), ADD, [A])
        ledger.write_ahead(delta := ledger.diff(sends_people=True))
        ledger.commit(delta, LIST)
    with shop.open() as ledger:
        assert ledger.forget([[phone]]) == 1
    for is_committed in (False, True):
        with shop.open() as ledger:
            delta = ledger.added_again(lambda: 0)  # type: ignore[assignment]
            assert delta is not None
            assert (sent(delta), delta.members_after) == (({customer, neighbour}, set()), 3)
            ledger.write_ahead(delta)
            if is_committed:
                ledger.commit(delta, LIST)
    with shop.open() as ledger:
        assert ledger.added_again(lambda: 0) is None
