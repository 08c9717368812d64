"""What other processes send under the same quota, so that all together keep within its limits.

Each process keeps its own counts, and adds to them what the others tell. It claims a request only if nobody else has
claimed one that it does not know of: whoever comes second learns of the first, and decides again. What has to wait for
its time is claimed shortly before, so that how long it takes to tell the others costs no time of the quota.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from typing import Final, Protocol

import msgspec

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Permit

OURS: Final = "ours"
LOST_AFTER_S: Final = 300.0
"""No request takes so long: whoever sent it has ended without a word."""
AHEAD_S: Final = 0.5
"""How long before its time a request is claimed at most: enough to tell others several times that are far away."""


class Wants(msgspec.Struct, frozen=True):
    """A process waits for its turn to send a request of a category: another, or this one (OURS)."""

    category: Category
    owner: Hashable


class Sent(msgspec.Struct, frozen=True):
    """Another process has sent a request, or will within AHEAD_S."""

    permit: Permit
    owner: Hashable


class Answered(msgspec.Struct, frozen=True):
    """Another process got an answer, gave up waiting for it, or has ended."""

    permit: Permit
    at: float


Event = Wants | Sent | Answered
Clock = Callable[[], float]


class SharedCounts(Protocol):
    """Tells others of our requests, and us of theirs. Nothing here raises. Not thread-safe: Quota locks.

    All times are those of the clock that is given.
    """

    @property
    def is_together(self) -> bool:
        """Whether this process can tell others just now, and they it."""

    @property
    def share(self) -> Fraction:
        """Which part of the limits those may use who can tell one another; or this process alone, if it can't."""

    def news(self, clock: Clock, within_s: float = 0.0) -> Sequence[Event]:
        """Returns what others have told since the last time, except perhaps in the last `within_s` seconds."""

    def wants(self, category: Category) -> None:
        """Tells that a request waits for its turn. Its place is known once `news` tells of it, too."""

    def claim(self, permit: Permit) -> bool:
        """Tells that a request is sent, now or within AHEAD_S.

        False, and nothing is told, if others have claimed one since what `news` has told of.
        """

    def answered(self, permit: Permit) -> None:
        """Tells that a request was answered."""

    def leave(self) -> None:
        """Tells that this process sends nothing any more. From any thread."""
