"""What a program gets from outside besides its input: clocks and chance. Injected, so that tests own them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class System:
    """Clocks and chance.

    Args:
        clock: monotonic seconds, for durations.
        now: seconds since the epoch, for what is told to others.
        chance: a number from 0 up to but not including 1.
    """

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
