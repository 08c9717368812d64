"""Shows a running sync: as a bar on a terminal, as a line every few seconds elsewhere, or only its warnings.

Everything goes to standard error, so that standard output has only the report.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol, TextIO

from destination_pinterest.foreign_text import shown
from pinterest_audiences.connector_answers import Watcher

PLAIN_LINE_EVERY_S: Final = 3.0
LOUD_LEVELS: Final = frozenset({"WARN", "ERROR", "FATAL"})


class Display(Watcher, AbstractContextManager["Display"], Protocol):
    """Shows a sync while its `with` block runs."""

    def begin(self, total: int | None) -> None:
        """Begins, with the expected number of rows, if known."""


@dataclass(frozen=True, slots=True)
class SyncCounts:
    """The progress of a sync, in rows; `waiting_until_s` is in seconds since 1970, 0 if nothing waits."""

    read: int = 0
    entered: int = 0
    synced: int = 0
    not_synced: int = 0
    requests: int = 0
    waited_s: float = 0.0
    waiting_until_s: float = 0.0

    @property
    def done(self) -> int:
        """Rows that are synced or rejected."""
        return self.synced + self.not_synced

    def with_progress(self, progress: Mapping[str, Any]) -> SyncCounts:
        """Returns the counts after a progress line."""
        names = ("entered", "synced", "not_synced", "requests", "waited_s")
        return replace(self, **{name: progress.get(name, 0) for name in names})


def wait_text(until_s: float) -> str:
    """Words until when the sync waits for Pinterest's quota, in local time."""
    at = datetime.fromtimestamp(until_s).astimezone()
    day = "" if at.date() == datetime.now().astimezone().date() else f"{at:%Y-%m-%d} "
    return f"waiting for Pinterest's quota until {day}{at:%H:%M:%S}"


class QuietDisplay:
    """Shows only warnings and errors."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._lock = threading.Lock()

    def __enter__(self) -> QuietDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        """Does nothing."""

    def begin(self, total: int | None) -> None:
        """See Display."""

    def read(self, rows: int) -> None:
        """See Watcher."""

    def progressed(self, progress: Mapping[str, Any]) -> None:
        """See Watcher."""

    def waiting(self, until_s: float) -> None:
        """See Watcher."""

    def log(self, level: str, text: str) -> None:
        """See Watcher."""
        if level in LOUD_LEVELS:
            self._line(with_level(level, text))

    def _line(self, text: str) -> None:
        with self._lock:
            self._output.write(text + "\n")
            self._output.flush()


class PlainDisplay(QuietDisplay):
    """Shows lines, for logs and pipes.

    Args:
        output: where they go.
        clock: monotonic seconds.
    """

    def __init__(self, output: TextIO, clock: Callable[[], float]) -> None:
        super().__init__(output)
        self._clock = clock
        self._counts = SyncCounts()
        self._total: int | None = None
        self._shown_s = clock()

    def begin(self, total: int | None) -> None:
        """See Display."""
        self._total = total
        expected = "" if total is None else f" ({total:,} row{'s' * (total != 1)})"
        self._line(f"Reading the source{expected} and sending to Pinterest.")
        self._shown_s = self._clock()

    def read(self, rows: int) -> None:
        """See Watcher."""
        self._counts = replace(self._counts, read=self._counts.read + rows)

    def progressed(self, progress: Mapping[str, Any]) -> None:
        """See Watcher."""
        self._counts = self._counts.with_progress(progress)
        if self._clock() - self._shown_s >= PLAIN_LINE_EVERY_S:
            self._shown_s = self._clock()
            self._line(counts_text(self._counts, self._total))

    def waiting(self, until_s: float) -> None:
        """See Watcher."""
        is_new = bool(until_s) and until_s != self._counts.waiting_until_s
        self._counts = replace(self._counts, waiting_until_s=until_s)
        if is_new:
            said = wait_text(until_s)
            self._line(said[:1].upper() + said[1:] + ".")

    def log(self, level: str, text: str) -> None:
        """See Watcher."""
        self._line(with_level(level, text))


def with_level(level: str, text: str) -> str:
    """Returns a log line of the connector, with its level if it needs attention."""
    line = shown(text)
    return f"{level.lower()}: {line}" if level in LOUD_LEVELS else line


def counts_text(counts: SyncCounts, total: int | None) -> str:
    """Words a sync's progress as one line."""
    of_total = "" if not total else f" of {total:,}"
    waited = f", waited {counts.waited_s:,.1f} s for quota" if counts.waited_s else ""
    waiting = f"; {wait_text(counts.waiting_until_s)}" if counts.waiting_until_s else ""
    return (
        f"{counts.read:,}{of_total} rows read, {counts.synced:,} synced, {counts.not_synced:,} not synced, "
        f"{counts.requests:,} requests{waited}{waiting}"
    )
