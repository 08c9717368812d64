"""The sending threads, and the mailbox through which they report to the deciding thread.

Everything that happens in a thread becomes an event, and only the writer reads events, so lanes and tallies need no
    locks. The threads are daemons: concurrent.futures' own pool joins its threads when the interpreter exits, so a
    request that hangs would keep a failed process alive until it times out, long after the failure was reported.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from destination_pinterest.api.observer import Exchange, QuotaWait, RetryNotice
from destination_pinterest.audiences.target import TargetUpdate
from destination_pinterest.dead_letters.queue import Stored
from destination_pinterest.delivery.growth import Finding
from destination_pinterest.delivery.lane import AudienceLane, Delivery


class Delivered(msgspec.Struct, frozen=True):
    """A delivery ended: accepted, with the number of identifiers sent, or failed with an error.

    `finding`: what the trial of its size showed, if it was one.
    """

    lane: AudienceLane
    delivery: Delivery
    sent: int
    error: Exception | None
    finding: Finding | None = None


class ListCreated(msgspec.Struct, frozen=True):
    """The customer list of a lane exists now. Posted before the end of the delivery that created it."""

    lane: AudienceLane
    list_id: str


class AudienceTried(msgspec.Struct, frozen=True):
    """An attempt to make a lane's audience ended; with None, by an error."""

    lane: AudienceLane
    update: TargetUpdate | None


class ClientEvent(msgspec.Struct, frozen=True):
    """What the client did, for a lane or (None) for the whole sync."""

    lane: AudienceLane | None
    what: Exchange | RetryNotice | QuotaWait


Event = Delivered | ListCreated | AudienceTried | Stored | ClientEvent


class WorkerPool:
    """Up to `max_threads` threads, started as needed, and their mailbox. Also the client's observer.

    Args:
        max_threads: how many.
        wake: ends the reader's wait.
        interrupt: ends all waits in the threads.
    """

    def __init__(self, max_threads: int, *, wake: Callable[[], None], interrupt: Callable[[], None]) -> None:
        self.interrupt = interrupt
        self._max_threads = max_threads
        self._wake = wake
        self._mailbox: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._started = 0
        self._is_shut_down = False
        self._thread = threading.local()

    def submit(self, job: Callable[[], Event], lane: AudienceLane | None = None) -> None:
        """Runs `job` in a thread and posts the event it returns. For the deciding thread only.

        Args:
            job: must not raise, or the sync would wait forever: an error is part of the event.
            lane: the lane to which the client's events belong meanwhile.
        """
        if self._is_shut_down:
            return
        self._jobs.put(lambda: self.do(job, lane))
        if not self._idle.acquire(blocking=False) and self._started < self._max_threads:
            self._started += 1
            threading.Thread(target=self._run, name=f"sender-{self._started}", daemon=True).start()

    def do(self, job: Callable[[], Event], lane: AudienceLane | None) -> None:
        """Runs a job in the calling thread and posts its event; does nothing after `shut_down`."""
        if self._is_shut_down:
            return
        self._thread.lane = lane
        try:
            self.post(job())
        finally:
            self._thread.lane = None

    def post(self, event: Event | None) -> None:
        """Posts an event to the mailbox, from any thread or signal handler. None only ends the reader's wait."""
        self._mailbox.put(event)
        self._wake()

    def take(self, timeout_s: float) -> Event | None:
        """Returns the next event, waiting at most this long; None if there is none."""
        try:
            return self._mailbox.get(timeout=timeout_s) if timeout_s > 0 else self._mailbox.get_nowait()
        except queue.Empty:
            return None

    def shut_down(self) -> None:
        """Starts no more jobs and ends idle threads. Running jobs are not waited for: the threads are daemons."""
        self._is_shut_down = True
        for _ in range(self._started):
            self._jobs.put(None)

    @contextmanager
    def listening(self, listener: Callable[[ClientEvent], None]) -> Iterator[None]:
        """While active, sends the client's events of the calling thread straight to `listener`.

        The deciding thread does not read the mailbox while it makes requests itself.
        """
        self._thread.listener = listener
        try:
            yield
        finally:
            self._thread.listener = None

    def sent(self, exchange: Exchange) -> None:
        """See `Observer.sent`."""
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
