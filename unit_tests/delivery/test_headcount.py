from __future__ import annotations

import hashlib

import pytest

from destination_pinterest.audiences.remembered import EXACT_UP_TO
from destination_pinterest.delivery.headcount import DistinctCount, Headcount
from destination_pinterest.vocabulary import Identifier


def digests(count: int, name: str = "user") -> list[str]:
    return [hashlib.sha256(f"{name}{number}@example.com".encode()).hexdigest() for number in range(count)]


def test_repeats_do_not_count() -> None:
    count = DistinctCount()
    for _ in range(3):
        count.add(digests(500))
    assert int(count) == 500


def test_who_left_again_does_not_count() -> None:
    count = DistinctCount()
    count.add(digests(500))
    count.remove(digests(100))
    count.remove(digests(100, "stranger"))
    assert int(count) == 400


@pytest.mark.parametrize("people", [50_000, 300_000])
def test_many_are_counted_within_about_a_percent_in_little_memory(people: int) -> None:
    count = DistinctCount()
    for _ in range(2):
        count.add(digests(people))
    assert abs(int(count) - people) < 0.03 * people
    assert len(count._kept) <= EXACT_UP_TO


def test_the_same_identifiers_give_the_same_count_in_any_order() -> None:
    forward, backward = DistinctCount(100), DistinctCount(100)
    forward.add(digests(3_000))
    for digest in reversed(digests(3_000)):
        backward.add([digest])
    assert int(forward) == int(backward)


def test_a_row_is_one_person_however_many_identifiers_it_has() -> None:
    headcount = Headcount({Identifier.EMAIL, Identifier.GAID})
    emails, phones = digests(10), digests(10, "phone")
    headcount.add_rows(emails[:5])
    for row in zip(emails[3:], phones, strict=False):
        headcount.add_row(row)
    assert (headcount.members, headcount.people) == (17, 10)
    headcount.remove_row([emails[9], phones[6]])
    headcount.add_rows([emails[0]])
    assert (headcount.members, headcount.people) == (15, 9)


def test_ids_that_are_sent_as_given_are_counted_alike() -> None:
    headcount = Headcount({Identifier.LR_ID})
    headcount.add_rows([f"XY{number:08}" for number in range(60_000)])
    assert abs(headcount.members - 60_000) < 1_800
    headcount.add_row(["XY00000001", "\ud800"])
    headcount.remove_row(["XY00000001"])
    assert headcount.people <= headcount.members


def test_a_frozen_count_stays_what_it_was_and_keeps_nobody() -> None:
    headcount = Headcount([Identifier.EMAIL])
    headcount.add_row(["a" * 64, "b" * 64])
    headcount.add_row(["c" * 64])
    headcount.freeze()
    assert (headcount.members, headcount.people) == (3, 2)
    assert not headcount._members._kept
