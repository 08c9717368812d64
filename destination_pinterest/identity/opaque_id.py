"""Checks IDs issued by other parties (LR_ID, DLX_ID, HASHED_PINNER_ID), which are sent as given.

`records` is one comma-separated text, so a comma or a blank in an ID would make Pinterest read two. An @ is refused
because these IDs are not hashed here: an e-mail address in such a column would be sent in plain.

Source: Pinterest OpenAPI 5.23.0, CustomerListRequest.records and CustomerListType (read 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.digest import HASHES_OF_NOTHING
from destination_pinterest.identity.placeholder import SPELLINGS, is_placeholder
from destination_pinterest.identity.rejection import RejectionReason

MAX_ID_CHARACTERS = 256
"""Doubt: no limit is documented. RampIDs have 49 to 70 characters, a SHA-512 digest in hexadecimal 128."""

# Printable ASCII except the blank, the comma (2c) and the @ (40).
_SIGN = r"[\x21-\x2b\x2d-\x3f\x41-\x7e]"
_SINGLE_ID = re.compile(f"{_SIGN}+")
# One match per line, with the ID in its group if it is nothing but one.
_ID_LINES = re.compile(rf"^(?:({_SIGN}{{1,{MAX_ID_CHARACTERS}}})$|.*+)", re.MULTILINE)
_NO_IDS = HASHES_OF_NOTHING | {spelling.lower() for spelling in SPELLINGS}


def read_opaque_id(value: str) -> str | RejectionReason | None:
    """Converts IDs that are sent as given, without the blanks at their ends."""
    text = strip_blanks(value)
    if is_placeholder(text):  # It looks like an ID.
        return RejectionReason.VALUE_UNCHANGED
    if len(text) > MAX_ID_CHARACTERS:
        return RejectionReason.ID_TOO_LONG
    if not _SINGLE_ID.fullmatch(text):
        return RejectionReason.INVALID_ID if text else None
    if text.lower() in HASHES_OF_NOTHING:
        return RejectionReason.HASH_OF_NOTHING
    return text


def read_opaque_ids(values: Sequence[str]) -> list[str | None]:
    """Converts many IDs: those without anything around them. If some only look like IDs, none."""
    found = _ID_LINES.findall("\n".join(values))
    if len(found) != len(values) or not _NO_IDS.isdisjoint(map(str.lower, found)):  # more: one has a line break
        return [None] * len(values)
    return [text or None for text in found]
