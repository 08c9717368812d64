"""Checks values that are already hashed: whether they are digests of the declared kind, and not hashes of nothing.

Digests are sent in lower-case hexadecimal, like this connector's own. In the table they may be written in hexadecimal,
also with a prefix or in groups, and in Base64.

Source: Pinterest OpenAPI 5.23.0, CustomerListRequest.records (read 2026-11-22): e-mails may be hashed with SHA1,
SHA256 or MD5. The letter case of digests is not documented; lower case is what hashing libraries print.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from enum import Enum, auto
from types import MappingProxyType

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import ValueFormat

Conversion = Callable[[str], str | RejectionReason | None]
"""Returns what is sent to Pinterest for a text; or why it is refused; or None if it is blank. Never raises."""

BulkConversion = Callable[[Sequence[str]], list[str | None]]
"""What is sent for each of many texts, in order; None for those that need a second look, by the Conversion. Never
raises.
"""

HEX = "[0-9a-fA-F]"
"""A hexadecimal digit, as a pattern."""
UUID = re.compile(rf"{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}")
ZERO_UUID = "00000000-0000-0000-0000-000000000000"


class Notation(Enum):
    """How a digest is written: in hexadecimal digits, in these with a prefix or in groups, or in Base64."""

    HEXADECIMAL = auto()
    DECORATED = auto()
    BASE64 = auto()


HEX_DIGITS = MappingProxyType({ValueFormat.SHA256: 64, ValueFormat.SHA1: 40, ValueFormat.MD5: 32})
"""How many hexadecimal digits a digest of each declared format has."""

# What warehouses hash by mistake: missing values as text, in the spellings of SQL, Python and JavaScript.
NOTHINGS = (
    *("", " ", "null", "NULL", "Null", "none", "None", "NONE", "nan", "NaN", "NAN", "undefined"),
    *("n/a", "N/A", "na", "NA", "\\N"),
    ZERO_UUID,
)
HASHES_OF_NOTHING = frozenset(
    hashlib.new(algorithm, nothing.encode(), usedforsecurity=False).hexdigest()
    for algorithm in HEX_DIGITS
    for nothing in NOTHINGS
) | {"0" * digits for digits in HEX_DIGITS.values()}

_PREFIXED = re.compile(rf"(?:0[xX]|\\{{1,2}}[xX])({HEX}+)|[xX]'({HEX}+)'")
# Groups of more digits may be digests of their own, one after the other.
_IN_GROUPS = re.compile(rf"{HEX}{{1,16}}(?:[\s:]+{HEX}{{1,16}})+")
_BASE64 = re.compile(r"([A-Za-z0-9+/_-]+)(={0,2})")
_LENGTH_OF_BASE64 = MappingProxyType({digits: -(-digits * 4 // 6) for digits in (32, 40, 64, 128)})
SHORTEST_DIGEST = min(_LENGTH_OF_BASE64.values())
"""The characters of the shortest digest: MD5 in Base64."""
_SHA256_HEX = re.compile(rf"{HEX}{{64}}")
_HEX_DIGITS_ONLY = re.compile(rf"{HEX}+")
# SHA-512's 128 digits are not a format that Pinterest reads, but not a plain value either.
_ANY_HEX_DIGEST = re.compile(rf"{HEX}{{32}}(?:{HEX}{{8}}|{HEX}{{32}}|{HEX}{{96}})?")


def looks_hashed(text: str) -> bool:
    """Whether a text without blanks at its ends looks like an MD5, SHA-1, SHA-256 or SHA-512 digest."""
    if len(text) < SHORTEST_DIGEST:
        return False
    return _ANY_HEX_DIGEST.fullmatch(text) is not None or any(
        as_hexadecimal(text, digits) is not None for digits in _LENGTH_OF_BASE64
    )


def digest_of(text: str) -> tuple[int, Notation] | None:
    """Returns how many hexadecimal digits a digest has (SHA-512 too), and how it is written; None if it is none."""
    digits = next((each for each in _LENGTH_OF_BASE64 if as_hexadecimal(text, each) is not None), None)
    if digits is None:
        return None
    if _HEX_DIGITS_ONLY.fullmatch(text):
        return digits, Notation.HEXADECIMAL
    is_decorated = _PREFIXED.fullmatch(text) or _IN_GROUPS.fullmatch(text)
    return digits, Notation.DECORATED if is_decorated else Notation.BASE64


def as_hexadecimal(text: str, digits: int) -> str | None:
    """Returns a digest of so many hexadecimal digits as such, in lower case; None if the text is none."""
    if len(text) == digits and _HEX_DIGITS_ONLY.fullmatch(text):
        return text.lower()
    if prefixed := _PREFIXED.fullmatch(text):
        found = prefixed[1] or prefixed[2]
    elif _IN_GROUPS.fullmatch(text):
        found = re.sub(r"[\s:]+", "", text)
    else:
        return _from_base64(text, digits)
    return found.lower() if len(found) == digits else None


def _from_base64(text: str, digits: int) -> str | None:
    """Returns a digest in Base64, standard or URL-safe, as hexadecimal digits."""
    match = _BASE64.fullmatch(text)
    if match is None or len(match[1]) != _LENGTH_OF_BASE64[digits]:
        return None
    if not match[2] and (match[1] == match[1].lower() or match[1] == match[1].upper()):
        return None  # A word or a number of that length: a digest has letters of both cases.
    standard = match[1].replace("-", "+").replace("_", "/")
    decoded = base64.b64decode(standard + "=" * (-len(standard) % 4))
    is_exact = base64.b64encode(decoded).rstrip(b"=") == standard.encode()
    return decoded.hex() if is_exact and len(match[2]) in {0, -len(standard) % 4} else None


def read_digest(hash_format: ValueFormat) -> Conversion:
    """Returns the conversion of a column declared as hashed with `hash_format`: SHA256, SHA1 or MD5."""
    digits = HEX_DIGITS[hash_format]
    is_digest = re.compile(rf"{HEX}{{{digits}}}").fullmatch

    def convert(value: str) -> str | RejectionReason | None:
        text = strip_blanks(value)
        if is_digest(text):
            return _checked(text)
        if not text:
            return None
        if digest := as_hexadecimal(text, digits):
            return _checked(digest)
        looks_plain = "@" in text or UUID.fullmatch(text)
        return RejectionReason.NOT_HASHED if looks_plain else RejectionReason.INVALID_HASH

    return convert


def read_digests(hash_format: ValueFormat) -> BulkConversion:
    """Returns the shortcut of `read_digest` for many texts: digests in hexadecimal with nothing around them."""
    lines = re.compile(rf"^(?:({HEX}{{{HEX_DIGITS[hash_format]}}})$|.*+)", re.MULTILINE)

    def convert(values: Sequence[str]) -> list[str | None]:
        found = [digest.lower() for digest in lines.findall("\n".join(values))]
        if len(found) != len(values) or not HASHES_OF_NOTHING.isdisjoint(found):
            return [None] * len(values)
        return [digest or None for digest in found]

    return convert


def read_digest_or(plain: Conversion) -> Conversion:
    """Returns the conversion of a column with the format auto: a SHA-256 digest is taken as such, all else is plain.

    MD5 and SHA-1 digests are left to the plain conversion, which refuses them: they have to be declared, since
    32 digits may as well be an advertising ID without its hyphens.
    """

    def convert(value: str) -> str | RejectionReason | None:
        if len(value) >= _LENGTH_OF_BASE64[HEX_DIGITS[ValueFormat.SHA256]] and "@" not in value:
            text = strip_blanks(value)
            if _SHA256_HEX.fullmatch(text):
                return _checked(text)
            if digest := as_hexadecimal(text, HEX_DIGITS[ValueFormat.SHA256]):
                return _checked(digest)
        return plain(value)

    return convert


def _checked(digest: str) -> str | RejectionReason:
    lowered = digest.lower()
    return RejectionReason.HASH_OF_NOTHING if lowered in HASHES_OF_NOTHING else lowered
