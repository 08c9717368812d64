"""Feeds rows to the connector as an Airbyte platform does: records with states in between, then the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pinterest_audiences.airbyte_messages import RecordEncoder, StreamDescription, complete_line, state_line
from pinterest_audiences.connector_answers import Watcher
from pinterest_audiences.cursor_state import cursor_state
from pinterest_audiences.file_findings import FileFindings
from pinterest_audiences.line_pipe import LinePipe
from pinterest_audiences.sources.source import RowBatch


class Feed:
    """Feeds one stream to the connector.

    Args:
        stream: the stream's description.
        columns: the names of a row's values.
        reached: the cursor value that earlier runs reached; None for the beginning.
        watcher: shows how many rows were fed, and what was found in files beside rows.
        now: seconds since the epoch.
    """

    def __init__(
        self,
        stream: StreamDescription,
        columns: Sequence[str],
        reached: Any,
        watcher: Watcher,
        now: Callable[[], float],
    ) -> None:
        self._stream = stream
        self._encoder = RecordEncoder(stream.name, columns, now)
        self._position = None if stream.cursor is None else list(columns).index(stream.cursor)
        self._cursor = reached
        self._watcher = watcher
        self._now = now
        self.findings = FileFindings(watcher.log)
        self.rows = 0
        self.rows_without_cursor = 0
        self.states = 0

    def run(self, batches: Iterable[RowBatch], pipe: LinePipe) -> None:
        """Writes everything; returns only if the source has succeeded.

        Raises: what the source raises; FileContentError if too many lines are no rows; PipeClosedError,
            InterruptedByUserError.
        """
        unstated = 0
        for batch in batches:
            self.findings.take(batch)
            if not batch.rows:
                continue
            pipe.write(self._encoder.lines(batch.rows))
            self.rows += len(batch.rows)
            self._watcher.read(len(batch.rows))
            unstated = self._after(batch, unstated + len(batch.rows), pipe)
        self.findings.finish(self.rows, replaces=self._stream.replaces)
        if self._position is None or self.states == 0:
            self._write_state(unstated, pipe)
        pipe.write(complete_line(self._stream.name, self._now()))

    def _after(self, batch: RowBatch, unstated: int, pipe: LinePipe) -> int:
        """Writes a state if there is a cursor; returns the number of rows that no state covers yet."""
        if self._position is None:
            return unstated
        values = [row[self._position] for row in batch.rows]
        known = [value for value in values if value is not None]
        self.rows_without_cursor += len(values) - len(known)
        last = known[-1] if known and batch.reached is None else batch.reached
        self._cursor = _further(self._cursor, last)
        self._write_state(unstated, pipe)
        return 0

    def _write_state(self, rows: int, pipe: LinePipe) -> None:
        self.states += 1
        state = {} if self._stream.cursor is None else cursor_state(self._stream.cursor, self._cursor)
        pipe.write(state_line(self._stream.name, self.states, state, rows))


def _further(reached: Any, last: Any) -> Any:
    """What is reached after rows that end with `last`: rows that are read again don't take it back."""
    if reached is None or last is None:
        return reached if last is None else last
    try:
        return max(reached, last)
    except TypeError:  # an earlier version kept another type
        return last
