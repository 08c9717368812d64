from __future__ import annotations

from destination_pinterest.delivery.people import Place, merged, split
from destination_pinterest.vocabulary import Identifier, Operation

EMAIL, MAID, LR_ID = Identifier.EMAIL, Identifier.GAID, Identifier.LR_ID


def test_a_person_is_a_row_only_if_something_of_it_needs_one() -> None:
    people = {"e1": Place(1, EMAIL), "@pf1": Place(1), "e2": Place(2, EMAIL), "m2": Place(2, MAID), "e3": None}
    records, rows = split(Operation.ADD, people)
    assert sorted(records) == ["e2", "e3", "m2"]
    assert rows == [{"email": "e1", "hashed_phone_number": "f1"}]
    assert merged(people) == 1


def test_what_has_no_place_in_a_row_goes_beside_it() -> None:
    people = {
        "e1": Place(1, EMAIL),
        "e2": Place(1, EMAIL),
        "@pf1": Place(1),
        "@pf2": Place(1),
        "XY1": Place(1, LR_ID),
        "?": Place(1, None),
    }
    records, rows = split(Operation.ADD, people)
    assert records == ["e2", "XY1", "?"]
    assert rows == [{"email": "e1", "hashed_phone_number": "f1"}, {"hashed_phone_number": "f2"}]
    assert merged(people) == 1


def test_a_removal_has_one_identifier_a_row() -> None:
    people = {"e1": Place(1, EMAIL), "@pf1": Place(1), "@xC-1": Place(1)}
    assert split(Operation.REMOVE, people) == (["e1"], [{"hashed_phone_number": "f1"}, {"external_id": "C-1"}])


def test_an_identifier_that_is_nobodys_is_a_row_of_its_own() -> None:
    assert split(Operation.ADD, {"@lAB": None, "e": None}) == (["e"], [{"liveramp_envelope": "AB"}])
