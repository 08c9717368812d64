from __future__ import annotations

from collections.abc import Collection

import pytest

from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.audiences.description_mark import for_exclusion, is_for_exclusion, with_mark
from destination_pinterest.audiences.description_text import DEFAULT_TEXT
from destination_pinterest.audiences.list_kinds import KnownList, known_lists
from destination_pinterest.audiences.remembered import NOTHING


def known(
    name: str, *audiences: Audience, remembered: Collection[str] = (), exclusions: Collection[str] = ()
) -> KnownList:
    kept = Audience(id="90", name="Kept", description=DEFAULT_TEXT)
    made_of = {"1": list(audiences), "2": [kept]}
    lists = [CustomerList(id="1", name=name), CustomerList(id="2", name="Kept [generation 2, job 3]")]
    return known_lists(lists, made_of, remembered, exclusions)[0]


def audience(description: str | None = None, name: str = "VIP") -> Audience:
    return Audience(id="7", name=name, description=description)


@pytest.mark.parametrize(
    "description", [DEFAULT_TEXT, "Mine [dp1:w10,E900]", "Mine [dp-name1:0a1b2c3d4e5f]", "[dp9:?]"]
)
def test_a_list_is_ours_if_its_audience_says_so(description: str) -> None:
    assert known("VIP", audience(description)).kind == "ours"


def test_a_list_is_ours_if_the_membership_store_knows_it_or_its_name_has_our_label() -> None:
    assert known("VIP", audience("by hand"), remembered={"1"}).kind == "ours"
    assert known("VIP [dp2 shop: generation 1, job 2]", audience("by hand")).kind == "ours"


def test_a_list_of_which_nothing_says_that_it_is_ours_is_another_s() -> None:
    assert known("VIP", audience("by hand")).kind == "other"
    assert known("VIP").kind == "other"


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("VIP [dp2: generation 1, job 2]", "VIP"),
        ("VIP [dp2 shop-eu: started 2026-11-22 10:00:00 UTC, 00ff]", "VIP"),
        ("VIP [generation 1, job 2]", "VIP"),
        ("Kept", "Kept"),
    ],
)
def test_a_list_that_no_audience_is_made_of_is_left_over_of_the_audience_in_its_name(name: str, of: str) -> None:
    found = known(name)
    assert (found.kind, found.left_over_of, found.audience) == ("left_over", of, of)


@pytest.mark.parametrize("name", ["VIP [dp2: list 1001 waits]", "VIP [dp2: audience made]"])
def test_a_note_holds_nobody(name: str) -> None:
    assert known(name).kind == "note"


def test_an_audience_is_for_exclusion_if_its_mark_or_the_settings_say_so() -> None:
    marked = with_mark("Staff", for_exclusion(NOTHING))
    assert is_for_exclusion(marked)
    assert known("Staff", audience(marked)).kind == "exclusion"
    assert known("Staff", audience(DEFAULT_TEXT, "Staff"), exclusions=["Staff"]).kind == "exclusion"
    assert known("Staff", audience(DEFAULT_TEXT), audience(marked)).kind == "exclusion"


def test_a_list_is_called_by_its_name_or_id_and_those_of_its_audiences() -> None:
    found = known("VIP [dp2: generation 1, job 2]", audience(name="Renamed"))
    assert all(found.is_called(name) for name in ("1", "7", "Renamed", "VIP [dp2: generation 1, job 2]"))
    assert not found.is_called("VIP")
    assert known("VIP [dp2: generation 1, job 2]").is_called(" VIP ")
