"""The way of one customer list: what waits, what is on its way, and what may start next.

Deliveries start in the order they were made. Several are on their way at once where that helps, never two that
contradict each other, and only one while the list is being created or when Pinterest says that writes to it come too
fast.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.delivery.tally import AudienceTally
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.vocabulary import Operation

# Deliveries that may queue before the reader waits for this list: at 1,900 identifiers each about 8 MB, and 60,000
# identifiers by which a slow list may lag without holding up the others.
MAX_QUEUED: Final = 32
# Beyond this, more requests at once on one list do not help: 8 at 1 s each are more than the quota of 6.7 a second.
MAX_IN_FLIGHT: Final = 8
# The share of a new measurement in the smoothed latency.
_LATENCY_WEIGHT: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """Identifiers on their way to Pinterest under one operation.

    Args:
        operation: what happens to them.
        identifiers: without duplicates; never printed.
        rows: how many rows it settles.
        first_position: the number of records that came before the oldest row it settles.
    """

    operation: Operation
    identifiers: dict[str, None] = field(repr=False)
    rows: int
    first_position: int

    def contradicts(self, other: Delivery) -> bool:
        """Whether the order of the two would matter to the membership."""
        return self.operation is not other.operation and not self.identifiers.keys().isdisjoint(
            other.identifiers.keys()
        )


class AudienceLane:
    """One audience's deliveries, its counts, and what is known of it.

    Args:
        target: the audience and its customer list, as far as they are known.
        streams: whose rows come here.
        rate_per_s: requests a second that the quota permits, from which the useful number in flight follows.
    """

    def __init__(self, target: AudienceTarget, streams: tuple[StreamKey, ...], rate_per_s: float) -> None:
        self.target = target
        self.streams = streams
        self.tally = AudienceTally()
        self.notes: list[str] = []
        self.in_flight: list[Delivery] = []
        self._rate_per_s = rate_per_s
        self._queue: deque[Delivery] = deque()
        self._failed: list[Delivery] = []
        self._pinned: int | None = None
        self._latency_s: float | None = None
        self._one_at_a_time = False
        self._notes_logged = 0

    def enqueue(self, delivery: Delivery) -> None:
        """Adds a delivery behind those that wait."""
        self._queue.append(delivery)

    def start_next(self) -> Delivery | None:
        """The next delivery, now counted as in flight; None where none may start."""
        if not self._queue or len(self.in_flight) >= self.window:
            return None
        head = self._queue[0]
        if any(head.contradicts(other) for other in self.in_flight):
            return None
        self.in_flight.append(self._queue.popleft())
        return head

    def ack(self, delivery: Delivery, sent: int) -> None:
        """A delivery was accepted, with so many identifiers."""
        self.in_flight.remove(delivery)
        self.tally.synced += delivery.rows
        if delivery.operation is Operation.ADD:
            self.tally.identifiers_added += sent
        else:
            self.tally.identifiers_removed += sent

    def fail(self, delivery: Delivery) -> None:
        """A delivery failed for good: it is no longer in flight, and its rows are never safe."""
        self.in_flight.remove(delivery)
        self._failed.append(delivery)
        self.tally.errored += delivery.rows

    def update(self, update: TargetUpdate) -> None:
        """Something changed at Pinterest, or was found there."""
        self.target = update.target
        self.notes += update.notes

    def list_created(self, list_id: str) -> None:
        """The customer list that is written to exists now."""
        self.target = replace(self.target, list_id=list_id)

    def unlogged_notes(self) -> list[str]:
        """The notes since the last call."""
        new = self.notes[self._notes_logged :]
        self._notes_logged = len(self.notes)
        return new

    def pin_watermark(self, position: int) -> None:
        """Rows from this position on are not safe, even if sent, until it is unpinned; only the first call counts."""
        if self._pinned is None:
            self._pinned = position

    def unpin_watermark(self) -> None:
        """Rows are as safe as their deliveries."""
        self._pinned = None

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
    def window(self) -> int:
        """How many may be in flight: as many as keep the permitted rate busy (Little's law), and one more.

        min(MAX_IN_FLIGHT, ceil(latency_s * rate_per_s) + 1)
        """
        if self._one_at_a_time or self.target.list_id is None:
            return 1
        if self._latency_s is None:
            return 2
        return min(MAX_IN_FLIGHT, math.ceil(self._latency_s * self._rate_per_s) + 1)

    @property
    def is_backed_up(self) -> bool:
        """Whether the reader should wait for this list."""
        return len(self._queue) >= MAX_QUEUED

    @property
    def pinned(self) -> int:
        """The position at which the watermark is pinned; 0 where it is not."""
        return self._pinned or 0

    @property
    def is_busy(self) -> bool:
        """Whether anything queues or is in flight."""
        return bool(self._queue or self.in_flight)

    @property
    def watermark(self) -> int | None:
        """The position of the oldest row that is not safe; None where all are."""
        positions = [delivery.first_position for delivery in self._unsafe()]
        if self._pinned is not None:
            positions.append(self._pinned)
        return min(positions, default=None)

    def _unsafe(self) -> Iterator[Delivery]:
        yield from self._queue
        yield from self.in_flight
        yield from self._failed
