"""The machine that a sync runs on: a clock that jumps, and threads whose order chance decides.

Waits cost nothing, and one seed always gives the same run, so that a failure can be made smaller. Only Python's own
means are replaced (waiting, queues, threads), and only where the connector uses them.
"""

from __future__ import annotations

import queue
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

from destination_pinterest.system import System

_STARTED_AT_S = 1_790_000_000.0
# How often a thread gets something done while the deciding one does not wait for it.
_RUNS_MEANWHILE = 0.3


@dataclass
class Clock:
    """Monotonic and epoch seconds."""

    monotonic_s: float = 1000.0

    def monotonic(self) -> float:
        return self.monotonic_s

    def now(self) -> float:
        return _STARTED_AT_S + self.monotonic_s

    def pass_by(self, seconds: float) -> None:
        self.monotonic_s += max(0.0, seconds)


class Machine:
    """One process's worth of threads, queues and sleeps. `chance` decides who runs when."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self.clock = clock
        self.chance = chance
        self.system = System(clock=clock.monotonic, now=clock.now, chance=chance.random)
        self._threads = _Threads(chance)

    @contextmanager
    def runs(self) -> Iterator[None]:
        """Until it ends, connectors that are made run on this machine."""
        waiting = SimpleNamespace(Event=lambda: _Sleep(self.clock))
        told = SimpleNamespace(SimpleQueue=lambda: _Queue(self.clock, self._threads), Empty=queue.Empty)
        with (
            mock.patch("destination_pinterest.pause.threading", waiting),
            mock.patch("destination_pinterest.delivery.events.queue", told),
            mock.patch("destination_pinterest.sync.DaemonThreads", return_value=self._threads),
        ):
            yield


class _Sleep(threading.Event):
    """A wait that is over at once, and the clock is later."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set():
            self._clock.pass_by(timeout or 0.0)
        return self.is_set()


class _Threads(Executor):
    """Threads, as the one that decides sees them: what they were given gets done while it waits, in any order."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._given: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._given.append(partial(fn, *args, **kwargs))
        return Future()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._given.clear()

    def run_one(self) -> bool:
        """Has one of them get its work done; False if there is none."""
        if not self._given:
            return False
        self._given.pop(self._chance.randrange(len(self._given)))()
        return True

    def run_perhaps(self) -> None:
        if self._given and self._chance.random() < _RUNS_MEANWHILE:
            self.run_one()


class _Queue:
    """A SimpleQueue whose reader's waits are when threads run."""

    def __init__(self, clock: Clock, threads: _Threads) -> None:
        self._clock = clock
        self._threads = threads
        self._items: deque[Any] = deque()

    def put(self, item: Any) -> None:
        self._items.append(item)

    def get(self, timeout: float) -> Any:
        while not self._items and self._threads.run_one():
            pass
        if not self._items:
            self._clock.pass_by(timeout)
            raise queue.Empty
        return self._items.popleft()

    def get_nowait(self) -> Any:
        self._threads.run_perhaps()
        if not self._items:
            raise queue.Empty
        return self._items.popleft()
