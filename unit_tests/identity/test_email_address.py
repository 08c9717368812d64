from __future__ import annotations

import hashlib
import itertools

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, rfc_constants, validate_email
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.digest import read_digest_or
from destination_pinterest.identity.email_address import (
    EMAIL_MAX_LENGTH,
    RESERVED_LABELS,
    SIMPLE_EMAIL,
    SIMPLE_MAX_CHARACTERS,
    hash_any_email,
    hash_email,
    hash_simple_emails,
    normalise_email,
)
from destination_pinterest.identity.rejection import RejectionReason
from unit_tests.support.examples import examples

ANY_TEXT = st.text(alphabet=st.characters())  # half surrogate pairs included, unlike st.text() alone
ATOMS = st.text("abz09_+'!#$%&*/=?^`{|}~-", min_size=1, max_size=8)
LABELS = st.text("anxz059", min_size=1, max_size=9)
TOP_LABELS = st.sampled_from(["com", "uk", "localhosts", "contest", "io"]) | st.text("abz9", min_size=1, max_size=8)
RESERVED = st.sampled_from(SPECIAL_USE_DOMAIN_NAMES)
# Made to fall on both sides of the pattern's edge: addresses, and addresses with one place spoilt.
ADDRESSES = st.builds(
    lambda atoms, first, others, top: f"{'.'.join(atoms)}@{first}{''.join(others)}.{top}",
    st.lists(ATOMS, min_size=1, max_size=3),
    LABELS,
    st.lists(st.builds("{}{}".format, st.sampled_from([".", ".", "-"]), LABELS), max_size=3),
    TOP_LABELS,
)
NEARLY_SIMPLE = (
    ADDRESSES
    | st.builds(
        lambda address, where, what: f"{address[:where]}{what}{address[where:]}",
        ADDRESSES,
        st.integers(0, 30),
        st.sampled_from(["", *".-@_+ \n\x00\u212a\u0130\u200bé,;\"'<", "..", "xn--", "--", "a" * 30]),
    )
    | st.builds("ada@{}.{}".format, LABELS, RESERVED)
)


def is_simple(text: str) -> bool:
    return len(text) <= SIMPLE_MAX_CHARACTERS and SIMPLE_EMAIL.fullmatch(text) is not None


def by_the_library(address: str) -> str:
    """The library's normalised form. Raises: EmailNotValidError."""
    validated = validate_email(address, check_deliverability=False)
    return f"{validated.local_part}@{validated.ascii_domain}"


def sha256_hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def never(_: str) -> None:
    raise AssertionError("a simple address must not need the slow path")


@settings(max_examples=examples(400), deadline=None)
@given(NEARLY_SIMPLE.map(str.lower))
def test_what_the_pattern_accepts_the_library_accepts_unchanged(text: str) -> None:
    assume(is_simple(text))
    assert by_the_library(text) == text


def test_every_short_domain_that_the_pattern_accepts_the_library_accepts_unchanged() -> None:
    domains = ("".join(letters) for size in range(7) for letters in itertools.product("a1.-", repeat=size))
    accepted = [text for domain in domains if is_simple(text := f"ada@{domain}.co")]
    assert len(accepted) > 500
    assert [by_the_library(text) for text in accepted] == accepted


def test_every_short_local_part_that_the_pattern_accepts_the_library_accepts_unchanged() -> None:
    locals_ = ("".join(letters) for size in range(5) for letters in itertools.product("a0.-+'@ ", repeat=size))
    accepted = [text for local in locals_ if is_simple(text := f"{local}@example.com")]
    assert len(accepted) > 500
    assert [by_the_library(text) for text in accepted] == accepted


def test_every_character_that_the_pattern_accepts_the_library_accepts_unchanged() -> None:
    characters = [chr(code) for code in range(0x3100)]
    accepted = [text for one in characters for text in (f"{one}@example.com", f"a@{one}.com") if is_simple(text)]
    assert len(accepted) == (26 + 10 + 18) + (26 + 10)
    assert [by_the_library(text) for text in accepted] == accepted


@settings(max_examples=examples(300), deadline=None)
@given(NEARLY_SIMPLE | ANY_TEXT | st.emails())
def test_an_address_is_refused_exactly_if_the_library_refuses_it(text: str) -> None:
    outcome = normalise_email(text)
    try:
        expected = by_the_library(strip_blanks(text).lower())
        assume(not expected.startswith("'"))  # a spreadsheet's mark of a text, which cell.py takes away
    except EmailNotValidError:
        assert not outcome or isinstance(outcome, RejectionReason)
    else:
        assert outcome == expected


