from __future__ import annotations

import pytest

from destination_pinterest.identity.opaque_id import MAX_ID_CHARACTERS, read_opaque_id
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
