"""A clock that only tests move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from destination_pinterest.system import System


@dataclass
class Clock:
    """Monotonic and epoch seconds; sleeping moves both, and remembers for how long. `before_sleep` is called first."""

    monotonic: float = 1000.0
    epoch: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)
    before_sleep: Callable[[float], object] = lambda _: None

    def clock(self) -> float:
        return self.monotonic

    def now(self) -> float:
        return self.epoch

    def sleep(self, seconds: float) -> None:
        self.before_sleep(seconds)
        self.slept.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.monotonic += seconds
        self.epoch += seconds

    @property
    def system(self) -> System:
        """This clock, and chance that takes nothing off."""
        return System(clock=self.clock, now=self.now, chance=lambda: 0.0, sleep=self.sleep)
