from __future__ import annotations

import hashlib

import pytest

from destination_pinterest.identity.identifiers import ALL_FORMATS, IDENTIFIERS
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat

ADVERTISING_IDS = (Identifier.GAID, Identifier.IDFA, Identifier.MAID)
GIVEN_IDS = (Identifier.LR_ID, Identifier.DLX_ID, Identifier.HASHED_PINNER_ID)
UUID = "6d92078a-8246-4ba4-ae5b-76104861e7dc"


def sha256_hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_every_identifier_has_a_row() -> None:
    assert set(IDENTIFIERS) == set(Identifier)


def test_every_format_has_an_identifier_that_comes_in_it() -> None:
    assert set(ALL_FORMATS) == set(ValueFormat)


@pytest.mark.parametrize("identifier", Identifier)
def test_auto_is_a_format_of_every_identifier(identifier: Identifier) -> None:
    assert ValueFormat.AUTO in IDENTIFIERS[identifier].formats


@pytest.mark.parametrize("identifier", Identifier)
def test_every_format_of_an_identifier_has_a_conversion_that_takes_a_blank_for_null(identifier: Identifier) -> None:
    rule = IDENTIFIERS[identifier]
    assert [rule.conversion(value_format, LetterCase.LOWER)(" ") for value_format in rule.formats] == [None] * len(
        rule.formats
    )


@pytest.mark.parametrize("value_format", [ValueFormat.AUTO, ValueFormat.PLAIN])
def test_a_plain_address_is_hashed(value_format: ValueFormat) -> None:
    convert = IDENTIFIERS[Identifier.EMAIL].conversion(value_format, LetterCase.UPPER)
    assert convert(" ADA@example.com") == sha256_hex("ada@example.com")


@pytest.mark.parametrize("identifier", ADVERTISING_IDS)
@pytest.mark.parametrize("value_format", [ValueFormat.AUTO, ValueFormat.PLAIN])
def test_a_plain_advertising_id_is_hashed_in_the_chosen_case(identifier: Identifier, value_format: ValueFormat) -> None:
    convert = IDENTIFIERS[identifier].conversion(value_format, LetterCase.UPPER)
    assert convert(UUID) == sha256_hex(UUID.upper())


@pytest.mark.parametrize("identifier", [Identifier.EMAIL, *ADVERTISING_IDS])
def test_a_sha256_digest_passes_in_auto_and_is_refused_in_plain(identifier: Identifier) -> None:
    rule = IDENTIFIERS[identifier]
    digest = sha256_hex("ada@example.com")
    assert rule.conversion(ValueFormat.AUTO, LetterCase.LOWER)(digest.upper()) == digest
    assert rule.conversion(ValueFormat.PLAIN, LetterCase.LOWER)(digest) is RejectionReason.ALREADY_HASHED


@pytest.mark.parametrize("identifier", [Identifier.EMAIL, *ADVERTISING_IDS])
def test_identifiers_that_are_hashed_come_in_every_format(identifier: Identifier) -> None:
    assert IDENTIFIERS[identifier].formats == ALL_FORMATS
    assert IDENTIFIERS[identifier].may_be_hashed


@pytest.mark.parametrize("identifier", GIVEN_IDS)
def test_identifiers_that_are_sent_as_given_come_in_no_hash_of_ours(identifier: Identifier) -> None:
    rule = IDENTIFIERS[identifier]
    assert not rule.may_be_hashed
    assert rule.conversion(ValueFormat.AUTO, LetterCase.LOWER)("Xy_1005") == "Xy_1005"


def test_a_hashed_pinner_id_has_no_plain_form() -> None:
    assert IDENTIFIERS[Identifier.HASHED_PINNER_ID].formats == (ValueFormat.AUTO,)
