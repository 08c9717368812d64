"""Hashes plain advertising IDs (GAID, IDFA, MAID): checks the UUID, converts the letter case, applies SHA-256.

Only the form with hyphens, 8-4-4-4-12, is accepted, in braces or not (`cell.py`): 32 digits without hyphens may be an
MD5 digest, and nothing reports `urn:uuid:`. Other forms are refused rather than guessed.

Source: Pinterest OpenAPI 5.23.0, CustomerListRequest.records (read 2026-11-22): MAIDs and IDFAs must be hashed.
Doubt: the letter case is not documented. Android reports lower case and iOS upper case; lower case is the default here
and `LetterCase` the setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.digest import (
    UUID,
    ZERO_UUID,
    BulkConversion,
    Conversion,
    as_hexadecimal,
    looks_hashed,
)
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import LetterCase

_DIGITS_OF_UUID = 32
_ZEROS = "0" * _DIGITS_OF_UUID

# One match per line, with the ID in its group if it is nothing but one.
_UUID_LINES = re.compile(rf"^(?:({UUID.pattern})$|.*+)", re.MULTILINE)

_TO_CASE: Mapping[LetterCase, Callable[[str], str]] = MappingProxyType(
    {LetterCase.LOWER: str.lower, LetterCase.UPPER: str.upper, LetterCase.AS_IS: str}
)


def hash_advertising_id(case: LetterCase) -> Conversion:
    """Returns the conversion of plain advertising IDs, which are converted to `case` before they are hashed."""
    is_uuid = UUID.fullmatch
    to_case = _TO_CASE[case]

    def convert(value: str) -> str | RejectionReason | None:
        text = value
        if not is_uuid(text):
            text = strip_blanks(value)
            if not is_uuid(text):
                return _reason_to_refuse(text) if text else None
        if text == ZERO_UUID:
            return RejectionReason.ZERO_MAID
        return sha256(to_case(text).encode()).hexdigest()

    return convert


def hash_simple_advertising_ids(case: LetterCase) -> BulkConversion:
    """Returns the shortcut for many advertising IDs: those without anything around them."""
    to_case = _TO_CASE[case]

    def convert(values: Sequence[str]) -> list[str | None]:
        found = _UUID_LINES.findall("\n".join(values))
        if len(found) != len(values):  # one has a line break
            return [None] * len(values)
        return [sha256(to_case(uuid).encode()).hexdigest() if uuid and uuid != ZERO_UUID else None for uuid in found]

    return convert


def _reason_to_refuse(text: str) -> RejectionReason:
    if text.replace("-", "") == _ZEROS:
        return RejectionReason.ZERO_MAID
    if as_hexadecimal(text, _DIGITS_OF_UUID) is None and looks_hashed(text):
        return RejectionReason.ALREADY_HASHED
    return RejectionReason.INVALID_ADVERTISING_ID
