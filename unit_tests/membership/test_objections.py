"""Rows without consent: nobody holds what they object to, in whichever order rows, epochs and streams come."""

from __future__ import annotations

from collections.abc import Callable

from destination_pinterest.membership import MembershipLedger
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import LIST, Shop, person, sent

ADD, REMOVE = Operation.ADD, Operation.REMOVE
A, B, LONG = person("a"), person("b"), "XY-" * 40
Say = Callable[[MembershipLedger], None]


def holds(key: int | None, *identifiers: str, stream: str = "s") -> Say:
    return lambda ledger: ledger.record(stream, None if key is None else (key,), ADD, identifiers)


def gone(key: int, stream: str = "s") -> Say:
    return lambda ledger: ledger.record(stream, (key,), REMOVE, ())


def objects(
    key: int | None, *identifiers: str, stream: str = "s", unchanged: tuple[str, ...] = (), lasts: bool = False
) -> Say:
    return lambda ledger: ledger.object_to(stream, None if key is None else (key,), identifiers, unchanged, lasts=lasts)


def epoch(shop: Shop, *words: Say, replaced: tuple[str, ...] = ()) -> tuple[set[str], set[str], int]:
    """Who is added and who is removed, and how many members there are afterwards."""
    with shop.open() as ledger:
        for word in words:
            word(ledger)
        delta = ledger.diff(replaced)
        ledger.write_ahead(delta)
        added, removed = sent(delta)
        ledger.commit(delta, LIST)
    return added, removed, delta.members_after


def test_who_does_not_consent_leaves_in_whichever_order_the_rows_come(shop: Shop) -> None:
    for first, second in ((holds(1, A), objects(2, A)), (objects(2, A), holds(1, A))):
        assert epoch(shop, first, second, replaced=("s",)) == (set(), {A}, 0)
        epoch(shop, replaced=("s",))


def test_an_objection_stands_while_only_the_other_row_comes_again(shop: Shop) -> None:
    assert epoch(shop, holds(1, A, B)) == ({A, B}, set(), 2)
    assert epoch(shop, objects(2, A)) == (set(), {A}, 1)
    assert epoch(shop, holds(1, A, B)) == (set(), set(), 1)
    assert epoch(shop, holds(3, A, stream="t")) == (set(), set(), 1)


def test_once_the_row_consents_or_is_gone_others_hold_again(shop: Shop) -> None:
    epoch(shop, holds(1, A), objects(2, A), objects(3, A))
    assert epoch(shop, gone(2)) == (set(), set(), 0)
    assert epoch(shop, holds(3, B)) == ({A, B}, set(), 2)


def test_a_row_that_comes_to_consent_holds_what_it_objected_to(shop: Shop) -> None:
    epoch(shop, objects(1, LONG))
    assert epoch(shop, holds(1, LONG)) == ({LONG}, set(), 1)
    assert epoch(shop, objects(1, LONG)) == (set(), {LONG}, 0)


def test_an_objection_that_has_not_changed_sends_nothing(shop: Shop) -> None:
    epoch(shop, holds(1, A), objects(2, A), replaced=("s",))
    assert epoch(shop, holds(1, A), objects(2, A), replaced=("s",)) == (set(), set(), 0)


def test_an_objection_ends_with_the_table_that_no_longer_has_it(shop: Shop) -> None:
    epoch(shop, holds(1, A), objects(2, A), objects(None, B, lasts=True), holds(None, B))
    assert epoch(shop, holds(1, A), holds(None, B), replaced=("s",)) == ({A, B}, set(), 2)


def test_without_a_key_an_objection_lasts_or_ends_with_the_next_word_as_is_wanted(shop: Shop) -> None:
    epoch(shop, objects(None, A, lasts=True), objects(None, B))
    assert epoch(shop, holds(None, A), holds(None, B)) == ({B}, set(), 1)


def test_a_row_objects_to_what_it_had_in_columns_that_are_empty_now(shop: Shop) -> None:
    def given(ledger: MembershipLedger) -> None:
        ledger.record("s", (1,), ADD, (A, B), ("email", "email 2"))

    epoch(shop, given, holds(2, A))
    assert epoch(shop, objects(1, unchanged=("email",))) == (set(), {A, B}, 0)


def test_a_row_that_consents_keeps_what_it_objected_to_in_a_column_that_is_not_given(shop: Shop) -> None:
    epoch(shop, objects(1, A))
    with shop.open() as ledger:
        ledger.record_partly("s", (1,), (), (), ("email",))
        assert sent(ledger.diff()) == ({A}, set())


def test_a_row_that_can_not_be_used_may_keep_what_it_has_even_in_a_table_that_is_replaced(shop: Shop) -> None:
    def given(ledger: MembershipLedger) -> None:
        ledger.record("s", (1,), ADD, (A,), ("email",))

    def kept(ledger: MembershipLedger) -> None:
        ledger.record_kept("s", (1,), ("email",))
        ledger.record_kept("s", (2,), ("email",))

    epoch(shop, given)
    with shop.open() as ledger:
        kept(ledger)
        delta = ledger.diff(["s"])
        assert (sent(delta), delta.members_after) == ((set(), set()), 1)
        assert (delta.unknown_unchanged, delta.unresolved_deletions) == (0, 0)


def test_who_is_held_back_is_counted(shop: Shop) -> None:
    with shop.open() as ledger:
        for word in (holds(1, A, B), objects(2, A)):
            word(ledger)
        assert ledger.diff().objected == 1
