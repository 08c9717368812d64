from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.identity.advertising_id import hash_advertising_id
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import LetterCase

MIXED = "6D92078a-8246-4BA4-ae5b-76104861E7DC"


@pytest.mark.parametrize(
    ("case", "hashed"),
    [(LetterCase.LOWER, MIXED.lower()), (LetterCase.UPPER, MIXED.upper()), (LetterCase.AS_IS, MIXED)],
)
def test_an_id_is_brought_to_the_chosen_case_and_hashed(case: LetterCase, hashed: str) -> None:
    expected = hashlib.sha256(hashed.encode()).hexdigest()
    assert hash_advertising_id(case)(MIXED) == expected
    assert hash_advertising_id(case)(f"\ufeff {MIXED}\n") == expected


@given(st.uuids())
def test_every_uuid_but_the_zero_one_is_hashed_in_lower_case(uuid: object) -> None:
    expected = hashlib.sha256(str(uuid).encode()).hexdigest()
    assert hash_advertising_id(LetterCase.LOWER)(str(uuid).upper()) == expected


@pytest.mark.parametrize(
    "zeros", ["00000000-0000-0000-0000-000000000000", "0" * 32, " 00000000-0000-0000-0000-000000000000 "]
)
def test_the_zero_id_of_refused_tracking_is_refused(zeros: str) -> None:
    assert hash_advertising_id(LetterCase.LOWER)(zeros) is RejectionReason.ZERO_MAID


@pytest.mark.parametrize(
    "value",
    [
        MIXED.replace("-", ""),
        f"{{{MIXED}}}",
        f"urn:uuid:{MIXED}",
        MIXED[:-1],
        MIXED + "0",
        MIXED.replace("6D", "6G"),
        MIXED.replace("6D", "\ufb006"),
        MIXED.replace("6", "\u0666"),
        MIXED.replace("-", "\u2010"),
        MIXED.replace("-", " "),
        f"{MIXED},{MIXED}",
        "ada@example.com",
        "0",
        "-",
        "\ud83d",
        "a" * 10_000_000,
    ],
    ids=lambda value: value[:45].encode("ascii", "backslashreplace").decode(),
)
def test_what_is_no_uuid_with_hyphens_is_refused(value: str) -> None:
    assert hash_advertising_id(LetterCase.UPPER)(value) is RejectionReason.INVALID_ADVERTISING_ID


@pytest.mark.parametrize("digits", [40, 64, 128])
def test_a_digest_in_a_plain_column_is_named_as_such(digits: int) -> None:
    assert hash_advertising_id(LetterCase.LOWER)("aB" * (digits // 2)) is RejectionReason.ALREADY_HASHED


@pytest.mark.parametrize("blank", ["", " ", "\t\u200b"])
def test_a_blank_counts_as_null(blank: str) -> None:
    assert hash_advertising_id(LetterCase.LOWER)(blank) is None
