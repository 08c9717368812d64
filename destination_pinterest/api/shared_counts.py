"""What other processes send under the same quota, so that all together keep within its limits.

Each process keeps its own counts, and adds to them what the others tell. It asks for their news before it decides, and
claims a request only if nothing has been told since: whoever comes second learns of the first, and decides again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Permit

OURS: Final = "ours"
LOST_AFTER_S: Final = 300.0
"""No request takes so long: whoever sent it has ended without a word."""


@dataclass(frozen=True, slots=True)
class Wants:
    """A process waits for its turn to send a request of a category: another, or this one (OURS)."""

    category: Category
    owner: Hashable


@dataclass(frozen=True, slots=True)
class Sent:
    """Another process has sent a request."""

    permit: Permit
    owner: Hashable


@dataclass(frozen=True, slots=True)
class Answered:
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
    def sharers(self) -> int:
        """Among how many the limits have to be divided, since they can't tell one another just now; 1 if they can."""

    def news(self, clock: Clock) -> Sequence[Event]:
        """Returns what others have told since the last time."""

    def wants(self, category: Category) -> None:
        """Tells that a request waits for its turn. Its place is known once `news` tells of it, too."""

    def claim(self, permit: Permit) -> bool:
        """Tells that a request is sent now; False, and nothing is told, if others have told something since `news`."""

    def answered(self, permit: Permit) -> None:
        """Tells that a request was answered."""
