"""Threads that send, and that do not outlive the decision to end.

concurrent.futures' own pool joins its threads when the interpreter exits, and a request that hangs would keep a failed
process alive until its time-out, long after the platform was told of the failure.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DaemonThreads(Executor):
    """An executor of at most `most` daemon threads, started as they are needed."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._started = 0
        self._idle = threading.Semaphore(0)
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._is_shut_down = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Has `fn` called by one of the threads. For the one thread that decides.

        Raises:
            RuntimeError: after `shutdown`.
        """
        if self._is_shut_down:
            raise RuntimeError("The threads were shut down.")
        future: Future[T] = Future()

        def call() -> None:
            if self._is_shut_down or not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever holds the future
                future.set_exception(error)
            else:
                future.set_result(result)

        self._work.put(call)
        if not self._idle.acquire(blocking=False) and self._started < self._most:
            self._started += 1
            threading.Thread(target=self._run, name=f"sender-{self._started}", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Starts nothing more; idle threads end. What runs is left to itself: that is what these threads are for."""
        self._is_shut_down = True
        for _ in range(self._started):
            self._work.put(None)

    def _run(self) -> None:
        while (call := self._work.get()) is not None:
            call()
            self._idle.release()
