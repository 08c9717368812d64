"""Remembers which audiences a run had begun with and did not get to the end of: one that is killed leaves no record.

It is a file in the project's state folder, written before a run and after it, by the one command that holds the folder.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, decode_object, read_bytes
from pinterest_audiences.failures import UsageError
from pinterest_audiences.whole_files import write_whole

FORMAT: Final = 1
_FILE: Final = "unfinished.json"
_OWNER_ONLY: Final = 0o600


def unfinished(folder: Path) -> frozenset[str]:
    """Returns the names of the audiences whose last run did not end.

    Raises: UsageError if the file is there and can't be read: that nothing is unfinished would be a guess.
    """
    path = folder / _FILE
    try:
        content: dict[str, Any] = decode_object(read_bytes(path, SMALL_BYTES))
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnreadableDocumentError):
        content = {}
    names = content.get("audiences")
    if content.get("format") != FORMAT or not isinstance(names, list):
        raise UsageError(
            Code.PROJECT_INVALID,
            f"{path} can't be read, or is of a later version of this program. Remove it, and run all audiences once.",
        )
    return frozenset(map(str, names))


def begin(folder: Path, names: Collection[str]) -> None:
    """Notes that a run of these begins. Raises: UsageError."""
    _write(folder, unfinished(folder) | frozenset(names))


def end(folder: Path, names: Collection[str]) -> None:
    """Notes that the run of these has ended, well or not. Raises: UsageError."""
    _write(folder, unfinished(folder) - frozenset(names))


def _write(folder: Path, names: frozenset[str]) -> None:
    path = folder / _FILE
    content = {"format": FORMAT, "audiences": sorted(names)}
    try:
        write_whole(path, (json.dumps(content) + "\n").encode(), mode=_OWNER_ONLY)
    except OSError as error:
        raise UsageError(
            Code.PROJECT_INVALID, f"{path} can't be written: {error.strerror}. Make room, or make it writable."
        ) from None
