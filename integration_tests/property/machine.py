"""The machine that a sync runs on: a clock that jumps, and threads whose order chance decides.

Waits cost nothing, and one seed always gives the same run, so that a failure can be made smaller.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.workers import Event, WorkerPool
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InterruptedSyncError
from destination_pinterest.pause import Pause
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
    """One process's worth of threads, a mailbox and sleeps. `chance` decides who runs when."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self.clock = clock
        self.chance = chance
        self.system = System(clock=clock.monotonic, now=clock.now, chance=chance.random)
        self.pause = _Pause(clock)

    def pool(self, most: int, *, wake: Callable[[], None], interrupt: Callable[[], None]) -> WorkerPool:
        """The threads of a sync."""
        return _Pool(most, wake=wake, interrupt=interrupt, machine=self)


class _Pause(Pause):
    """A wait that is over at once, and the clock is later."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._is_interrupted = False
        self._at_most_s = math.inf

    def sleep(self, seconds: float) -> None:
        if self._is_interrupted or seconds > self._at_most_s:
            raise InterruptedSyncError(Code.SYNC_STOPPED, "stopped")
        self._clock.pass_by(seconds)

    def allow_at_most(self, seconds: float) -> None:
        self._at_most_s = seconds

    def interrupt(self) -> None:
        self._is_interrupted = True


class _Pool(WorkerPool):
    """Threads, as the one that decides sees them: what they were given gets done while it waits, in any order."""

    def __init__(self, most: int, *, wake: Callable[[], None], interrupt: Callable[[], None], machine: Machine) -> None:
        super().__init__(most, wake=wake, interrupt=interrupt)
        self._clock = machine.clock
        self._chance = machine.chance
        self._given: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], Event], lane: AudienceLane | None = None) -> None:
        self._given.append(lambda: self.do(job, lane))

    def take(self, timeout_s: float) -> Event | None:
        if timeout_s <= 0:
            if self._given and self._chance.random() < _RUNS_MEANWHILE:
                self._run_one()
            return super().take(0.0)
        # The mailbox may hold a None that only ends a wait.
        while (event := super().take(0.0)) is None and self._given:
            self._run_one()
        if event is None:
            self._clock.pass_by(timeout_s)
        return event

    def shut_down(self) -> None:
        self._given.clear()

    def _run_one(self) -> None:
        self._given.pop(self._chance.randrange(len(self._given)))()
