"""Threads that send, and the mailbox through which they report to the one thread that decides.

Whatever happens in a thread becomes an event; nobody but the writer reads them, so lanes and tallies need no locks. The
threads are daemons: concurrent.futures' own pool joins its threads when the interpreter exits, and a request that hangs
would keep a failed process alive until its time-out, long after the platform was told of the failure.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from destination_pinterest.api.observer import Exchange, QuotaWait, RetryNotice
from destination_pinterest.dead_letters.queue import Stored
from destination_pinterest.delivery.lane import AudienceLane, Delivery


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery ended: accepted, with how many identifiers were sent, or with the error that it failed with."""

    lane: AudienceLane
    delivery: Delivery
    sent: int
    error: Exception | None


@dataclass(frozen=True, slots=True)
class ListCreated:
    """The customer list of a lane exists now. Comes before the end of the delivery that created it."""

    lane: AudienceLane
    list_id: str


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """What the client did while it worked for a lane or (None) for the whole sync."""

    lane: AudienceLane | None
    what: Exchange | RetryNotice | QuotaWait


Event = Delivered | ListCreated | Stored | ClientEvent


class WorkerPool:
    """Up to `most` threads, started as they are needed, and their mailbox. Is the client's observer as well.

    Args:
        most: how many.
        wake: ends the reader's wait, wherever it waits.
        interrupt: makes everything that waits in a thread give up.
    """

    def __init__(self, most: int, *, wake: Callable[[], None], interrupt: Callable[[], None]) -> None:
        self.interrupt = interrupt
        self._most = most
        self._wake = wake
        self._mailbox: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._started = 0
        self._is_shut_down = False
        self._thread = threading.local()

    def submit(self, job: Callable[[], Event], lane: AudienceLane | None = None) -> None:
        """Has `job` done by a thread, for a lane; what it returns is posted. For the one thread that decides.

        Args:
            job: must not raise, or the sync would wait for ever: an error is part of what it returns.
            lane: what the client does meanwhile is about it.
        """
        if self._is_shut_down:
            return
        self._jobs.put(lambda: self.do(job, lane))
        if not self._idle.acquire(blocking=False) and self._started < self._most:
            self._started += 1
            threading.Thread(target=self._run, name=f"sender-{self._started}", daemon=True).start()

    def do(self, job: Callable[[], Event], lane: AudienceLane | None) -> None:
        """Does a job in the calling thread and posts what it returns; nothing after `shut_down`."""
        if self._is_shut_down:
            return
        self._thread.lane = lane
        try:
            self.post(job())
        finally:
            self._thread.lane = None

    def post(self, event: Event | None) -> None:
        """Puts an event into the mailbox, from any thread or signal handler. None only ends the reader's wait."""
        self._mailbox.put(event)
        self._wake()

    def take(self, timeout_s: float) -> Event | None:
        """The next event, after at most so long a wait; None where there is none."""
        try:
            return self._mailbox.get(timeout=timeout_s) if timeout_s > 0 else self._mailbox.get_nowait()
        except queue.Empty:
            return None

    def shut_down(self) -> None:
        """Starts nothing more; idle threads end. What runs is left to itself: that is what daemons are for."""
        self._is_shut_down = True
        for _ in range(self._started):
            self._jobs.put(None)

    @contextmanager
    def listening(self, listener: Callable[[ClientEvent], None]) -> Iterator[None]:
        """Until it ends, what the client does in the calling thread goes straight to `listener`.

        The thread that decides reads no mailbox while it asks Pinterest something itself.
        """
        self._thread.listener = listener
        try:
            yield
        finally:
            self._thread.listener = None

    def answered(self, exchange: Exchange) -> None:
        """See `Observer.answered`."""
        self._observe(exchange)

    def retrying(self, notice: RetryNotice) -> None:
        """See `Observer.retrying`."""
        self._observe(notice)

    def waiting(self, wait: QuotaWait) -> None:
        """See `Observer.waiting`."""
        self._observe(wait)

    def _observe(self, what: Exchange | RetryNotice | QuotaWait) -> None:
        event = ClientEvent(getattr(self._thread, "lane", None), what)
        listener: Callable[[ClientEvent], None] | None = getattr(self._thread, "listener", None)
        if listener is None:
            self.post(event)
        else:
            listener(event)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            self._idle.release()
