from __future__ import annotations

import hashlib

import pytest

from destination_pinterest.identity.digest import (
    HASHES_OF_NOTHING,
    HEX_DIGITS,
    ZERO_UUID,
    looks_hashed,
    read_digest,
    read_digest_or,
)
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import ValueFormat

HASHED = tuple(HEX_DIGITS)


def digest_of(text: str, algorithm: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


@pytest.mark.parametrize("hash_format", HASHED)
def test_a_digest_of_the_declared_kind_is_sent_in_lower_case(hash_format: ValueFormat) -> None:
    digest = digest_of("ada@example.com", hash_format)
    assert read_digest(hash_format)(f" {digest.upper()}\n") == digest


@pytest.mark.parametrize("hash_format", HASHED)
@pytest.mark.parametrize("other", HASHED)
def test_a_digest_of_another_kind_is_no_digest_of_the_declared_kind(
    hash_format: ValueFormat, other: ValueFormat
) -> None:
    digest = digest_of("ada@example.com", other)
    expected = digest if hash_format is other else RejectionReason.INVALID_HASH
    assert read_digest(hash_format)(digest) == expected


@pytest.mark.parametrize("plain", ["ada@example.com", "6d92078a-8246-4ba4-ae5b-76104861e7dc"])
def test_a_plain_value_in_a_hashed_column_is_named_as_such(plain: str) -> None:
    assert read_digest(ValueFormat.SHA256)(plain) is RejectionReason.NOT_HASHED


@pytest.mark.parametrize(
    "value", ["0x" + "ab" * 31, "xab" * 32, "g" * 64, "ab" * 31, "a" * 65, "\uff41" * 64, "a" * 43]
)
def test_what_is_nearly_a_digest_is_an_invalid_hash(value: str) -> None:
    assert read_digest(ValueFormat.SHA256)(value) is RejectionReason.INVALID_HASH


@pytest.mark.parametrize("hash_format", HASHED)
def test_a_blank_in_a_hashed_column_counts_as_null(hash_format: ValueFormat) -> None:
    assert read_digest(hash_format)(" \u200b") is None


@pytest.mark.parametrize("hash_format", HASHED)
@pytest.mark.parametrize("nothing", ["", " ", "null", "None", "NaN", ZERO_UUID])
def test_the_hash_of_nothing_is_refused(hash_format: ValueFormat, nothing: str) -> None:
    digest = digest_of(nothing, hash_format)
    assert read_digest(hash_format)(digest.upper()) is RejectionReason.HASH_OF_NOTHING


@pytest.mark.parametrize("hash_format", HASHED)
def test_a_digest_of_zeros_is_refused(hash_format: ValueFormat) -> None:
    assert read_digest(hash_format)("0" * HEX_DIGITS[hash_format]) is RejectionReason.HASH_OF_NOTHING


def test_the_best_known_hashes_of_nothing_are_among_them() -> None:
    assert {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "d41d8cd98f00b204e9800998ecf8427e",
    } <= HASHES_OF_NOTHING


@pytest.mark.parametrize("digits", [32, 40, 64, 128])
def test_hexadecimal_digits_in_the_number_of_a_hash_look_hashed(digits: int) -> None:
    assert looks_hashed("aF" * (digits // 2))
    assert not looks_hashed("a" * (digits + 1))
    assert not looks_hashed("a" * (digits - 1))
    assert not looks_hashed("g" * digits)


def test_auto_takes_sha256_for_a_digest_and_leaves_the_rest_to_the_plain_conversion() -> None:
    seen: list[str] = []

    def plain(value: str) -> str:
        seen.append(value)
        return "plain"

    convert = read_digest_or(plain)
    assert convert(f"  {'AB' * 32} ") == "ab" * 32
    assert convert("0" * 64) is RejectionReason.HASH_OF_NOTHING
    assert seen == []
    others = ["", "ada@example.com", "ab" * 20, "ab" * 16, "ab" * 64, "g" * 64]
    assert [convert(other) for other in others] == ["plain"] * len(others)
    assert seen == others
