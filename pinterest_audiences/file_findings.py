"""Accounts for what reading files came upon beside rows: remarks for the log, and lines that can't be read as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import FileContentError
from pinterest_audiences.sources.source import RefusedRow, RowBatch

# More than half of a file being no rows means that it is read wrongly.
MOST_UNREADABLE: Final = 0.5
# In a replacement, whoever is in an unreadable line leaves the audience.
MOST_UNREADABLE_IN_REPLACEMENT: Final = 0.05
_SHOWN: Final = 5


class FileFindings:
    """Collects the findings of one reading.

    Args:
        log: takes a level and a sentence.
    """

    def __init__(self, log: Callable[[str, str], None]) -> None:
        self._log = log
        self._first: list[tuple[str | None, RefusedRow]] = []
        self.rows_unreadable = 0

    def take(self, batch: RowBatch) -> None:
        """Takes what a batch has beside its rows."""
        for remark in batch.remarks:
            self._log(remark.level, remark.text)
        for refused in batch.refused:
            self.rows_unreadable += 1
            if len(self._first) < _SHOWN:
                self._first.append((batch.file, refused))

    def finish(self, rows: int, *, replaces: bool) -> None:
        """Takes the end of `rows` rows; warns of lines that are in none of them.

        Raises: FileContentError if they are too many. Called before a replacement is complete, so nobody has left then.
        """
        if not self.rows_unreadable:
            return
        unread = f"{self.rows_unreadable:,} of {rows + self.rows_unreadable:,} rows can't be read ({self._shown()})."
        if self.rows_unreadable > (rows + self.rows_unreadable) * _most(replaces=replaces):
            replacing = " Nobody has left the audience." if replaces else " Correct the file, or say how it is written."
            raise FileContentError(Code.ROWS_UNREADABLE, unread + replacing)
        leaving = " Whoever is in these lines alone leaves the audience." if replaces else ""
        self._log("WARN", unread + leaving)

    def _shown(self) -> str:
        files = {file for file, _ in self._first}
        shown = [
            f"line {refused.line:,}{'' if len(files) == 1 else f' of {file}'}: {refused.reason}"
            for file, refused in self._first
        ]
        more = self.rows_unreadable - len(shown)
        return "; ".join([*shown, f"and {more:,} more"] if more else shown)


def _most(*, replaces: bool) -> float:
    return MOST_UNREADABLE_IN_REPLACEMENT if replaces else MOST_UNREADABLE
