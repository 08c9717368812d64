"""Reads the files that are moved over and compared: exports, listings, project files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, decode_objects, read_bytes
from pinterest_audiences.failures import UsageError

STANDARD_INPUT: Final = "-"


def json_document(name: str) -> dict[str, Any] | list[Any]:
    """Returns the JSON in a file; `-` is standard input. Raises: UsageError."""
    try:
        content = sys.stdin.buffer.read(SMALL_BYTES + 1) if name == STANDARD_INPUT else _content(name)
        if len(content) > SMALL_BYTES:
            raise UnreadableDocumentError(f"has more than {SMALL_BYTES:,} bytes")
        return decode_objects(content)
    except OSError as error:
        raise unreadable(f"{name} can't be read: {error.strerror}. Name another file.") from None
    except UnreadableDocumentError as error:
        raise unreadable(f"{name} {error}. Export it again, as JSON.") from None


def unreadable(sentence: str) -> UsageError:
    """The error of a file that holds nothing to move over or compare."""
    return UsageError(Code.MOVE_UNREADABLE, sentence)


def _content(name: str) -> bytes:
    return read_bytes(Path(name).expanduser(), SMALL_BYTES)
