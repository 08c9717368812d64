"""Checks values that are already hashed: whether they are digests of the declared kind, and not hashes of nothing.

Digests are sent in lower-case hexadecimal, like this connector's own.

Source: Pinterest OpenAPI 5.23.0, CustomerListRequest.records (read 2026-11-22): e-mails may be hashed with SHA1,
SHA256 or MD5. The letter case of digests is not documented; lower case is what hashing libraries print.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from types import MappingProxyType

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import ValueFormat

Conversion = Callable[[str], str | RejectionReason | None]
"""Returns what is sent to Pinterest for a text; or why it is refused; or None if it is blank. Never raises."""

BulkConversion = Callable[[Sequence[str]], tuple[list[str], Sequence[str]]]
"""What is sent for those of many texts that need no second look, and the other texts, for the Conversion. Never raises.
"""

_HEX = "[0-9a-fA-F]"
UUID = re.compile(rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}")
ZERO_UUID = "00000000-0000-0000-0000-000000000000"

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

_SHA256_HEX = re.compile(rf"{_HEX}{{64}}")
# SHA-512's 128 digits are not a format that Pinterest reads, but not a plain value either.
_ANY_HEX_DIGEST = re.compile(rf"{_HEX}{{32}}(?:{_HEX}{{8}}|{_HEX}{{32}}|{_HEX}{{96}})?")


def looks_hashed(text: str) -> bool:
    """Whether a text without blanks at its ends looks like an MD5, SHA-1, SHA-256 or SHA-512 digest."""
    return _ANY_HEX_DIGEST.fullmatch(text) is not None


def read_digest(hash_format: ValueFormat) -> Conversion:
    """Returns the conversion of a column declared as hashed with `hash_format`: SHA256, SHA1 or MD5."""
    is_digest = re.compile(rf"{_HEX}{{{HEX_DIGITS[hash_format]}}}").fullmatch

    def convert(value: str) -> str | RejectionReason | None:
        text = strip_blanks(value)
        if is_digest(text):
            return _checked(text)
        if not text:
            return None
        looks_plain = "@" in text or UUID.fullmatch(text)
        return RejectionReason.NOT_HASHED if looks_plain else RejectionReason.INVALID_HASH

    return convert


def read_digest_or(plain: Conversion) -> Conversion:
    """Returns the conversion of a column with the format auto: 64 hexadecimal digits are SHA-256, all else is plain.

    MD5 and SHA-1 digests are left to the plain conversion, which refuses them: they have to be declared, since
    32 digits may as well be an advertising ID without its hyphens.
    """

    def convert(value: str) -> str | RejectionReason | None:
        if len(value) >= HEX_DIGITS[ValueFormat.SHA256]:
            text = strip_blanks(value)
            if _SHA256_HEX.fullmatch(text):
                return _checked(text)
        return plain(value)

    return convert


def _checked(digest: str) -> str | RejectionReason:
    lowered = digest.lower()
    return RejectionReason.HASH_OF_NOTHING if lowered in HASHES_OF_NOTHING else lowered
