"""Tells texts that look like an identifier of a person, which must never become the name of an audience.

A name is shown in logs, in reports and at Pinterest, so it is better to refuse a code that only looks like an
identifier than to publish one. Whole texts are judged by their form, and addresses, UUIDs and long digests also within
other words.

Source: ITU-T E.164: at most 15 digits; RFC 9562, section 4: the text form of UUIDs; RampIDs have 49 to 70 characters
and begin with XY or Xi and four digits (docs.liveramp.com, "RampID Methodology", read 2026-11-27).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from destination_pinterest.identity.blanks import INVISIBLE, strip_blanks
from destination_pinterest.identity.column_words import words_of
from destination_pinterest.identity.digest import HEX, UUID, Notation, digest_of
from destination_pinterest.identity.recognition import recognise_columns

_ADDRESS: Final = re.compile(r"[^\s@<>]+(?:@|%(?:25)*40|&#(?:64|x40);|\\u0040)[^\s@<>]+", re.IGNORECASE)
# With blanks around the sign, or with words in place of signs: "jane (at) example.com". "(AT)" alone is a country.
_SPACED_ADDRESS: Final = re.compile(
    r"\S\s*(?:@|[(\[{]\s*at\s*[)\]}])\s*[^\s@]+(?:\.|\s*[(\[{]\s*dot\s*[)\]}]\s*)[a-z]{2,}", re.IGNORECASE
)
_IP_ADDRESS: Final = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?:/\d\d?)?", re.ASCII)
# Other dashes than the one of a UUID, and what file names have in its place.
_DASHES: Final = re.compile("[_\u2010-\u2015\u2212]")
_LONG_HEX: Final = re.compile(rf"(?<!{HEX}){HEX}{{32,}}(?!{HEX})")
_LABEL: Final = re.compile(r"(?:sha-?\d+|md5|urn:uuid|tel|mailto|email|phone)\s*[:=]\s*", re.IGNORECASE)
_RAMP_ID: Final = re.compile(r"X[Yi]\d{4}[A-Za-z0-9_-]{43,64}")
_PHONE: Final = re.compile(r"(\+|00|\()?[\d\s().\-/\u2010-\u2013]+", re.ASCII)
_DATES: Final = re.compile(r"(?:19|20)\d\d(?:[-/.]\d\d){1,2}|\d\d?[./-]\d\d?[./-](?:19|20)\d\d|(?:19|20)\d\d")
_FEWEST_DIGITS: Final = 9
_WITHOUT_INVISIBLE: Final = dict.fromkeys(map(ord, INVISIBLE))
# With a sign for "dial from abroad", or an area code in brackets, fewer are a number too.
_FEWEST_WITH_PREFIX: Final = 7
_MOST_DIGITS: Final = 15
_PHONE_IN_WORDS: Final = re.compile(
    r"(?<!\w)\+(?:[\s().\-/]*\d){9,15}(?!\d)|(?<![\w-])\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?![\w-])", re.ASCII
)
# A digest in Base64 changes between capitals, small letters and digits at every second character; words do not.
_CHANGES_OF_BASE64: Final = 1 / 3

# With what may stand behind it: a phone's type or brand is nobody's number.
_PERSONAL_NAME: Final = re.compile(
    r"\b(?:phones?|telephone|cellphone|msisdn|fax|ssn|passport|iban|surname|forename"
    r"|(?:mobile|cell|contact|tel) (?:number|no|nr)|(?:first|last|full|given|family|middle|maiden) names?"
    r"|(?:user|customer|client|person|contact|profile|member|subscriber|visitor|shopper|external|anonymous|device) ids?"
    r"|ip|ip address|birth ?date|date of birth|dob|street|street address)"
    r"(?: (?:number|no|nr|e 164|hash|hashed|sha1|sha256|md5|\d+))*$"
)
_KNOWN: Final = frozenset({"phone", "first", "last", "full", "user", "customer", "name", "number", "id"})


def looks_like_an_identifier(text: str) -> bool:
    """Whether a text looks like an e-mail address, an advertising ID, a digest, a phone number or another person ID."""
    plain = strip_blanks(unicodedata.normalize("NFKC", text).translate(_WITHOUT_INVISIBLE))
    if not plain.isascii():
        plain = "".join(str(unicodedata.decimal(each, each)) for each in plain)
    if any(form.search(plain) for form in (_ADDRESS, _SPACED_ADDRESS, _LONG_HEX, _PHONE_IN_WORDS)):
        return True
    if UUID.search(_DASHES.sub("-", plain)) or _IP_ADDRESS.fullmatch(plain):
        return True
    bare = _LABEL.sub("", plain, count=1)
    return _is_digest(bare) or _RAMP_ID.fullmatch(bare) is not None or _is_phone(bare)


def without_people(names: Iterable[str]) -> list[str]:
    """Returns names of columns to be listed, with a mark for those that are data: a pivot makes names of values."""
    return ["[…]" if looks_like_an_identifier(name) else name for name in names]


def names_a_person(column: str) -> bool:
    """Whether a column's name says that it identifies people: an identity column, or a name, a number, an ID."""
    if recognise_columns((column,)):
        return True
    return _PERSONAL_NAME.search(" ".join(words_of(column, _KNOWN))) is not None


def _is_digest(text: str) -> bool:
    found = digest_of(text)
    if found is None:
        return False
    return found[1] is not Notation.BASE64 or _changes(text) >= len(text) * _CHANGES_OF_BASE64


def _changes(text: str) -> int:
    kinds = [(character.isupper(), character.islower(), character.isdigit()) for character in text]
    return sum(one != other for one, other in pairwise(kinds))


def _is_phone(text: str) -> bool:
    written = _PHONE.fullmatch(text)
    if written is None:
        return False
    digits = sum(character.isdigit() for character in _DATES.sub("", text))
    return (_FEWEST_WITH_PREFIX if written[1] else _FEWEST_DIGITS) <= digits <= _MOST_DIGITS
