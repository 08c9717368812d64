"""How far sending has come: told by the connector, noted in the warehouse, so that a killed run loses little of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from pinterest_audiences.difference.sent_table import SentTable
from pinterest_audiences.difference.warehouse import Session, Warehouse
from pinterest_audiences.failures import SourceError, UsageError, WarehouseBusyError

_EVERY_S: Final = 15.0


class Pace:
    """How far sending has come. For several threads.

    Args:
        table: where it is noted.
    """

    def __init__(self, table: SentTable) -> None:
        self._table = table
        self._noting = threading.Lock()
        self._lock = threading.Lock()
        self._begun = self._done = 0
        self._left_out: list[int] = []
        self._new_list: str | None = None

    def accepted(self, state: Mapping[str, Any]) -> None:
        """Takes a state that the connector has returned."""
        with self._lock:
            self._done = max(self._done, int(state.get("changes") or 0))

    def rejected(self, row: Mapping[str, Any]) -> None:
        """Takes a change that the connector has not sent."""
        with self._lock:
            self._left_out.append(int(row["line"]))

    def found_list(self, customer_list_id: str) -> None:
        """Takes the customer list that the connector has created, and writes to."""
        with self._lock:
            self._new_list = customer_list_id

    @property
    def begun(self) -> int:
        """Up to which change anything may have been sent."""
        with self._lock:
            return self._begun

    @property
    def done(self) -> int:
        """Up to which change everything was accepted, or left out."""
        with self._lock:
            return self._done

    def begin(self, session: Session, last: int) -> None:
        """Notes that changes up to `last` are about to be sent. Raises: ConnectorError, and nothing may be sent."""
        with self._lock:
            self._begun = last
        self.note(session)

    def note(self, session: Session) -> None:
        """Notes what was accepted. Raises: WarehouseBusyError, SourceError."""
        with self._noting:
            with self._lock:
                begun, done, new_list = self._begun, self._done, self._new_list
                left_out = [number for number in self._left_out if number <= done]
            if new_list is not None:
                self._table.keep_list(session, new_list)
            self._table.advance(session, begun, done, left_out)
            noted = set(left_out)
            with self._lock:
                self._left_out = [number for number in self._left_out if number not in noted]
                self._new_list = None if self._new_list == new_list else self._new_list


class Heartbeat:
    """Notes it every few seconds, so that others know that this run is alive. A context manager.

    Args:
        warehouse: gets a connection of its own.
        pace: what is noted.
        every_s: how often.
    """

    def __init__(self, warehouse: Warehouse, pace: Pace, *, every_s: float = _EVERY_S) -> None:
        self._warehouse = warehouse
        self._pace = pace
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        self.failure: WarehouseBusyError | None = None

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(_EVERY_S)

    def _beat(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                with self._warehouse.session() as session:
                    self._pace.note(session)
            except WarehouseBusyError as error:
                self.failure = error
            except (SourceError, UsageError):
                pass  # Whether that lasts shows when the thread that feeds notes something.
