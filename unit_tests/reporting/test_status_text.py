from __future__ import annotations

import itertools

import pytest

from destination_pinterest.reporting.status_text import status_text

MATCHING = "Matching is running, which takes Pinterest 24 to 48 hours: status and size will still change."
TOO_SMALL = "Fewer than 100 people are matched, so it can't be targeted."
CREATED_LATER = "A sync creates the audience once Pinterest allows it."
NO_SIZE = "Pinterest gives no size yet."


@pytest.mark.parametrize(
    ("list_status", "audience_status", "size", "said", "not_said"),
    [
        ("PROCESSING", "READY", 500, [MATCHING], [NO_SIZE, "It can be targeted."]),
        ("PROCESSING", "INITIALIZING", None, [MATCHING, NO_SIZE], ["building"]),
        ("PROCESSING", "TOO_SMALL", 12, [MATCHING], ["fewer than 100"]),
        ("UPLOADING", "INITIALIZING", None, ["still importing the list", NO_SIZE], [MATCHING]),
        ("TOO_SMALL", "TOO_SMALL", 12, [TOO_SMALL, "otherwise add more"], [NO_SIZE]),
        ("READY", "TOO_SMALL", 12, ["the audience has fewer than 100 people"], [TOO_SMALL, NO_SIZE]),
        ("READY", "INITIALIZING", None, ["building the audience", NO_SIZE], [MATCHING]),
        ("READY", "READY", None, ["It can be targeted.", NO_SIZE], ["missing from its size"]),
        ("READY", "READY", 500, ["It can be targeted.", "may still be missing from its size"], [NO_SIZE]),
        ("BRAND_NEW", "READY", 500, ["It can be targeted."], [MATCHING]),
        (None, "READY", 500, ["It can be targeted."], []),
        ("READY", "BRAND_NEW", None, [NO_SIZE], ["targeted"]),
    ],
)
def test_each_pair_of_statuses_says_what_will_change(
    list_status: str | None, audience_status: str, size: int | None, said: list[str], not_said: list[str]
) -> None:
    text = status_text(list_status, audience_status, size, has_audience=True) or ""
    assert [part for part in said if part not in text] == []
    assert [part for part in not_said if part in text] == []
    assert CREATED_LATER not in text


@pytest.mark.parametrize("list_status", ["PROCESSING", "TOO_SMALL", "READY", "BRAND_NEW"])
def test_a_list_without_an_audience_gets_one_later(list_status: str) -> None:
    text = status_text(list_status, None, None, has_audience=False) or ""
    assert text.endswith(CREATED_LATER)
    assert NO_SIZE not in text


def test_statuses_that_nobody_knows_speak_for_themselves() -> None:
    assert status_text("BRAND_NEW", "BRANDED", 500, has_audience=True) is None
    assert status_text(None, None, None, has_audience=True) is None


def test_an_audience_that_was_just_replaced_may_have_the_size_of_before() -> None:
    text = status_text("PROCESSING", "READY", 500, has_audience=True, was_replaced=True) or ""
    assert text == f"{MATCHING} Until the new customer list is matched, the size may be that of the one before."
    assert "one before" not in (status_text("PROCESSING", "READY", None, has_audience=True, was_replaced=True) or "")


def test_nothing_is_said_twice() -> None:
    statuses = ("PROCESSING", "UPLOADING", "TOO_SMALL", "READY", "INITIALIZING", "OTHER", None)
    for list_status, audience_status, size in itertools.product(statuses, statuses, (None, 0, 500)):
        sentences = (status_text(list_status, audience_status, size, has_audience=True) or "").split(". ")
        assert len(sentences) == len(set(sentences)) <= 4
