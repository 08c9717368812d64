"""Whose turn it is among processes that share a quota: first come, first served, however near each is to the others.

Each process with a request that has to wait stands in the line once, and behind all others again after its turn. Who is
first has a moment to take its turn; then the next may. So one that was killed, or has given up, costs a moment once:
who takes a turn behind it puts it out of the line.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from destination_pinterest.api.shared_counts import OURS

GRACE_S: Final = 0.25
LOOK_AGAIN_S: Final = 0.02


class WaitingLine:
    """The line for one category of requests, as this process knows it. Not thread-safe: Quota locks."""

    def __init__(self) -> None:
        self._owners: list[Hashable] = []
        self._free_since: float | None = None

    def has_to_queue(self, *, is_free: bool) -> bool:
        """Whether our request has to get into the line: somebody waits, or it can't be sent at once."""
        return OURS not in self._owners and (bool(self._owners) or not is_free)

    def queue(self, owner: Hashable) -> None:
        """Somebody gets into the line."""
        if owner not in self._owners:
            self._owners.append(owner)

    def took_turn(self, owner: Hashable) -> None:
        """Somebody has sent a request. Who was before that one has let its turn pass."""
        self._free_since = None
        if owner in self._owners:
            del self._owners[: self._owners.index(owner) + 1]

    def wait_s(self, wait_s: float, clock: float) -> float:
        """Returns how long our request waits that could be sent in `wait_s`, in seconds; then it looks again."""
        if wait_s > 0:
            self._free_since = None
            return wait_s
        if self._free_since is None:
            self._free_since = clock
        before = self._owners.index(OURS) if OURS in self._owners else 0
        # Who is before us mostly takes its turn at once, and then it is ours.
        return min(LOOK_AGAIN_S, max(0.0, self._free_since + before * GRACE_S - clock))
