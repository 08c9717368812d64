"""Processes that share a quota, as the tests start them: prints one list of figures as JSON.

    python -m benchmarks.shared_quota_senders share SECONDS AWAY_MS…   how much each 400 requests used of 400 a minute
    python -m benchmarks.shared_quota_senders permit none|file|redis   what one permit costs, round by round, in ms

It imports what the connector imports, which would count as memory of what is measured: so it is a process of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from destination_pinterest.api.counts_in_file import FileCounts
from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Limits, SlidingWindow
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.shared_counts import SharedCounts
from destination_pinterest.system import System
from integration_tests.quota.counts import redis_counts
from integration_tests.quota.far_redis import far_redis
from integration_tests.quota.redis_server import redis_server
from integration_tests.quota.senders import Limited, together

_STANDARD: Final = Limited(400, 60.0, pace=7)
_ROUNDS: Final = 5
_PERMITS: Final = 400
_MS: Final = 1_000


def shares(seconds: float, away_ms: list[float]) -> list[float]:
    """Starts a process for each distance. Raises: SystemExit if they have sent more than they may."""
    with redis_server() as server, ExitStack() as stack:
        urls = [
            stack.enter_context(far_redis(str(server.socket_path), each / _MS)).url if each else server.url
            for each in away_ms
        ]
        sent = [moment for one in together(urls, _STANDARD, seconds) for moment in one]
    most = _STANDARD.most_within(sent)
    if most > _STANDARD.allowed:
        raise SystemExit(f"{most} requests in a minute")
    return _STANDARD.share_used(sent)


def permits(through: str) -> list[float]:
    """Takes permits that nobody has to wait for, and gives their answers."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        counts: SharedCounts | None = None
        if through == "file":
            counts = FileCounts(Path(folder) / "quota", 1, lambda _: True)
        elif through == "redis":
            counts = redis_counts(stack.enter_context(redis_server()).url, "benchmark", print)
        limits = Limits(of_category={Category.ADS_WRITE: (SlidingWindow(_PERMITS * (_ROUNDS + 1), 60.0),)})
        quota = Quota(limits, longest_wait_s=60.0, system=System(), observer=SilentObserver(), counts=counts)
        measured = []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            for _ in range(_PERMITS):
                quota.learn(quota.acquire(Category.ADS_WRITE), status=200)
            measured.append((time.perf_counter() - began) / _PERMITS * _MS)
        return measured


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    figures = shares(float(rest[0]), [*map(float, rest[1:])]) if what == "share" else permits(rest[0])
    print(json.dumps(figures))
