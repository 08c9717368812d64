"""Shows a running sync as a bar on a terminal."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pinterest_audiences.progress import SyncCounts, wait_text, with_level


class BarDisplay:
    """A bar of the rows that are synced or rejected; the connector's lines scroll above it.

    Args:
        console: the terminal.
        title: the text before the bar.
    """

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._lock = threading.Lock()
        self._counts = SyncCounts()
        self._total: int | None = None
        self._task: TaskID | None = None
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[rows]}", markup=False),
            TextColumn("{task.fields[note]}", markup=False, style="yellow"),
            TimeElapsedColumn(),
            console=console,
            expand=True,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, total: int | None) -> None:
        """See Display."""
        with self._lock:
            self._total = total
            self._task = self._progress.add_task(self._title, total=total, rows="", note="")

    def read(self, rows: int) -> None:
        """See Watcher."""
        with self._lock:
            self._show(replace(self._counts, read=self._counts.read + rows))

    def progressed(self, progress: Mapping[str, Any]) -> None:
        """See Watcher."""
        with self._lock:
            self._show(self._counts.with_progress(progress))

    def waiting(self, until_s: float) -> None:
        """See Watcher."""
        with self._lock:
            self._show(replace(self._counts, waiting_until_s=until_s))

    def log(self, level: str, text: str) -> None:
        """See Watcher."""
        style = {"WARN": "yellow", "ERROR": "red", "FATAL": "red"}.get(level, "dim")
        self._console.print(with_level(level, text), style=style, markup=False, highlight=False)

    def _show(self, counts: SyncCounts) -> None:
        self._counts = counts
        if self._task is None:
            return
        elapsed_s = self._progress.tasks[0].elapsed or 0.0
        rate = f", {counts.done / elapsed_s:,.0f}/s" if counts.done and elapsed_s else ""
        of_total = "" if not self._total else f"/{self._total:,}"
        self._progress.update(
            self._task,
            completed=counts.done,
            rows=f"{counts.read:,}{of_total} read, {counts.synced:,} synced{rate}",
            note=wait_text(counts.waiting_until_s) if counts.waiting_until_s else "",
        )
