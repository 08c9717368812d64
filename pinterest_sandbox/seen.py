"""Remembers the requests that arrived, for tests that ask what a client really sent.

Bounded: the oldest are forgotten. Bodies are kept only when asked for, and then up to a total size.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Literal

import msgspec

_MOST_REQUESTS = 100_000
_MOST_BODY_BYTES = 256 * 1024 * 1024

Outcome = Literal["answered", "reset_before", "reset_after", "truncated"]


class SeenRequest(msgspec.Struct):
    """One API request. `at` is in seconds of the world's clock; `status` is None where no answer was sent."""

    number: int
    at: float
    method: str
    path: str
    endpoint: str | None = None
    category: str | None = None
    status: int | None = None
    code: int | None = None
    operation: str | None = None
    identifiers: int | None = None
    record_format: Literal["records", "records_v2"] | None = None
    outcome: Outcome = "answered"
    rid: str = ""
    body: str | None = None


class Seen:
    """The newest requests, and counts of all since the last `clear`."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.requests: deque[SeenRequest] = deque()
        self.total = 0
        self._last_number = 0
        self.by_endpoint: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()
        self._body_bytes = 0

    def next_number(self) -> int:
        """The number of a request that has just arrived."""
        self._last_number += 1
        return self._last_number

    def add(self, request: SeenRequest) -> None:
        """Remember one request, once it is over."""
        self.total += 1
        self.by_endpoint[request.endpoint or "unknown"] += 1
        self.by_status[str(request.status) if request.status else request.outcome] += 1
        self.requests.append(request)
        self._body_bytes += len(request.body or "")
        while len(self.requests) > _MOST_REQUESTS or self._body_bytes > _MOST_BODY_BYTES:
            self._body_bytes -= len(self.requests.popleft().body or "")
