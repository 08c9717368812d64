"""What an ended sync was about to send, while the rows that it did so for have not all come again; and generations."""

from __future__ import annotations

import pytest

from destination_pinterest.membership import MembershipLedger
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import LIST, Shop, person, sent

ADD, REMOVE = Operation.ADD, Operation.REMOVE


def note(ledger: MembershipLedger, **holders: str) -> None:
    """Keys with the person whom each row names; a row without one is deleted."""
    for key, name in holders.items():
        ledger.record("s", [key], ADD if name else REMOVE, [person(name)] if name else [])


def die(shop: Shop, **holders: str) -> None:
    """A sync that ends when it has announced what it would send."""
    with shop.open() as ledger:
        note(ledger, **holders)
        ledger.write_ahead(ledger.diff())


def people(names: str) -> set[str]:
    return {person(name) for name in names}


def commit(ledger: MembershipLedger, *, is_whole: bool) -> tuple[set[str], set[str]]:
    delta = ledger.diff(is_whole=is_whole)
    ledger.write_ahead(delta)
    said = sent(delta)
    ledger.commit(delta, LIST)
    return said


def test_people_stay_in_doubt_over_epochs_and_syncs_until_their_rows_come_or_all_have(shop: Shop) -> None:
    die(shop, k1="a", k2="b", k3="c", k4="d")
    with shop.open() as ledger:
        note(ledger, k1="a")
        assert commit(ledger, is_whole=False) == (people("a"), set())
        note(ledger, k2="e")
        assert commit(ledger, is_whole=False) == (people("e"), set())
        assert ledger.is_in_doubt
    with shop.open() as ledger:
        note(ledger, k3="c")
        delta = ledger.diff(is_whole=False)
        assert (delta.in_doubt, delta.unconfirmed_before) == (2, 3)
        ledger.write_ahead(delta)
    with shop.open() as ledger:
        note(ledger, k3="c")
        assert commit(ledger, is_whole=True) == (people("c"), people("bd"))
        assert (ledger.is_in_doubt, ledger.members) == (False, 3)


def test_somebody_who_was_about_to_leave_is_not_added_again_in_between(shop: Shop) -> None:
    shop.sync([("s", [key], ADD, [person(name)]) for key, name in (("k1", "a"), ("k2", "b"))])
    die(shop, k1="", k2="")
    with shop.open() as ledger:
        note(ledger, k1="")
        assert commit(ledger, is_whole=False) == (set(), people("a"))
        assert commit(ledger, is_whole=False) == (set(), set())
        note(ledger, k2="")
        assert commit(ledger, is_whole=True) == (set(), people("b"))
        assert ledger.members == 0


def test_a_row_that_still_stands_when_all_have_come_brings_its_person_back(shop: Shop) -> None:
    shop.sync([("s", ["k1"], ADD, [person("a")])])
    die(shop, k1="")
    with shop.open() as ledger:
        assert commit(ledger, is_whole=False) == (set(), set())
        assert commit(ledger, is_whole=True) == (people("a"), set())


@pytest.mark.parametrize("names", ["a", "ab"])
def test_a_diff_may_be_asked_for_again(shop: Shop, names: str) -> None:
    shop.sync([("s", None, ADD, [person(name)]) for name in "ab"])
    with shop.open() as ledger:
        for name in names:
            ledger.record("s", None, ADD, [person(name)])
        assert ledger.diff(["s"]).removals == 2 - len(names)
        delta = ledger.diff()
        assert delta.is_empty
        ledger.commit(delta, LIST)
        assert ledger.members == 2


def test_generations_are_kept_by_stream_also_where_nothing_else_changed(shop: Shop) -> None:
    with shop.open() as ledger:
        ledger.commit(ledger.diff(["s"]), None, {"s": "generation 1"})
        ledger.commit(ledger.diff(["t"]), None, {"t": "generation 5"})
    with shop.open() as ledger:
        assert [ledger.generation_of(name) for name in "stu"] == ["generation 1", "generation 5", None]
        ledger.commit(ledger.diff(["s"]), None, {"s": "generation 2"})
        assert [ledger.generation_of(name) for name in "st"] == ["generation 2", "generation 5"]


def test_somebody_in_doubt_whom_a_row_holds_that_has_not_changed_is_brought_back_by_that_row(shop: Shop) -> None:
    shop.sync([("s", [key], ADD, [person(name)]) for key, name in (("k1", "a"), ("k2", "b"))])
    die(shop, k1="", k2="")
    with shop.open() as ledger:
        note(ledger, k1="a")
        assert commit(ledger, is_whole=False) == (people("a"), set())
        assert commit(ledger, is_whole=True) == (people("b"), set())
        assert ledger.members == 2