@settings(deadline=None)
@given(NEARLY_SIMPLE | ANY_TEXT | st.emails())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise_email(text)
    assume(once and not isinstance(once, RejectionReason))
    assert normalise_email(once) == once


@settings(deadline=None)
@given(NEARLY_SIMPLE | st.emails(), st.sampled_from(["", " ", "\t\r\n", "\u00a0", "\ufeff", "\u200b "]))
def test_letter_case_and_blanks_around_make_no_difference(text: str, blank: str) -> None:
    assume(text.isascii())
    assert hash_any_email(f"{blank}{text.upper()}{blank}") == hash_any_email(text)


@settings(deadline=None)
@given(NEARLY_SIMPLE | ANY_TEXT | st.emails())
def test_the_fast_conversion_gives_what_the_slow_one_gives(text: str) -> None:
    assert hash_email(otherwise=hash_any_email)(text) == hash_any_email(text)


def test_what_is_known_of_the_library_without_loading_it_is_what_it_says() -> None:
    assert set(RESERVED_LABELS) == {name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES}
    assert EMAIL_MAX_LENGTH == rfc_constants.EMAIL_MAX_LENGTH


@settings(deadline=None)
@given(st.lists(NEARLY_SIMPLE | ANY_TEXT.map(lambda text: text.replace("\n", " ")), max_size=6))
@example([" ada@example.com  ", "ada @example.com", " ", "\tada@example.com", f"{'a' * 48}@example.com   "])
@example(["ada@example.com\u03a3", "\u03a3", "\u03a3ada@example.com", "\u212aate@example.com", "\u0130@example.com"])
def test_many_addresses_at_once_give_what_each_gives_alone(texts: list[str]) -> None:
    assume("\n" not in "".join(texts))
    hashed = hash_simple_emails(texts)
    for text, digest in zip(texts, hashed, strict=True):
        if digest is None:
            assert not is_simple(text.lower())
        else:
            assert digest == hash_any_email(text)
            assert is_simple(text.lower().strip(" "))


@pytest.mark.parametrize("text", ["\n", "ada@example.com\n", "\nada@example.com", "ada@example.com\nb@example.com"])
def test_addresses_beside_one_with_a_line_break_are_left_to_be_looked_at_alone(text: str) -> None:
    texts = ["grace@example.com", text]
    assert hash_simple_emails(texts) == [None, None]


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "Ada.Lovelace@EXAMPLE.COM",
        "ada+shop@mail.my-shop.example.co.uk",
        "o'hara_1815@example.org",
        "ada@localhost.example.com",
        "a" * 51 + "@example.com",
    ],
)
def test_a_common_address_is_hashed_without_the_library(address: str) -> None:
    assert hash_email(otherwise=never)(address) == sha256_hex(address.lower())


@pytest.mark.parametrize("name", SPECIAL_USE_DOMAIN_NAMES)
def test_a_reserved_domain_is_refused(name: str) -> None:
    assert hash_email(otherwise=hash_any_email)(f"ada@shop.{name}") is RejectionReason.INVALID_EMAIL_DOMAIN


@pytest.mark.parametrize("characters", [51, 52, 53, 242])
def test_a_long_address_is_hashed_whichever_way_it_goes(characters: int) -> None:
    address = "a" * characters + "@example.com"
    assert hash_email(otherwise=hash_any_email)(address) == sha256_hex(address)


def test_sixty_four_digits_are_no_simple_address() -> None:
    digest = sha256_hex("ada@example.com")
    assert hash_email(otherwise=read_digest_or(hash_any_email))(digest) == digest
    assert hash_email(otherwise=hash_any_email)(digest) is RejectionReason.ALREADY_HASHED


def test_a_blank_counts_as_null() -> None:
    assert hash_email(otherwise=hash_any_email)(" \u00a0\ufeff") is None


@pytest.mark.parametrize("unit", ["a", "@", "a.", "a@", "a.a@", "é", "<", "0", "\ud83d"])
@pytest.mark.parametrize("padding", ["", " " * 10_000_000], ids=["bare", "padded"])
def test_ten_million_characters_are_refused_without_trouble(unit: str, padding: str) -> None:
    text = padding + unit * (10_000_000 // len(unit))
    assert hash_email(otherwise=read_digest_or(hash_any_email))(text) is RejectionReason.EMAIL_TOO_LONG
