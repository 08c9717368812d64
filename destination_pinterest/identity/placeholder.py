"""Recognises what a change log writes in place of a value that a row keeps: it was not changed, so it was not read.

Source: debezium.io, PostgreSQL connector, `unavailable.value.placeholder` and `binary.handling.mode` (read
2026-11-27): the placeholder is that text, and in a binary column its UTF-8 bytes, as Base64 or as hexadecimal digits.
There, the text can be set to another one, which is not recognised here.
"""

from __future__ import annotations

import base64
from typing import Final

UNAVAILABLE_VALUE: Final = "__debezium_unavailable_value"

_BYTES: Final = UNAVAILABLE_VALUE.encode()
SPELLINGS: Final = frozenset({UNAVAILABLE_VALUE, base64.b64encode(_BYTES).decode(), _BYTES.hex()})
"""Every text that stands for a value that is unchanged."""


def is_placeholder(value: str) -> bool:
    """Whether a text stands for a value that is unchanged."""
    return value.strip() in SPELLINGS
