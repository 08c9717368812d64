from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_sandbox.entities import UserListOperation
from pinterest_sandbox.members import Member, parse_records
from pinterest_sandbox.rows import Removal, Row, RowBatch, Rows, apply_rows, remove_by_records, row_matches

PHONE, DIGEST = "b" * 64, "a" * 64
JANE: Row = (("email", "jane@example.com"), ("hashed_phone_number", PHONE))
JOE: Row = (("email", "joe@example.com"), ("hashed_phone_number", PHONE))


class AList:
    def __init__(self, *rows: Row) -> None:
        self.members: set[Member] = set()
        self.rows = Rows()
        self.change("ADD", *rows)

    def change(self, operation: UserListOperation, *rows: Row, by: Removal = "any") -> None:
        apply_rows(self.members, self.rows, operation, RowBatch(rows, by))


def test_rows_that_share_an_identifier_are_two_people_and_the_same_row_twice_is_one() -> None:
    people = AList(JANE, JOE, JANE)
    assert list(people.rows) == [JANE, JOE]


@pytest.mark.parametrize("by", ["any", "all"])
def test_one_identifier_takes_out_everybody_who_has_it_whatever_a_removal_asks_for(by: Removal) -> None:
    people = AList(JANE, JOE)
    people.change("REMOVE", (("hashed_phone_number", PHONE),), by=by)
    assert len(people.rows) == 0
    people = AList(JANE, JOE)
    people.change("REMOVE", (("email", "jane@example.com"),), by=by)
    assert list(people.rows) == [JOE]


@pytest.mark.parametrize(("by", "left"), [("any", []), ("all", [JOE])])
def test_several_identifiers_take_out_who_has_any_or_only_who_has_all(by: Removal, left: list[Row]) -> None:
    people = AList(JANE, JOE)
    people.change("REMOVE", JANE, by=by)
    assert list(people.rows) == left


def test_removal_by_all_asks_for_no_more_than_the_row_that_was_sent() -> None:
    wider = (*JANE, ("external_id", "7"))
    people = AList(wider)
    people.change("REMOVE", (*JANE, ("external_id", "8")), by="all")
    assert list(people.rows) == [wider]
    people.change("REMOVE", JANE, by="all")
    assert list(people.rows) == []


@pytest.mark.parametrize("hint", ["ip_address", "user_agent"])
def test_an_address_of_the_network_or_a_browser_means_nobody_by_itself(hint: str) -> None:
    person = (("email", "jane@example.com"), (hint, "x"))
    people = AList(person)
    people.change("REMOVE", ((hint, "x"),))
    people.change("REMOVE", (("email", "joe@example.com"), (hint, "x")))
    assert list(people.rows) == [person]
    assert not row_matches(((hint, "x"),), 1.0)


@pytest.mark.parametrize("field", ["email", "maid", "hashed_pinner_id"])
def test_a_row_of_nothing_but_what_records_carries_is_the_same_person_in_both_forms(field: str) -> None:
    people = AList(((field, DIGEST),))
    assert (people.members, len(people.rows)) == (set(parse_records(DIGEST).members), 0)
    people.change("REMOVE", ((field, DIGEST),), by="all")
    assert people.members == set()


def test_records_takes_out_rows_with_that_value_and_a_row_takes_out_members() -> None:
    people = AList(JANE, (("maid", DIGEST), ("external_id", "7")))
    people.members.update(parse_records("jane@example.com,joe@example.com").members)
    remove_by_records(people.rows, parse_records(f"{DIGEST},{PHONE}").members)
    assert list(people.rows) == [JANE]
    people.change("REMOVE", JANE)
    assert (people.members, len(people.rows)) == ({"joe@example.com"}, 0)


def test_a_value_with_a_comma_is_a_row_since_records_could_not_carry_it() -> None:
    row = (("email", "a,b@example.com"),)
    people = AList(row)
    assert (people.members, list(people.rows)) == (set(), [row])


@pytest.mark.parametrize(
    ("row", "known"),
    [
        ((("email", "jane@example.com"),), True),
        ((("email", "Jane@example.com"),), False),
        ((("email", "Jane@example.com"), ("external_id", "CRM-7")), True),
        ((("hashed_phone_number", PHONE),), True),
        ((("hashed_phone_number", "+49 89 123456"),), False),
        ((("liveramp_envelope", "QWlUMXBn"),), True),
        ((("maid", "AEBE52E7-03EE-455A-B3C4-E57283966239"),), True),
    ],
)
def test_a_person_is_known_by_any_identifier_in_a_form_that_can_be_matched(row: Row, known: bool) -> None:
    assert row_matches(row, 1.0) is known
    assert not row_matches(row, 0.0)


def test_no_identifier_is_shown_where_a_batch_is_printed() -> None:
    assert repr(RowBatch((JANE, JOE), "any")) == "RowBatch(count=2)"


FIELDS = st.sampled_from(["email", "external_id", "hashed_phone_number", "user_agent"])
ROWS = st.dictionaries(FIELDS, st.sampled_from(["1", "2"]), min_size=1, max_size=3).map(
    lambda row: tuple(sorted(row.items()))
)
CHANGES = st.lists(st.tuples(st.sampled_from(["ADD", "any", "all"]), ROWS), max_size=12)


def leaves(person: Row, removed: Row, by: str) -> bool:
    """Whether a removal means a person: the rule in its plainest form."""
    shared = set(person) & set(removed)
    if by == "all" and len(removed) > 1:
        return shared == set(removed)
    return any(field != "user_agent" for field, _ in shared)


@given(CHANGES)
def test_whatever_is_added_and_removed_those_are_left_whom_no_later_removal_meant(
    changes: list[tuple[str, Row]],
) -> None:
    people = AList()
    expected: set[Row] = set()
    for kind, row in changes:
        if kind == "ADD":
            people.change("ADD", row)
            expected.add(row)
        else:
            people.change("REMOVE", row, by="any" if kind == "any" else "all")
            expected = {person for person in expected if not leaves(person, row, kind)}
    ordinary = {person for person in expected if len(person) == 1 and person[0][0] == "email"}
    assert set(people.rows) == expected - ordinary
    assert people.members == {person[0][1] for person in ordinary}
