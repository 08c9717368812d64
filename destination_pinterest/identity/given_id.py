"""Checks the two kinds of identifiers that leave in plain, by Pinterest's rule: EXTERNAL_ID and LIVERAMP_ENVELOPE.

They are one's own customers' IDs, and what LiveRamp has encrypted already. Nothing here hashes them, so whatever may be
an address, a phone number or an IP address in such a column is refused: it would leave as it is. They travel as JSON,
so that, unlike in `records`, a comma does no harm.

Source: models of API 5.28.0, CustomerListRecordRow (pinterestsdk 2.1.0, read 2026-11-26): external_id "not hashed",
liveramp_envelope Base64, "not hashed".
Doubt: no lengths are documented.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.digest import HASHES_OF_NOTHING, NOTHINGS, looks_hashed
from destination_pinterest.identity.placeholder import is_placeholder
from destination_pinterest.identity.rejection import RejectionReason

MAX_EXTERNAL_ID_CHARACTERS: Final = 256
MAX_ENVELOPE_CHARACTERS: Final = 4_096
# Formatted as phone numbers are: with a plus, or with brackets around an area code.
_PHONE: Final = re.compile(r"(?:\+|00|\uff0b)[\d\s().\-/]{7,}|\(\d{1,5}\)[\d\s.\-/]{5,}")
# Standard or URL-safe, with or without what fills it up.
_ENVELOPE: Final = re.compile(rf"[A-Za-z0-9+/_-]{{32,{MAX_ENVELOPE_CHARACTERS}}}={{0,2}}")


def read_external_id(value: str) -> str | RejectionReason | None:
    """Converts customer IDs of one's own, without the blanks at their ends."""
    text = strip_blanks(value)
    if not text:
        return None
    if is_placeholder(text):
        return RejectionReason.VALUE_UNCHANGED
    if len(text) > MAX_EXTERNAL_ID_CHARACTERS:
        return RejectionReason.ID_TOO_LONG
    if "@" in text or _PHONE.fullmatch(text) or _is_ip_address(text):
        return RejectionReason.PLAIN_IN_ID
    if not text.isprintable() or text in NOTHINGS:
        return RejectionReason.INVALID_EXTERNAL_ID
    return RejectionReason.HASH_OF_NOTHING if text.lower() in HASHES_OF_NOTHING else text


def read_envelope(value: str) -> str | RejectionReason | None:
    """Converts LiveRamp's envelopes."""
    text = strip_blanks(value)
    if not text:
        return None
    if is_placeholder(text):
        return RejectionReason.VALUE_UNCHANGED
    if "@" in text:
        return RejectionReason.PLAIN_IN_ID
    if not _ENVELOPE.fullmatch(text) or looks_hashed(text):
        return RejectionReason.INVALID_ENVELOPE
    return text


def _is_ip_address(text: str) -> bool:
    if "." not in text and ":" not in text:
        return False
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
