"""Reads the source in a thread of its own, a little ahead, so that a long query can be stopped."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import InterruptedByUserError
from pinterest_audiences.sources.source import RowBatch, Selection, Source

_BATCHES_AHEAD: Final = 2
_LOOK_UP_EVERY_S: Final = 0.2
_STOP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


_Item = tuple[str, ...] | RowBatch | _Failed | None


class ReadAhead:
    """Reads the rows of a selection in a thread. A context manager: on exit, the thread has stopped.

    Args:
        source: must not be used elsewhere meanwhile.
        selection: what to read.
        batch_rows: rows in a batch, at most.
        interruption: ends every wait.
    """

    def __init__(self, source: Source, selection: Selection, batch_rows: int, interruption: Interruption) -> None:
        self._source = source
        self._selection = selection
        self._batch_rows = batch_rows
        self._interruption = interruption
        self._items: queue.Queue[_Item] = queue.Queue(_BATCHES_AHEAD)
        self._is_left = threading.Event()
        self._thread = threading.Thread(target=self._read, name="source", daemon=True)

    def __enter__(self) -> ReadAhead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_left.set()
        if self._thread.is_alive():
            self._source.interrupt()
        self._thread.join(_STOP_S)

    def columns(self) -> tuple[str, ...]:
        """Returns the names of the columns; call it first, and once.

        Raises: what the source raises; InterruptedByUserError.
        """
        item = self._next()
        return item if isinstance(item, tuple) else ()

    def batches(self) -> Iterator[RowBatch]:
        """Yields the rows. Raises: what the source raises, InterruptedByUserError."""
        while isinstance(batch := self._next(), RowBatch):
            yield batch

    def _next(self) -> tuple[str, ...] | RowBatch | None:
        while True:
            if self._interruption.is_requested:
                raise InterruptedByUserError
            try:
                item = self._items.get(timeout=_LOOK_UP_EVERY_S)
            except queue.Empty:
                continue
            if isinstance(item, _Failed):
                raise item.error
            return item

    def _read(self) -> None:
        try:
            rows = self._source.open_rows(self._selection, self._batch_rows)
            self._put(rows.columns)
            for batch in rows.batches:
                if not self._put(batch):
                    return
            self._put(None)
        except Exception as error:  # noqa: BLE001 - raised again in the reading thread
            self._put(_Failed(error))

    def _put(self, item: _Item) -> bool:
        while not self._is_left.is_set():
            try:
                self._items.put(item, timeout=_LOOK_UP_EVERY_S)
            except queue.Full:
                continue
            return True
        return False
