"""Several processes that send under one quota at once, and how much of it they use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from destination_pinterest.api.presence_in_redis import BEAT_S


@dataclass(frozen=True, slots=True)
class Limited:
    """So many requests in so many seconds, and a pace; 0: none."""

    allowed: int
    window_s: float
    pace: int = 0

    def most_within(self, sent: Sequence[float]) -> int:
        ordered = sorted(sent)
        return max(sum(begin <= moment < begin + self.window_s for moment in ordered) for begin in ordered)

    def share_used(self, sent: Sequence[float]) -> list[float]:
        """How much of what is permitted was used in each span of so many requests."""
        ordered = sorted(sent)
        spans_s = [later - sooner for sooner, later in zip(ordered, ordered[self.allowed :], strict=False)]
        return [self.window_s / span_s for span_s in spans_s]


def together(
    urls: Sequence[str],
    limited: Limited,
    for_s: float,
    *,
    beat_s: float = BEAT_S,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[list[float]]:
    """When the requests of each process arrived that shares by one of `urls`."""
    processes = []
    for url in urls:
        arguments = (url, limited.allowed, limited.window_s, limited.pace, for_s, beat_s)
        command = [sys.executable, "-m", "integration_tests.quota.sender", *map(str, arguments)]
        processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "INFO ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    meanwhile()
    printed = []
    for process in processes:
        out, _ = process.communicate(timeout=for_s + 60)
        assert process.returncode == 0
        printed.append([float(line.removeprefix("sent ")) for line in out.splitlines() if line.startswith("sent ")])
    return printed
