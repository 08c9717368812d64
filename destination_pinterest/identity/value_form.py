"""Names the form that a value seems to have, so that a message says what a column holds without showing any of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.digest import UUID, Notation, digest_of
from destination_pinterest.identity.placeholder import is_placeholder


class ValueForm(StrEnum):
    """What values look like. Each form's value is its name in a sentence: "look like …"."""

    MASKED = "masked values"
    UNCHANGED = "a change log's placeholder for an unchanged value"
    MISSING = "words for a missing value"
    MD5 = "MD5 digests"
    SHA1 = "SHA-1 digests"
    SHA256 = "SHA-256 digests"
    SHA512 = "SHA-512 digests"
    BASE64_MD5 = "MD5 digests in Base64"
    BASE64_SHA1 = "SHA-1 digests in Base64"
    BASE64_SHA256 = "SHA-256 digests in Base64"
    BASE64_SHA512 = "SHA-512 digests in Base64"
    PREFIXED_HEX = "digests in hexadecimal with a prefix"
    UUID = "UUIDs"
    WITH_AT_SIGN = "e-mail addresses that are incomplete or have something around them"
    PHONE = "phone numbers"
    NUMBER = "numbers"
    DATE = "dates"
    URL = "web addresses"
    JSON = "JSON as text"
    WORDS = "names or words"
    TEXT = "text of another form"
    BOOLEAN = "booleans"
    ARRAY = "arrays"
    OBJECT = "objects"


_BY_HEX_DIGITS: Final[Mapping[int, ValueForm]] = MappingProxyType(
    {32: ValueForm.MD5, 40: ValueForm.SHA1, 64: ValueForm.SHA256, 128: ValueForm.SHA512}
)
_BY_HEX_DIGITS_OF_BASE64: Final[Mapping[int, ValueForm]] = MappingProxyType(
    {
        32: ValueForm.BASE64_MD5,
        40: ValueForm.BASE64_SHA1,
        64: ValueForm.BASE64_SHA256,
        128: ValueForm.BASE64_SHA512,
    }
)
_LABEL: Final = re.compile(r"(sha\d+|md5):", re.IGNORECASE)
# Nothing but signs that hide something, or a word for it; also in an address ("***@example.com").
_MASKED: Final = re.compile(
    r"[*•●█#xX_.\-]{2,}(@.*)?|.*(\*{2,}|•{2,}|█{2,}).*"
    r"|[\[(<{]?\W*(redacted|masked|hidden|removed|deleted|erased|anonymi[sz]ed|obfuscated|suppressed|restricted)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_MISSING: Final = frozenset(
    {"null", "none", "nan", "nil", "undefined", "n/a", "na", "\\n", "unknown", "-", "#n/a", "?"}
)
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?", re.ASCII)
_PHONE: Final = re.compile(r"(\+|00)?[\d\s().\-/]{7,}", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}", re.ASCII)
_WORDS: Final = re.compile(r"[^\W\d_]+([ ,.'\u2019\-]{1,2}[^\W\d_]+){0,4}\.?")
_FEWEST_DIGITS_OF_A_PHONE: Final = 7


def form_of(value: object) -> ValueForm | None:
    """Returns the form of a JSON value; None if there is no value: null, blank text, an empty array."""
    if isinstance(value, bool):
        return ValueForm.BOOLEAN
    if isinstance(value, int | float):
        return ValueForm.NUMBER
    if isinstance(value, list):
        return (form_of(value[0]) if len(value) == 1 else ValueForm.ARRAY) if value else None
    if isinstance(value, dict):
        return ValueForm.OBJECT
    if not isinstance(value, str):
        return None
    text = strip_blanks(value)
    return _form_of_text(text) if text else None


def _form_of_text(text: str) -> ValueForm:
    if is_placeholder(text):
        return ValueForm.UNCHANGED
    if text.lower() in _MISSING:
        return ValueForm.MISSING
    if (digest := _digest(text)) is not None:
        return digest
    for form, is_of_form in _IN_ORDER:
        if is_of_form(text):
            return form
    return ValueForm.TEXT


def _digest(text: str) -> ValueForm | None:
    label = _LABEL.match(text)
    found = digest_of(text[label.end() :] if label else text)
    if found is None:
        return None
    digits, notation = found
    if notation is Notation.BASE64:
        return _BY_HEX_DIGITS_OF_BASE64[digits]
    is_plain = notation is Notation.HEXADECIMAL and label is None
    return _BY_HEX_DIGITS[digits] if is_plain else ValueForm.PREFIXED_HEX


def _is_phone(text: str) -> bool:
    is_written_so = _PHONE.fullmatch(text) is not None
    return is_written_so and sum(map(str.isdigit, text)) >= _FEWEST_DIGITS_OF_A_PHONE and not text.isdigit()


_IN_ORDER: Final = (
    (ValueForm.MASKED, _MASKED.fullmatch),
    (ValueForm.UUID, UUID.fullmatch),
    (ValueForm.URL, re.compile(r"https?://.*", re.IGNORECASE | re.DOTALL).fullmatch),
    (ValueForm.JSON, re.compile(r"\[.*\]|\{.*\}", re.DOTALL).fullmatch),
    (ValueForm.WITH_AT_SIGN, re.compile(r".*@.*", re.DOTALL).fullmatch),
    (ValueForm.DATE, _DATE.fullmatch),
    (ValueForm.NUMBER, _NUMBER.fullmatch),
    (ValueForm.PHONE, _is_phone),
    (ValueForm.WORDS, _WORDS.fullmatch),
)
