"""A lock that is handed on in the order in which it was asked for, so that nobody waits for ever."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """First come, first served. Python's own locks promise no order."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._queue: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many threads wait for the lock."""
        return len(self._queue)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lock for the length of a `with`."""
        turn: threading.Event | None = None
        with self._guard:
            if self._taken:
                turn = threading.Event()
                self._queue.append(turn)
            self._taken = True
        if turn is not None:
            turn.wait()
        try:
            yield
        finally:
            with self._guard:
                if self._queue:
                    self._queue.popleft().set()
                else:
                    self._taken = False
