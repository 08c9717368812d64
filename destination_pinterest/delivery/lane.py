"""The way of one customer list: what waits, what is on its way, and what may start next.

Deliveries start in the order they were made. Several are on their way at once where that helps, never two that
contradict each other, and only one while the list is being created or when Pinterest says that writes to it come too
fast.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Final

from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.batch import Delivery, MembershipBatch
from destination_pinterest.delivery.tally import AudienceTally
from destination_pinterest.delivery.tracked import LaneMemory
from destination_pinterest.protocol.catalog import StreamKey

# Deliveries that may queue before the reader waits for this list: at 1,900 identifiers each about 8 MB, and 60,000
# identifiers by which a slow list may lag without holding up the others.
MAX_QUEUED: Final = 32
# Beyond this, more requests at once on one list do not help: 8 at 1 s each are more than the quota of 6.7 a second.
MAX_IN_FLIGHT: Final = 8
# The share of a new measurement in the smoothed latency.
_LATENCY_WEIGHT: Final = 0.2


class AudienceLane:
    """One audience's deliveries.

    Args:
        target: the audience and its customer list, as far as they are known.
        batch: collects what is not yet a delivery.
        streams: whose rows come here.
        rate_per_s: requests a second that the quota permits, from which the useful number in flight follows.
        memory: notes rows in place of the batch, where there is a membership store.
    """

    def __init__(
        self,
        target: AudienceTarget,
        batch: MembershipBatch,
        streams: tuple[StreamKey, ...],
        rate_per_s: float,
        memory: LaneMemory | None = None,
    ) -> None:
        self.target = target
        self.batch = batch
        self.streams = streams
        self.memory = memory
        self.tally = AudienceTally()
        self._rate_per_s = rate_per_s
        self._queue: deque[Delivery] = deque()
        self.in_flight: list[Delivery] = []
        self._failed: list[Delivery] = []
        self._held_from: int | None = None
        self._latency_s: float | None = None
        self._one_at_a_time = False

    def enqueue(self, delivery: Delivery) -> None:
        """Adds a delivery behind those that wait."""
        self._queue.append(delivery)

    def start_next(self) -> Delivery | None:
        """The next delivery, now counted as on its way; None where none may start."""
        if not self._queue or len(self.in_flight) >= self.window:
            return None
        head = self._queue[0]
        if any(head.contradicts(other) for other in self.in_flight):
            return None
        self.in_flight.append(self._queue.popleft())
        return head

    def settle(self, delivery: Delivery) -> None:
        """A delivery was accepted."""
        self.in_flight.remove(delivery)

    def fail(self, delivery: Delivery) -> None:
        """A delivery failed for good: it is no longer on its way, and its rows are never safe."""
        self.in_flight.remove(delivery)
        self._failed.append(delivery)

    def hold(self, position: int) -> None:
        """Rows from this position on are not safe, even if sent, until `let_go`; only the first call counts."""
        if self._held_from is None:
            self._held_from = position

    def let_go(self) -> None:
        """What was held is as safe as its deliveries."""
        self._held_from = None

    def measured(self, latency_s: float) -> None:
        """A request to this list took so long."""
        known = self._latency_s
        self._latency_s = latency_s if known is None else known + _LATENCY_WEIGHT * (latency_s - known)

    def slow_down(self) -> bool:
        """Pinterest says that writes to this list come too fast: one at a time from now on. True at the first call."""
        first = not self._one_at_a_time
        self._one_at_a_time = True
        return first

    @property
    def awaits_replacement(self) -> bool:
        """Whether rows are safe only once the audience has been replaced: another attempt would not find this list."""
        generation = self.target.generation
        return generation is not None and generation.spans == "attempt"

    @property
    def window(self) -> int:
        """How many may be on their way: as many as keep the permitted rate busy (Little's law), and one more.

        min(MAX_IN_FLIGHT, ceil(latency_s * rate_per_s) + 1)
        """
        if self._one_at_a_time or not self.target.is_open:
            return 1
        if self._latency_s is None:
            return 2
        return min(MAX_IN_FLIGHT, math.ceil(self._latency_s * self._rate_per_s) + 1)

    @property
    def is_backed_up(self) -> bool:
        """Whether the reader should wait for this list."""
        return len(self._queue) >= MAX_QUEUED

    @property
    def held_from(self) -> int:
        """The position from which rows are held; 0 where none are."""
        return self._held_from or 0

    @property
    def is_busy(self) -> bool:
        """Whether anything queues or is on its way."""
        return bool(self._queue or self.in_flight)

    @property
    def first_position(self) -> int | None:
        """The position of the oldest row that is not safe; None where all are."""
        positions = [delivery.first_position for delivery in self._unsettled()]
        if self._held_from is not None:
            positions.append(self._held_from)
        if self.batch.first_position is not None:
            positions.append(self.batch.first_position)
        return min(positions, default=None)

    def _unsettled(self) -> Iterator[Delivery]:
        yield from self._queue
        yield from self.in_flight
        yield from self._failed
