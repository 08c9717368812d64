from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from destination_pinterest.identity.phone_number import hash_phone_number, is_country
from destination_pinterest.identity.rejection import RejectionReason

HASHED = hashlib.sha256(b"14155550100").hexdigest()


@pytest.mark.parametrize(
    "given",
    [
        "+14155550100",
        " +1 (415) 555-0100\r\n",
        "+1.415.555.0100",
        "\u202a+1\u00a0415\u2011555\u20110100\u202c",
        "\uff0b\uff11\uff14\uff11\uff15\uff15\uff15\uff15\uff10\uff11\uff10\uff10",
        "TEL:+1-415-555-0100",
        "'+14155550100",
    ],
)
def test_every_way_of_writing_a_number_gives_the_hash_of_its_digits(given: str) -> None:
    assert hash_phone_number("")(given) == HASHED
    assert hash_phone_number("DE")(given) == HASHED


@pytest.mark.parametrize("given", ["(415) 555-0100", "4155550100", "1 415 555 0100", "14155550100", "0114915112345678"])
def test_a_number_without_a_country_code_is_judged_by_the_default_country_alone(given: str) -> None:
    assert isinstance(hash_phone_number("US")(given), str)
    assert hash_phone_number("")(given) is RejectionReason.PHONE_WITHOUT_COUNTRY


@pytest.mark.parametrize(
    "given",
    [
        "555-0100",
        "911",
        "0",
        "+1 415 555 0100 x5",
        "+14155550100;ext=5",
        "1-800-FLOWERS",
        "+1 999 999 9999 99",
        "ada@example.com",
        "unknown",
        "+",
        "1" * 10_000,
        "+1 415 555 0100, +1 415 555 0101",
    ],
)
def test_what_is_not_one_valid_number_is_refused(given: str) -> None:
    assert hash_phone_number("US")(given) is RejectionReason.INVALID_PHONE


def test_an_undeclared_hash_is_told_from_a_number() -> None:
    assert hash_phone_number("US")(hashlib.md5(b"14155550100").hexdigest()) is RejectionReason.ALREADY_HASHED


def test_a_zero_that_belongs_to_the_number_stays_behind_the_country_code() -> None:
    assert hash_phone_number("IT")("06 1234 5678") == hashlib.sha256(b"390612345678").hexdigest()


@pytest.mark.parametrize(("code", "known"), [("US", True), ("DE", True), ("UK", False), ("us", False), ("XX", False)])
def test_a_country_is_one_that_has_phone_numbers(code: str, *, known: bool) -> None:
    assert is_country(code) == known


def test_connections_without_phone_numbers_never_load_the_library() -> None:
    program = (
        "import sys; from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper; "
        "from destination_pinterest.vocabulary import Identifier; "
        "IdentityMapper([IdentityColumn('email', Identifier.EMAIL)]).map(['ada@example.com']); "
        "sys.exit('phonenumbers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
