"""Rows of which some columns are not given, and keys in another spelling."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_pinterest.membership import Delta, MembershipLedger
from destination_pinterest.membership.store_key import STRETCHINGS
from destination_pinterest.vocabulary import ColumnType, Operation
from unit_tests.membership import released
from unit_tests.membership.shop import LIST, Row, Shop, person, sent
from unit_tests.support.examples import examples

ADD, REMOVE = Operation.ADD, Operation.REMOVE
A, B, C, D = (person(name) for name in "abcd")
EMAIL, GAID = "email", "gaid"
LONG = "XY-" * 40

Recording = Callable[[MembershipLedger], None]


def epoch(shop: Shop, *recordings: Recording, replaced: tuple[str, ...] = ()) -> tuple[Delta, set[str], set[str]]:
    with shop.open() as ledger:
        for record in recordings:
            record(ledger)
        delta = ledger.diff(replaced)
        assert ledger.diff(replaced).unknown_unchanged == delta.unknown_unchanged
        delta = ledger.diff(replaced)
        ledger.write_ahead(delta)
        added, removed = sent(delta)
        ledger.commit(delta, LIST)
    return delta, added, removed


def given_row(key: Any = 1, **columns: str) -> Recording:
    """A whole row of these identifiers by column."""
    return lambda ledger: ledger.record("s", (key,), ADD, tuple(columns.values()), tuple(columns))


def partly(key: Any = 1, *, unchanged: tuple[str, ...], **columns: str) -> Recording:
    return lambda ledger: ledger.record_partly(
        "s", (key,), tuple(columns.values()), tuple(columns), unchanged
    )  # fmt: skip


def deleted(key: Any = 1) -> Recording:
    return lambda ledger: ledger.record("s", (key,), REMOVE, ())


@pytest.mark.parametrize("replaced", [(), ("s",)])
def test_a_row_keeps_the_identifier_of_a_column_that_is_not_given(shop: Shop, replaced: tuple[str, ...]) -> None:
    epoch(shop, given_row(email=A, gaid=B), replaced=replaced)
    delta, added, removed = epoch(shop, partly(unchanged=(EMAIL,), gaid=C), replaced=replaced)
    assert (added, removed, delta.unknown_unchanged) == ({C}, {B}, 0)
    delta, added, removed = epoch(shop, partly(unchanged=(EMAIL, GAID)), replaced=replaced)
    assert (delta.is_empty, delta.holdings_changed, delta.members_after) == (True, 0, 2)


def test_a_column_that_is_given_and_empty_lets_go_though_another_is_not_given(shop: Shop) -> None:
    epoch(shop, given_row(email=A, gaid=LONG))
    assert epoch(shop, partly(unchanged=(GAID,)))[1:] == (set(), {A})
    assert epoch(shop, partly(unchanged=(EMAIL,)))[1:] == (set(), {LONG})


def test_what_is_not_given_is_what_the_row_had_earlier_in_the_same_epoch(shop: Shop) -> None:
    epoch(shop, given_row(email=A, gaid=B))
    _, added, removed = epoch(
        shop, given_row(email=C, gaid=D), partly(unchanged=(EMAIL,), gaid=B), partly(unchanged=(EMAIL, GAID))
    )
    assert (added, removed) == ({C}, {A})


def test_a_row_that_was_deleted_in_between_keeps_nothing(shop: Shop) -> None:
    epoch(shop, given_row(email=A))
    delta, added, removed = epoch(shop, deleted(), partly(unchanged=(EMAIL,)))
    assert (added, removed, delta.unknown_unchanged) == (set(), {A}, 1)


def test_a_whole_row_after_one_that_is_not_decides(shop: Shop) -> None:
    epoch(shop, given_row(email=A))
    assert epoch(shop, partly(unchanged=(EMAIL,)), given_row(email=B))[1:] == ({B}, {A})
    assert epoch(shop, partly(unchanged=(EMAIL,)), deleted())[1:] == (set(), {B})


def test_a_row_that_keeps_what_nobody_knows_is_counted(shop: Shop) -> None:
    delta, added, _ = epoch(shop, partly(1, unchanged=(EMAIL,)), partly(2, unchanged=(EMAIL,), gaid=A))
    assert (added, delta.unknown_unchanged, delta.unresolved_deletions) == ({A}, 1, 0)


def test_an_identifier_of_several_columns_or_of_an_unknown_one_is_kept_with_any_of_them(shop: Shop) -> None:
    epoch(
        shop,
        lambda ledger: ledger.record("s", (1,), ADD, (A,), ("",)),
        lambda ledger: ledger.record("s", (2,), ADD, (B,)),
    )
    delta, _, removed = epoch(shop, partly(1, unchanged=(GAID,), email=C), partly(2, unchanged=(EMAIL,)))
    assert (removed, delta.members_after) == (set(), 3)


def test_who_is_withdrawn_is_not_kept(shop: Shop) -> None:
    epoch(shop, given_row(email=A))
    assert epoch(shop, partly(unchanged=(EMAIL,)), lambda ledger: ledger.remove_everywhere([A]))[2] == {A}


def test_columns_beyond_those_that_a_file_can_number_are_kept_together(shop: Shop) -> None:
    many = {f"email {number}": person(str(number)) for number in range(40)}
    epoch(shop, given_row(1, **many))
    delta, _, removed = epoch(shop, partly(1, unchanged=("email 38",)))
    assert removed == {many[f"email {number}"] for number in range(30)}
    assert delta.members_after == 10


def test_no_name_of_a_column_is_in_the_store_in_plain_text(shop: Shop) -> None:
    epoch(shop, given_row(**{"ada@example.com": A}))
    assert all(b"ada@example.com" not in path.read_bytes() for path in shop.folder.iterdir())


# A key, what its row has in each column (None: nothing; "=": not given), and whether the row is deleted.
StepOfRow = tuple[int, dict[str, str], bool]


def rows_of_an_epoch() -> st.SearchStrategy[list[StepOfRow]]:
    values = {column: st.sampled_from(["=", "", *(f"{column} {one}" for one in "xyz")]) for column in (EMAIL, GAID)}
    row = st.tuples(st.integers(0, 2), st.fixed_dictionaries(values), st.sampled_from([False, False, False, True]))
    return st.lists(row, max_size=6)


@given(st.lists(st.tuples(rows_of_an_epoch(), st.booleans()), min_size=1, max_size=5))
@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_rows_say_the_audience_has_what_they_hold(epochs: list[tuple[list[StepOfRow], bool]]) -> None:
    holds: dict[int, dict[str, str]] = {}
    members: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        for rows, is_replaced in epochs:
            recordings: list[Recording] = []
            mentioned = set()
            for key, values, is_deleted in rows:
                mentioned.add(key)
                here = {column: person(value) for column, value in values.items() if value not in ("", "=")}
                kept = [column for column, value in values.items() if value == "="]
                if is_deleted:
                    recordings.append(deleted(key))
                    holds[key] = {}
                    continue
                recordings.append(partly(key, unchanged=tuple(kept), **here) if kept else given_row(key, **here))
                before = holds.get(key, {})
                holds[key] = {**here, **{column: before[column] for column in kept if column in before}}
            if is_replaced:
                holds = {key: held for key, held in holds.items() if key in mentioned}
            _, added, removed = epoch(shop, *recordings, replaced=("s",) if is_replaced else ())
            members = (members | added) - removed
            assert members == {one for held in holds.values() for one in held.values()}


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column_type", "first", "second"),
    [
        (ColumnType.INTEGER, 1, "1"),
        (ColumnType.ANY, 1, 1.0),
        (ColumnType.NUMBER, "10.50", 10.5),
        (ColumnType.MOMENT, "2026-11-22T10:00:00+00:00", "2026-11-22T10:00:00.000Z"),
    ],
)
def test_a_deletion_finds_its_row_by_the_value_of_the_key(
    shop: Shop, column_type: ColumnType, first: Any, second: Any
) -> None:
    def described(ledger: MembershipLedger) -> None:
        ledger.describe_key("s", (column_type,))

    epoch(shop, described, given_row(first, email=A))
    assert epoch(shop, described, given_row(second, email=A))[0].holdings_changed == 0
    delta, _, removed = epoch(shop, described, deleted(second))
    assert (removed, delta.unresolved_deletions) == ({A}, 0)


@pytest.fixture
def former(shop: Shop) -> Shop:
    """The store of version 0.1.0, which digested keys as JSON spelled them."""
    for name, body in released.files().items():
        path = shop.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
    shop.stretchings = STRETCHINGS
    return shop


def continued(former: Shop, *rows: Row, replaced: tuple[str, ...] = ()) -> tuple[Delta, set[str], set[str]]:
    with former.open(audience=released.ORDERS) as ledger:
        for stream, types in released.KEY_TYPES.items():
            ledger.describe_key(stream, types)
        for row in rows:
            ledger.record(*row)
        delta = ledger.diff(replaced)
        ledger.write_ahead(delta)
        added, removed = sent(delta)
        ledger.commit(delta, LIST)
    return delta, added, removed


@pytest.mark.parametrize("replaced", [(), ("events", "orders")])
def test_unchanged_rows_of_the_released_version_are_taken_over_and_not_sent_again(
    former: Shop, replaced: tuple[str, ...]
) -> None:
    delta, *_ = continued(former, *released.SPELLED, replaced=replaced)
    # Holdings of five rows go from one digest of their keys to another, and nobody joins or leaves.
    assert (delta.is_empty, delta.holdings_changed, delta.members_after) == (True, 2 * 6, 7)
    assert continued(former, *released.SPELLED, replaced=replaced)[0].holdings_changed == 0


@pytest.mark.parametrize("replaced", [(), ("events", "orders")])
@pytest.mark.parametrize("is_taken_over", [False, True])
def test_deletions_by_key_find_the_people_of_the_released_version(
    former: Shop, replaced: tuple[str, ...], *, is_taken_over: bool
) -> None:
    if is_taken_over:
        continued(former, *released.SPELLED)
    gone = [(stream, key, REMOVE, ()) for stream, key, *_ in released.SPELLED]
    delta, _, removed = continued(former, *gone, replaced=replaced)
    assert removed == {one for *_, identifiers in released.SPELLED for one in identifiers}
    assert (delta.unresolved_deletions, delta.removals_by_absence, delta.members_after) == (0, 0, 0)


def test_a_changed_identity_of_the_released_version_takes_the_old_one_out_and_is_no_absence(former: Shop) -> None:
    rows: list[Row] = [(*row[:3], [B] if row[0] == "events" else row[3]) for row in released.SPELLED]
    delta, added, removed = continued(former, *rows, replaced=("events", "orders"))
    assert (added, removed) == (set(), {A, released.LONG})
    assert delta.removals_by_absence == 0


def test_a_row_of_the_released_version_keeps_what_is_not_given(former: Shop) -> None:
    with former.open(audience=released.ORDERS) as ledger:
        ledger.describe_key("events", (ColumnType.MOMENT,))
        ledger.record_partly("events", released.SPELLED[0][1] or (), (), (), (EMAIL,))
        ledger.record_partly("events", released.SPELLED[1][1] or (), (C,), (GAID,), (EMAIL,))
        delta = ledger.diff()
        assert (sent(delta), delta.unknown_unchanged, delta.members_after) == ((set(), set()), 0, 7)
