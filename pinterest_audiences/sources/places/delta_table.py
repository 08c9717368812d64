"""Recognises a Delta table whose folder still holds files that the table has removed.

Such files hold people who have left the table; reading every file of the folder would bring them back.

Source: the Delta transaction log protocol (github.com/delta-io/delta, PROTOCOL.md; read 2026-11-27): a commit is a file
    of JSON lines, of which `remove` names a file that is no longer part of the table, and `deletionVector` marks rows;
    old commits are replaced by a checkpoint in Parquet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from typing import Final

import msgspec

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.data_file import DataFile

LOG_FOLDER: Final = "_delta_log"
_COMMIT: Final = re.compile(r"\d{20}\.json")


def refuse_removed_files(folder: str, log: Mapping[str, DataFile]) -> None:
    """Checks the files of a Delta table's log. Raises: UsageError if the table may have removed files or rows."""
    commits = sorted(name for name in log if _COMMIT.fullmatch(name))
    begins_later = bool(commits) and int(commits[0].removesuffix(".json")) > 0
    if begins_later or any(_removes(log[name]) for name in commits):
        raise UsageError(
            Code.SOURCE_NOT_OPENED,
            f"{folder} is a Delta table with files or rows that it has removed, and reading its files would bring "
            "those people back. Query it through its database, or export it first.",
        )


def _removes(commit: DataFile) -> bool:
    with closing(commit.open()) as lines:
        return any(_is_removal(line) for line in lines)


def _is_removal(line: bytes) -> bool:
    try:
        action = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return False
    if not isinstance(action, dict):
        return False
    added = action.get("add")
    return "remove" in action or (isinstance(added, dict) and added.get("deletionVector") is not None)
