from __future__ import annotations

from datetime import date

import pytest

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.drift import IdentityFill
from destination_pinterest.audiences.remembered import (
    NOTHING,
    Intake,
    KnownMembers,
    Remembered,
    known_members,
    with_fill,
    with_further_rows,
    with_new_list,
)
from destination_pinterest.vocabulary import Identifier

DAY, LATER = date(2026, 11, 22), date(2026, 11, 29)


def intake(identifiers: int, *, is_whole: bool = True, rows: int = 1_000, day: date = LATER) -> Intake:
    return Intake(is_whole, IdentityFill(rows, {Identifier.EMAIL: 1.0}), identifiers, identifiers, day)


def customer_list(records: int | None, list_id: str = "77001234") -> CustomerList:
    return CustomerList(id=list_id, num_uploaded_user_records=records)


def members(identifiers: int, records: int | None, tail: str = "1234") -> Remembered:
    return Remembered(members=KnownMembers(identifiers, identifiers, records, tail, DAY))


def test_a_list_that_this_sync_filled_is_known_exactly() -> None:
    remembered = with_new_list(NOTHING, intake(500), list_id="77001234", records=620)
    assert remembered.members == KnownMembers(500, 500, 620, "1234", LATER)
    assert known_members(remembered.members, customer_list(620)) == (500, "counted without repeats on 2026-11-29")
    assert remembered.members is not None
    assert remembered.members.is_still_exact(customer_list(620))
    assert not remembered.members.is_still_exact(customer_list(621))


@pytest.mark.parametrize(
    ("known", "now", "expected"),
    [
        (members(500, 620), 700, 580),
        (members(500, 620), 100, 0),
        (members(500, 620), None, 500),
        (members(500, None), 9_000, 500),
        (members(500, 620, "9999"), 620, None),
        (NOTHING, 620, None),
    ],
)
def test_what_was_added_since_comes_from_pinterests_counters(
    known: Remembered, now: int | None, expected: int | None
) -> None:
    found = known_members(known.members, customer_list(now))
    assert (None if found is None else found[0]) == expected


def test_many_are_said_to_be_estimated() -> None:
    found = known_members(members(50_000, 50_000).members, customer_list(50_000))
    assert found == (50_000, "estimated without repeats on 2026-11-22")


@pytest.mark.parametrize(
    ("before", "found", "after"),
    [
        (NOTHING, 500, 500),
        (members(500, 500), 500, 500),
        (members(500, 500), 300, 500),
        (members(500, None), 600, 600),
        (members(500, None, "9999"), 300, 300),
    ],
)
def test_a_whole_pass_into_a_list_that_had_members_leaves_about_as_many_as_it_had(
    before: Remembered, found: int, after: int
) -> None:
    remembered = with_further_rows(before, intake(found), list_id="77001234")
    assert remembered.members == KnownMembers(after, found, None, "1234", LATER)


@pytest.mark.parametrize(("found", "is_whole"), [(520, True), (300, True), (0, True), (5_000, False)])
def test_a_pass_that_finds_nothing_much_new_and_an_increment_leave_the_count(found: int, is_whole: bool) -> None:
    remembered = with_further_rows(members(500, None), intake(found, is_whole=is_whole), list_id="77001234")
    assert remembered.members == members(500, None).members


def test_whole_passes_and_increments_are_remembered_apart_and_small_samples_not_at_all() -> None:
    remembered = with_fill(NOTHING, intake(1, is_whole=False, rows=200))
    assert (remembered.whole, remembered.increment) == (None, IdentityFill(200, {Identifier.EMAIL: 1.0}))
    assert with_fill(remembered, intake(1, rows=99)) == remembered
    both = with_fill(remembered, intake(1))
    assert (both.whole, both.increment) == (IdentityFill(1_000, {Identifier.EMAIL: 1.0}), remembered.increment)
    assert with_fill(both, intake(1, rows=1_100)) is both
