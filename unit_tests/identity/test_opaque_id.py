from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.identity.opaque_id import MAX_ID_CHARACTERS, read_opaque_id, read_opaque_ids
from destination_pinterest.identity.rejection import RejectionReason


@pytest.mark.parametrize(
    "given", ["XY1005wXyWPB1SgpMUKIpzA0I3UaLEz", "12-34_5.6/7=8+9:0", "aB" * 32, "x" * MAX_ID_CHARACTERS]
)
def test_an_id_is_sent_as_given(given: str) -> None:
    assert read_opaque_id(given) == given
    assert read_opaque_id(f" {given}\r\n") == given


@pytest.mark.parametrize("inside", [",", " ", "\t", "\n", "\u00a0", "\u200b", "\x00", "\x7f", "é", "\ud83d", "@"])
def test_a_character_that_would_split_or_spoil_the_records_is_refused(inside: str) -> None:
    assert read_opaque_id(f"XY{inside}1005") is RejectionReason.INVALID_ID


def test_a_plain_address_never_passes_for_an_id() -> None:
    assert read_opaque_id("ada@example.com") is RejectionReason.INVALID_ID


@pytest.mark.parametrize("characters", [MAX_ID_CHARACTERS + 1, 10_000_000])
def test_an_over_long_id_is_refused(characters: int) -> None:
    assert read_opaque_id("x" * characters) is RejectionReason.ID_TOO_LONG


def test_a_hash_of_nothing_is_refused() -> None:
    digest = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
    assert read_opaque_id(digest) is RejectionReason.HASH_OF_NOTHING


@pytest.mark.parametrize("blank", ["", "  ", "\ufeff\n"])
def test_a_blank_counts_as_null(blank: str) -> None:
    assert read_opaque_id(blank) is None


SIMPLE = ["XY1005", "12-34_5.6/7=8+9:0", "x" * MAX_ID_CHARACTERS]
ODD = [
    *("", " ", " XY1005", "XY1005\r", "XY\n1005", "\n", "XY,1005", "ada@example.com", "\u00e9", "x" * 257, "0" * 64),
    *(
        "__debezium_unavailable_value",
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "XY\u20281005",
    ),
]


@given(st.lists(st.sampled_from(SIMPLE) | st.sampled_from(SIMPLE + ODD) | st.text(max_size=5), max_size=6))
def test_many_ids_are_converted_as_one_by_one_or_left_to_that(values: list[str]) -> None:
    for value, found in zip(values, read_opaque_ids(values), strict=True):
        assert found is None or found == read_opaque_id(value)


def test_simple_ids_are_converted_at_once_whatever_else_is_there() -> None:
    assert read_opaque_ids([*SIMPLE, "", " XY1005", "XY,1005"]) == [*SIMPLE, None, None, None]
    assert read_opaque_ids([]) == []
