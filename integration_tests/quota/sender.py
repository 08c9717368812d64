"""A process that sends as fast as its quota allows: URL, allowed requests, window, pace (0: none), length
(seconds), and how often it tells that it is there.

Prints when each request arrived, by the clock that all processes of a machine share, and what was said.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from destination_pinterest.api.counts_in_file import FileCounts, process_is_running
from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Limit, Limits, Pace, SlidingWindow
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.shared_counts import SharedCounts
from destination_pinterest.config.shared_quota import read_shared_quota
from destination_pinterest.system import System
from integration_tests.quota.counts import redis_counts


def say(level: str, text: str) -> None:
    print(f"{level} {text}", flush=True)


def counts_of(text: str, beat_s: float) -> SharedCounts:
    if read_shared_quota(text).url is None:
        return FileCounts(Path(text), os.getpid(), process_is_running)
    return redis_counts(text, str(os.getpid()), say, beat_s)


def main(url: str, allowed: int, window_s: float, pace: int, for_s: float, beat_s: float) -> None:
    limits: tuple[Limit, ...] = (SlidingWindow(allowed, window_s), *([Pace(pace)] if pace else []))
    quota = Quota(
        Limits(of_category={Category.ADS_WRITE: limits}),
        longest_wait_s=60.0,
        system=System(),
        observer=SilentObserver(),
        counts=counts_of(url, beat_s),
    )
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
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), float(sys.argv[6]))
