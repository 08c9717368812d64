"""Checks IDs issued by other parties (LR_ID, DLX_ID, HASHED_PINNER_ID), which are sent as given.

`records` is one comma-separated text, so a comma or a blank in an ID would make Pinterest read two. An @ is refused
because these IDs are not hashed here: an e-mail address in such a column would be sent in plain.

Source: Pinterest OpenAPI 5.23.0, CustomerListRequest.records and CustomerListType (read 2026-11-22).
"""

from __future__ import annotations

import re

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.digest import HASHES_OF_NOTHING
from destination_pinterest.identity.placeholder import is_placeholder
from destination_pinterest.identity.rejection import RejectionReason

MAX_ID_CHARACTERS = 256
"""Doubt: no limit is documented. RampIDs have 49 to 70 characters, a SHA-512 digest in hexadecimal 128."""

# Printable ASCII except the blank, the comma (2c) and the @ (40).
_SINGLE_ID = re.compile(r"[\x21-\x2b\x2d-\x3f\x41-\x7e]+")


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
