"""Clocks, sleep and chance, injected so that tests control them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Self

import msgspec
from msgspec.structs import replace


class System(msgspec.Struct, frozen=True):
    """Clocks, sleep and chance.

    Args:
        clock: monotonic seconds, for durations.
        now: seconds since the epoch, for anything shown or stored.
        chance: a number from 0 up to but not including 1.
        sleep: waits so many seconds; it may raise to end the waiting.
    """

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep

    def with_sleep(self, sleep: Callable[[float], None]) -> Self:
        """Returns the same system with another sleep, such as one that can be interrupted."""
        return replace(self, sleep=sleep)
