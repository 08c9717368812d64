"""What happens in the threads that send, told to the one thread that decides.

Threads only ever put events here; nobody but the writer reads them, so lanes and tallies need no locks.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from destination_pinterest.api.observer import Exchange, QuotaWait, RetryNotice
from destination_pinterest.dead_letters.queue import Stored
from destination_pinterest.delivery.batch import Delivery
from destination_pinterest.delivery.lane import AudienceLane


@dataclass(frozen=True, slots=True)
class Settled:
    """A delivery ended: accepted, with how many identifiers were sent, or with the error that it failed with."""

    lane: AudienceLane
    delivery: Delivery
    sent: int
    error: Exception | None


@dataclass(frozen=True, slots=True)
class Told:
    """The client told something, while it worked for a lane or (None) for the whole sync."""

    lane: AudienceLane | None
    what: Exchange | RetryNotice | QuotaWait


Event = Settled | Stored | Told


class Events:
    """A queue that wakes its reader.

    Args:
        wake: ends the reader's wait, wherever it waits.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._wake = wake

    def put(self, event: Event | None) -> None:
        """From any thread or signal handler. None only ends the reader's wait."""
        self._queue.put(event)
        self._wake()

    def take(self, timeout_s: float) -> Event | None:
        """The next event, after at most so long a wait; None where there is none."""
        try:
            return self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None


class EventObserver:
    """Turns what the client tells into events, each with the lane that the calling thread works for.

    The thread that decides reads no events while it asks Pinterest something itself; what it is told then goes to
    whoever it names in `telling`, at once.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._thread = threading.local()

    @contextmanager
    def on_behalf_of(self, lane: AudienceLane) -> Iterator[None]:
        """Until it ends, what this thread tells is about `lane`."""
        self._thread.lane = lane
        try:
            yield
        finally:
            self._thread.lane = None

    @contextmanager
    def telling(self, listener: Callable[[Told], None]) -> Iterator[None]:
        """Until it ends, what this thread tells goes straight to `listener`."""
        self._thread.listener = listener
        try:
            yield
        finally:
            self._thread.listener = None

    def answered(self, exchange: Exchange) -> None:
        """See `Observer.answered`."""
        self._tell(exchange)

    def retrying(self, notice: RetryNotice) -> None:
        """See `Observer.retrying`."""
        self._tell(notice)

    def waiting(self, wait: QuotaWait) -> None:
        """See `Observer.waiting`."""
        self._tell(wait)

    def _tell(self, what: Exchange | RetryNotice | QuotaWait) -> None:
        told = Told(getattr(self._thread, "lane", None), what)
        listener: Callable[[Told], None] | None = getattr(self._thread, "listener", None)
        if listener is None:
            self._events.put(told)
        else:
            listener(told)
