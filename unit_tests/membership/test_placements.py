from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from destination_pinterest.membership.manifest import NamedAudience
from destination_pinterest.membership.placements import PlacementIndex
from unit_tests.membership.shop import Shop

ACCOUNT, TEMPLATE = "549755885175", "{segment}"
NAMES = tuple(NamedAudience(name) for name in ("a", "b", "c", "d"))
# By key the audiences of a row; None for a row that stays where it is.
Said = list[tuple[int, Sequence[int] | None]]


def record(index: PlacementIndex, said: Said, stream: str = "s") -> None:
    for row, (key, audiences) in enumerate(said, start=1):
        if audiences is None:
            index.record_kept(row, stream, [key])
        else:
            index.record(row, stream, [key], audiences)
    index.compare()


def settled(shop: Shop, said: Said) -> None:
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, said)
    index.write_ahead(NAMES)
    index.commit(NAMES)
    index.close()


def leavers(index: PlacementIndex) -> dict[int, list[int]]:
    return {row: list(audiences) for row, audiences in index.vacated()}


def test_a_row_that_moves_leaves_where_it_was(shop: Shop) -> None:
    settled(shop, [(1, [0]), (2, [0, 1])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, [2]), (2, [1])])
    assert leavers(index) == {1: [0], 2: [0]}
    index.close()


def test_a_row_that_stays_leaves_nothing(shop: Shop) -> None:
    settled(shop, [(1, [0]), (2, [0, 1])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, [0]), (2, [1, 0])])
    assert leavers(index) == {}
    index.close()


def test_a_row_that_moves_twice_before_it_is_settled_leaves_all_but_the_last(shop: Shop) -> None:
    settled(shop, [(1, [0])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, [1]), (1, [2]), (1, [3])])
    assert leavers(index) == {3: [0, 1, 2]}
    index.close()


def test_where_an_earlier_row_of_the_key_was_in_between_is_told_apart_from_where_it_was_before(shop: Shop) -> None:
    settled(shop, [(1, [0]), (2, [0])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, [1]), (1, [2]), (2, None), (2, [])])
    assert dict(index.vacated()) == {2: {0: False, 1: True}, 4: {0: True}}
    index.close()


def test_a_row_that_stays_where_it_is_is_found_there(shop: Shop) -> None:
    settled(shop, [(1, [0, 1])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, None), (1, [2]), (1, None), (9, None), (1, []), (1, None)])
    assert list(index.kept()) == [(1, [0, 1]), (3, [2]), (4, []), (6, [])]
    assert leavers(index) == {5: [0, 1, 2]}
    index.close()


def test_streams_have_keys_of_their_own(shop: Shop) -> None:
    settled(shop, [(1, [0])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, [1])], stream="other")
    assert leavers(index) == {}
    index.close()


def test_after_a_crash_a_row_is_known_where_it_was_and_where_it_was_going(shop: Shop) -> None:
    settled(shop, [(1, [0])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, [1])])
    index.write_ahead(NAMES)
    index.close()
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, [])])
    assert leavers(index) == {1: [0, 1]}
    index.close()


def test_a_row_stays_known_in_audiences_that_are_not_settled(shop: Shop) -> None:
    settled(shop, [(1, [0]), (2, [1])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, [2]), (2, [2])])
    index.write_ahead(NAMES)
    index.commit(NAMES, unsettled=[0])
    index.close()
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, []), (2, [])])
    assert leavers(index) == {1: [0, 2], 2: [2]}
    index.close()


def test_rows_that_a_replaced_stream_lacks_are_nowhere(shop: Shop) -> None:
    settled(shop, [(1, [0]), (2, [1]), (3, [1])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, [0]), (3, None)])
    index.write_ahead(NAMES)
    index.commit(NAMES, replaced={"s": None})
    index.close()
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    record(index, [(1, []), (2, []), (3, [])])
    assert leavers(index) == {1: [0], 3: [1]}
    index.close()


def test_names_stay_with_their_numbers(shop: Shop) -> None:
    settled(shop, [(1, [0])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    assert index.audiences == NAMES
    record(index, [])
    more = (*NAMES, NamedAudience("e", ("s",), is_empty=True))
    index.write_ahead(more)
    index.close()
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    assert index.audiences == more
    index.close()


def test_nothing_is_written_if_nothing_changes(shop: Shop) -> None:
    settled(shop, [(1, [0]), (2, [])])
    index = shop.store().open_placements(ACCOUNT, TEMPLATE)
    before = index._leased.manifest.sequence
    record(index, [(1, [0]), (2, []), (1, None)])
    index.write_ahead(NAMES)
    index.commit(NAMES)
    assert index._leased.manifest.sequence == before
    index.close()


@pytest.mark.parametrize("seed", range(4))
def test_rows_are_always_known_at_least_where_they_are(seed: int, shop: Shop) -> None:
    """A model of rows that move, with ends at every step: what it has is found again, and nothing after a whole end."""
    chance = Random(seed)
    at: dict[int, set[int]] = {}
    may_be: dict[int, set[int]] = {}
    for _ in range(6):
        index = shop.store().open_placements(ACCOUNT, TEMPLATE)
        said: Said = []
        now = {key: set(places) for key, places in at.items()}
        touched: dict[int, set[int]] = {}
        for _ in range(chance.randrange(12)):
            key = chance.randrange(6)
            audiences = (
                None
                if chance.random() < 0.2 and may_be.get(key, set()) == at.get(key, set())
                else [place for place in range(4) if chance.random() < 0.4]
            )
            said.append((key, audiences))
            if audiences is not None:
                now[key] = set(audiences)
                touched[key] = touched.get(key, set()) | now[key]
        record(index, said)
        last = {key: row for row, (key, audiences) in enumerate(said, start=1) if audiences is not None}
        expected = {
            row: sorted((may_be.get(key, set()) | touched[key]) - now[key])
            for key, row in last.items()
            if (may_be.get(key, set()) | touched[key]) - now[key]
        }
        assert leavers(index) == expected
        end = chance.random()
        if end > 0.2:
            index.write_ahead(NAMES)
            for key in touched:
                may_be[key] = may_be.get(key, set()) | now[key]
        if end > 0.5:
            index.commit(NAMES)
            for key in touched:
                may_be[key] = set(now[key])
            at = now
        index.close()
