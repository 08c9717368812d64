"""What a program gets from outside besides its input: clocks, sleep and chance. Injected, so that tests own them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class System:
    """Clocks, sleep and chance.

    Args:
        clock: monotonic seconds, for durations.
        now: seconds since the epoch, for what is told to others.
        chance: a number from 0 up to but not including 1.
        sleep: waits so many seconds; it may raise to end the waiting.
    """

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep

    def with_sleep(self, sleep: Callable[[float], None]) -> Self:
        """The same system with another sleep, such as one that can be interrupted."""
        return replace(self, sleep=sleep)
