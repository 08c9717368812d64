"""Keeps where an incremental sync left off: the last state that the connector returned, and its sync's identity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, decode_object, read_bytes
from pinterest_audiences.cursor_state import cursor_value
from pinterest_audiences.failures import UsageError
from pinterest_audiences.whole_files import write_whole

# 1: times of MySQL and MariaDB were those of the server's zone, and values of files were text.
VERSION: Final = 2
# No zone is further from UTC.
_WIDEST_ZONE: Final = timedelta(hours=14)
_WHAT: Final = {
    "source": "another source",
    "rows": "another table or query",
    "ad_account": "another ad account",
    "audience": "another audience",
    "cursor": "another cursor column",
}


@dataclass(frozen=True, slots=True)
class SyncIdentity:
    """The sync that a state belongs to. For another sync, the state would skip rows that were never sent."""

    source: str
    rows: str
    ad_account: str
    audience: str
    cursor: str


class StateFile:
    """Keeps the last state of one sync.

    Args:
        path: the file; it need not exist.
        identity: the identity of the sync that is about to run.
    """

    def __init__(self, path: Path, identity: SyncIdentity) -> None:
        self._path = path
        self._identity = identity

    def since(self) -> Any:
        """Returns the cursor value to continue from; None if there is no state yet.

        Raises: UsageError if the file is damaged, or belongs to another sync.
        """
        try:
            content = read_bytes(self._path, SMALL_BYTES)
        except UnreadableDocumentError:
            raise self._damaged() from None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(
                Code.STATE_FILE_UNUSABLE,
                f"The state file {self._path} can't be read: {error.strerror}. Make it "
                "readable or name another by --state.",
            ) from error
        try:
            kept = decode_object(content)
            version = int(kept.get("version", 1))
            if version > VERSION:  # what else a later version writes is not known
                raise self._later()
            belongs_to = {name: kept["sync"][name] for name in _WHAT}
            value = cursor_value(kept["state"])
            is_local = version == 1 and self._identity.source.startswith(("mysql", "mariadb"))
            since = value - _WIDEST_ZONE if is_local and isinstance(value, datetime) else value
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError):
            raise self._damaged() from None
        for name, expected in asdict(self._identity).items():
            if belongs_to[name] != expected:
                raise UsageError(
                    Code.STATE_FILE_UNUSABLE,
                    f"The state file {self._path} belongs to a sync of {_WHAT[name]} ({belongs_to[name]!r}). Name "
                    "another file by --state, or delete it to read everything from its beginning.",
                )
        return since

    def _damaged(self) -> UsageError:
        return UsageError(
            Code.STATE_FILE_UNUSABLE,
            f"The state file {self._path} is damaged or not ours. Name another file by --state, or delete it to "
            "read everything from its beginning.",
        )

    def _later(self) -> UsageError:
        return UsageError(
            Code.STATE_FILE_UNUSABLE,
            f"The state file {self._path} is of a later version of this program. Update this one, or name another "
            "file by --state.",
        )

    def check_writable(self) -> None:
        """Checks the file's folder. Raises: UsageError if there is no such folder."""
        if not _is_in_a_folder(self._path):
            raise UsageError(
                Code.STATE_FILE_UNUSABLE,
                f"The folder of the state file {self._path} does not exist. Create it or choose another.",
            )

    def save(self, state: Mapping[str, Any]) -> None:
        """Saves a state that the connector returned. Raises: OSError."""
        content = {"version": VERSION, "sync": asdict(self._identity), "state": dict(state)}
        write_whole(self._path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def _is_in_a_folder(path: Path) -> bool:
    try:
        return path.resolve().parent.is_dir()
    except OSError:  # longer than any path
        return False
