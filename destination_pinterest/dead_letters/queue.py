"""The dead letter queue: collects rejected rows in files, which the sync's threads store, oldest first.

A row that is not stored yet holds back the states after it, as a row in flight to Pinterest does. A later attempt
    writes the rows after the last returned state again, to new files: every rejected row is stored at least once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from destination_pinterest.dead_letters.row_format import DeadLetterFormat
from destination_pinterest.identity.rejection import Rejection

# A file is stored at this size or age. States wait for it, and the platform expects states every 15 minutes.
MAX_FILE_BYTES: Final = 5_000_000
MAX_FILE_ROWS: Final = 10_000
MAX_FILE_AGE_S: Final = 60.0
# Files in flight at once, and files that may queue before the reader waits: 30 MB at most.
MAX_FILES_IN_FLIGHT: Final = 2
_MAX_FILES_WAITING: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class DeadLetterFile:
    """Rows that are stored together; `first_position` is at most the number of records before the first of them."""

    key: str
    body: bytes = field(repr=False)
    rows: int
    first_position: int


class Stored(msgspec.Struct, frozen=True):
    """The outcome for a file: stored (`error` is None), or failed with an error."""

    file: DeadLetterFile
    error: Exception | None


class DeadLetterQueue:
    """All rejected rows of a sync. For the deciding thread only, except `store`.

    Args:
        put: stores a file under a key; what it raises fails the sync.
        clock: monotonic seconds.
    """

    def __init__(self, put: Callable[[str, bytes], object], clock: Callable[[], float]) -> None:
        self._put = put
        self._clock = clock
        self._open: list[DeadLetters] = []
        self._waiting: deque[DeadLetterFile] = deque()
        self.in_flight: list[DeadLetterFile] = []
        self._failed: list[DeadLetterFile] = []
        self.stored_rows = 0
        self.stored_files = 0

    def rows_of(self, row_format: DeadLetterFormat, next_key: Callable[[], str]) -> DeadLetters:
        """Returns the collector of one stream's rejected rows; `next_key` names its files."""
        rows = DeadLetters(row_format, next_key, self._clock, self._waiting.append)
        self._open.append(rows)
        return rows

    def start_due(self) -> list[DeadLetterFile]:
        """Returns the files to store now; they count as in flight."""
        due_s = self._clock() - MAX_FILE_AGE_S
        for rows in self._open:
            if rows.opened_s is not None and rows.opened_s <= due_s:
                rows.close()
        started = []
        while self._waiting and len(self.in_flight) < MAX_FILES_IN_FLIGHT:
            started.append(self._waiting.popleft())
            self.in_flight.append(started[-1])
        return started

    def close(self) -> None:
        """Makes files of all waiting rows: no more will come."""
        for rows in self._open:
            rows.close()

    def store(self, file: DeadLetterFile) -> Stored:
        """Stores a file, in a thread. Any error is part of the result, or the sync would wait forever."""
        try:
            self._put(file.key, file.body)
        except Exception as error:  # noqa: BLE001 - raised again by the deciding thread
            return Stored(file, error)
        return Stored(file, None)

    def ack(self, stored: Stored) -> Exception | None:
        """Records that a file is no longer in flight. Returns its error, if any: then its rows will never be safe."""
        self.in_flight.remove(stored.file)
        if stored.error is None:
            self.stored_rows += stored.file.rows
            self.stored_files += 1
        else:
            self._failed.append(stored.file)
        return stored.error

    @property
    def is_busy(self) -> bool:
        """Whether a file is queued or in flight."""
        return bool(self._waiting or self.in_flight)

    @property
    def is_backed_up(self) -> bool:
        """Whether the reader should wait for the bucket."""
        return len(self._waiting) >= _MAX_FILES_WAITING

    @property
    def due_s(self) -> float | None:
        """When the oldest file is due; None if there is none."""
        opened = [rows.opened_s for rows in self._open if rows.opened_s is not None]
        return min(opened) + MAX_FILE_AGE_S if opened else None

    @property
    def watermark(self) -> int | None:
        """The position of the oldest row that is not stored; None if all are."""
        positions = [file.first_position for files in (self._waiting, self.in_flight, self._failed) for file in files]
        positions += [rows.first_position for rows in self._open if rows.first_position is not None]
        return min(positions, default=None)


class DeadLetters:
    """Collects one stream's rejected rows into files. Made by `DeadLetterQueue.rows_of`."""

    def __init__(
        self,
        row_format: DeadLetterFormat,
        next_key: Callable[[], str],
        clock: Callable[[], float],
        closed: Callable[[DeadLetterFile], None],
    ) -> None:
        self._format = row_format
        self._next_key = next_key
        self._clock = clock
        self._closed = closed
        self._lines: list[bytes] = []
        self._bytes = 0
        self.first_position: int | None = None
        self.opened_s: float | None = None

    def add(self, row: Any, rejection: Rejection, position: int) -> None:
        """Takes a row that came after at least `position` records."""
        if self.first_position is None:
            self.first_position, self.opened_s = position, self._clock()
        line = self._format.line(row, rejection)
        self._lines.append(line)
        self._bytes += len(line)
        if len(self._lines) >= MAX_FILE_ROWS or self._bytes >= MAX_FILE_BYTES:
            self.close()

    def close(self) -> None:
        """Makes a file of the waiting rows, if there are any."""
        if self.first_position is None:
            return
        self._closed(DeadLetterFile(self._next_key(), b"".join(self._lines), len(self._lines), self.first_position))
        self._lines, self._bytes = [], 0
        self.first_position = self.opened_s = None
