"""Remembers which audiences a run had begun with and did not get to the end of: one that is killed leaves no record.

It is a file in the project's state folder, written before a run and after it, by the one command that holds the folder.
`begun` is there while a run is under way: who finds it there has found a run that was killed.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, decode_object, read_bytes
from pinterest_audiences.failures import UsageError
from pinterest_audiences.whole_files import write_over, write_whole

FORMAT: Final = 1
_FILE: Final = "unfinished.json"
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that has begun: of which audiences, and how the history calls it. `started_at` is ISO 8601."""

    run_id: str
    command: str
    started_at: str
    audiences: tuple[str, ...]


def unfinished(folder: Path) -> frozenset[str]:
    """Returns the names of the audiences whose last run did not end.

    Raises: UsageError if the file is there and can't be read: that nothing is unfinished would be a guess.
    """
    return _read(folder)[0]


def killed(folder: Path) -> Begun | None:
    """Returns the last run if it was killed, for who knows that none is under way. Raises: as `unfinished`."""
    return _read(folder)[1]


def _read(folder: Path) -> tuple[frozenset[str], Begun | None]:
    path = folder / _FILE
    try:
        content: dict[str, Any] = decode_object(read_bytes(path, SMALL_BYTES))
    except FileNotFoundError:
        return frozenset(), None
    except (OSError, UnreadableDocumentError):
        content = {}
    names = content.get("audiences")
    if content.get("format") != FORMAT or not isinstance(names, list):
        raise UsageError(
            Code.PROJECT_INVALID,
            f"{path} can't be read, or is of a later version of this program. Remove it, and run all audiences once.",
        )
    return frozenset(map(str, names)), _begun(content.get("begun"))


def begin(folder: Path, begun: Begun) -> None:
    """Notes that a run begins. Raises: UsageError."""
    _write(folder, unfinished(folder) | frozenset(begun.audiences), begun)


def end(folder: Path, names: Collection[str]) -> None:
    """Notes that the run has ended, and that of these audiences, well or not. Raises: UsageError."""
    _write(folder, unfinished(folder) - frozenset(names), None)


def _begun(content: Any) -> Begun | None:
    """What an earlier version has not written, or what is damaged, tells nothing but the names."""
    try:
        begun = Begun(**{**content, "audiences": tuple(map(str, content["audiences"]))})
        is_whole = datetime.fromisoformat(begun.started_at).tzinfo is not None
    except (TypeError, KeyError, ValueError):
        return None
    return begun if is_whole else None


def _write(folder: Path, names: frozenset[str], begun: Begun | None) -> None:
    path = folder / _FILE
    content = {"format": FORMAT, "audiences": sorted(names), **({} if begun is None else {"begun": asdict(begun)})}
    written = (json.dumps(content) + "\n").encode()
    try:
        try:
            write_whole(path, written, mode=_OWNER_ONLY)
        except OSError:
            # On a full disk there is no room for a second file, but for less than the first had.
            if len(written) > path.stat().st_size:
                raise
            write_over(path, written)
    except OSError as error:
        raise UsageError(
            Code.PROJECT_INVALID, f"{path} can't be written: {error.strerror}. Make room, or make it writable."
        ) from None
