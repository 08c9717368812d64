"""Shows several syncs at once: a bar for each on a terminal, lines with its name elsewhere. Warnings wait for the end.

Everything goes to standard error, so that standard output has only the outcome.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final, Protocol, Self, TextIO

from destination_pinterest.foreign_text import shown
from pinterest_audiences.failures import missing_extra
from pinterest_audiences.progress import LOUD_LEVELS, Display, SyncCounts, counts_text, wait_text

_LINE_EVERY_S: Final = 5.0


class Stage(AbstractContextManager["Stage"], Protocol):
    """Where audiences are shown while its `with` block runs. For several threads."""

    def of(self, name: str) -> CollectingDisplay:
        """Returns what shows one audience."""

    def ended(self, name: str, text: str) -> None:
        """An audience has ended; `text` says how."""


class CollectingDisplay(Display):
    """Shows one audience on a stage, and keeps what was warned of."""

    def __init__(self, show: Any) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._counts = SyncCounts()
        self._total: int | None = None
        self.warnings: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Does nothing."""

    def begin(self, total: int | None) -> None:
        """See Display."""
        self._total = total
        self._changed(self._counts)

    def read(self, rows: int) -> None:
        """See Watcher."""
        self._changed(replace(self._counts, read=self._counts.read + rows))

    def progressed(self, progress: Mapping[str, Any]) -> None:
        """See Watcher."""
        self._changed(self._counts.with_progress(progress))

    def waiting(self, until_s: float) -> None:
        """See Watcher."""
        self._changed(replace(self._counts, waiting_until_s=until_s))

    def log(self, level: str, text: str) -> None:
        """Keeps what needs attention; forty audiences' plans would hide it."""
        line = shown(text)
        with self._lock:
            if level in LOUD_LEVELS and line not in self.warnings:
                self.warnings.append(line)

    def _changed(self, counts: SyncCounts) -> None:
        with self._lock:
            self._counts = counts
            self._show(counts, self._total)


class QuietStage:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Does nothing."""

    def of(self, name: str) -> CollectingDisplay:  # noqa: ARG002 - it is shown nowhere
        """See Stage."""
        return CollectingDisplay(lambda _counts, _total: None)

    def ended(self, name: str, text: str) -> None:
        """See Stage."""


class LinesStage:
    """Shows lines, for logs and pipes.

    Args:
        output: where they go.
        clock: monotonic seconds.
    """

    def __init__(self, output: TextIO, clock: Any = time.monotonic) -> None:
        self._output = output
        self._clock = clock
        self._lock = threading.Lock()
        self._shown_s: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Does nothing."""

    def of(self, name: str) -> CollectingDisplay:
        """See Stage."""
        self._shown_s[name] = self._clock()

        def show(counts: SyncCounts, total: int | None) -> None:
            if self._clock() - self._shown_s[name] >= _LINE_EVERY_S:
                self._shown_s[name] = self._clock()
                self._line(name, counts_text(counts, total))

        return CollectingDisplay(show)

    def ended(self, name: str, text: str) -> None:
        """See Stage."""
        self._line(name, text)

    def _line(self, name: str, text: str) -> None:
        with self._lock:
            self._output.write(f"{name}: {text}\n")
            self._output.flush()


class BarsStage:
    """Shows a bar for each audience that runs.

    Args:
        console: rich's, of a terminal.
    """

    def __init__(self, console: Any) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[rows]}", markup=False),
            TextColumn("{task.fields[note]}", markup=False, style="yellow"),
            TimeElapsedColumn(),
            console=console,
            expand=True,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def of(self, name: str) -> CollectingDisplay:
        """See Stage."""
        task = self._tasks[name] = self._progress.add_task(name, total=None, rows="", note="")

        def show(counts: SyncCounts, total: int | None) -> None:
            of_total = "" if not total else f"/{total:,}"
            self._progress.update(
                task,
                total=total,
                completed=counts.done,
                rows=f"{counts.read:,}{of_total} read, {counts.synced:,} synced",
                note=wait_text(counts.waiting_until_s) if counts.waiting_until_s else "",
            )

        return CollectingDisplay(show)

    def ended(self, name: str, text: str) -> None:
        """See Stage."""
        self._progress.remove_task(self._tasks.pop(name))
        self._progress.console.print(f"{name}: {text}", markup=False, highlight=False)


def stage_for(output: TextIO, *, quiet: bool) -> Stage:
    """Returns bars for a terminal, else lines. Raises: UsageError if the bars' package is not installed."""
    if quiet:
        return QuietStage()
    if not output.isatty():
        return LinesStage(output)
    try:
        from rich.console import Console  # noqa: PLC0415 - only terminals need it

        return BarsStage(Console(file=output))
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
