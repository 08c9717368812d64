"""A process that sends as fast as its quota allows: URL, allowed requests, window, length, and how far away (seconds).

Prints when each request arrived, by the clock that all processes of a machine share, and what was said.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from destination_pinterest.api.counts_in_file import FileCounts, process_is_running
from destination_pinterest.api.counts_in_redis import RedisCounts
from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Limits, Permit, SlidingWindow
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.quota_sharing import redis_client
from destination_pinterest.api.shared_counts import Clock, Event, SharedCounts
from destination_pinterest.config.shared_quota import read_shared_quota
from destination_pinterest.system import System


def say(level: str, text: str) -> None:
    print(f"{level} {text}", flush=True)


def counts_of(text: str) -> SharedCounts:
    address = read_shared_quota(text)
    if address.url is None:
        return FileCounts(Path(text), os.getpid(), process_is_running)
    return RedisCounts(redis_client(address), "test", str(os.getpid()), address.processes, say)


class Far:
    """Counts that take a while to reach."""

    def __init__(self, counts: SharedCounts, away_s: float) -> None:
        self._counts = counts
        self._away_s = away_s

    @property
    def sharers(self) -> int:
        return self._counts.sharers

    def news(self, clock: Clock) -> Sequence[Event]:
        time.sleep(self._away_s)
        return self._counts.news(clock)

    def wants(self, category: Category) -> bool:
        time.sleep(self._away_s)
        return self._counts.wants(category)

    def claim(self, permit: Permit) -> bool:
        time.sleep(self._away_s)
        return self._counts.claim(permit)

    def answered(self, permit: Permit) -> None:
        self._counts.answered(permit)


def main(url: str, allowed: int, window_s: float, for_s: float, away_s: float) -> None:
    limits = Limits(of_category={Category.ADS_WRITE: (SlidingWindow(allowed, window_s),)})
    counts = Far(counts_of(url), away_s) if away_s else counts_of(url)
    quota = Quota(limits, longest_wait_s=60.0, system=System(), observer=SilentObserver(), counts=counts)
    say("INFO", "ready")
    sys.stdin.readline()
    until = time.monotonic() + for_s
    while time.monotonic() < until:
        permit = quota.acquire(Category.ADS_WRITE)
        time.sleep(random.uniform(0.0, 0.004))
        print(f"sent {time.monotonic()!r}", flush=True)
        time.sleep(random.uniform(0.0, 0.004))
        quota.learn(permit, status=200)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:6]))
