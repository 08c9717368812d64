"""A lock that is granted in the order of requests, so that no thread waits forever."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """A first-come, first-served lock. Python's own locks guarantee no order."""

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
        """Holds the lock during a `with` block."""
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
