from __future__ import annotations

from datetime import date

import pytest

from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.audiences.description_text import (
    DEFAULT_TEXT,
    LONGEST_TEXT,
    filled,
    first_description,
    is_revised,
    plain_text,
    revised,
)
from destination_pinterest.audiences.remembered import NOTHING, KnownMembers, Remembered
from destination_pinterest.protocol.catalog import StreamKey

COUNTED = Remembered(members=KnownMembers(5, 5, 5, "1001", date(2026, 11, 27)))
OWN = first_description("Ours", NOTHING)
NAME_MARK = " [dp-name1:0a1b2c3d4e5f]"


@pytest.mark.parametrize(
    ("template", "streams", "text"),
    [
        (None, [("shop", "users")], None),
        ("From {stream}", [("shop", "users")], "From users"),
        ("{namespace}: {stream}", [("shop", "users"), ("shop", "orders")], "shop: users, orders"),
        ("From {stream} in {namespace}", [(None, "users")], "From users in"),
        ("{namespace}", [(None, "users")], None),
        ("{stream}", [], None),
        ("{stream}", [(None, "x [dp1:w5,E1000]")], "x"),
        ("{stream}", [(None, "{namespace}")], "{namespace}"),
    ],
)
def test_a_template_is_filled_with_the_names_of_the_streams(
    template: str | None, streams: list[tuple[str | None, str]], text: str | None
) -> None:
    assert filled(template, [StreamKey(*each) for each in streams]) == text


def test_a_text_that_is_too_long_is_cut() -> None:
    text = filled("{stream}", [StreamKey(None, "x" * 999)])
    assert text is not None
    assert (len(text), text[-1]) == (LONGEST_TEXT, "…")


def test_without_a_template_an_audience_gets_the_connectors_sentence_and_no_digest() -> None:
    assert first_description(None, NOTHING) == DEFAULT_TEXT
    assert revised(DEFAULT_TEXT, None, COUNTED) == f"{DEFAULT_TEXT} [dp1:m5,5,5,1001,261127]"


@pytest.mark.parametrize("before", [None, "", DEFAULT_TEXT, OWN, f"{DEFAULT_TEXT}{NAME_MARK}"])
def test_the_connectors_own_text_and_none_at_all_are_replaced(before: str | None) -> None:
    after = revised(before, "New", COUNTED)
    assert plain_text(after) == "New"
    assert read_mark(after).members == COUNTED.members
    assert (NAME_MARK in after) == (NAME_MARK in (before or ""))
    assert not is_revised(after, "New", COUNTED)


@pytest.mark.parametrize(
    "before", ["Somebody's words", OWN.replace("Ours", "Ours, and more"), OWN.replace("Ours ", ""), "x [dp2:later]"]
)
def test_a_persons_text_stays(before: str) -> None:
    assert plain_text(revised(before, "New", COUNTED)) == plain_text(before)


def test_a_text_whose_blanks_pinterest_changed_is_the_connectors_own_still() -> None:
    assert plain_text(revised(OWN.replace("Ours ", "Ours   "), "New", NOTHING)) == "New"
