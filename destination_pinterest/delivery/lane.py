"""The queue of one customer list: what is waiting, what is in flight, and what may start next.

Deliveries start in the order they were made. Several may be in flight at once, but never two that contradict each
other, and only one while the list is being created or after Pinterest has answered that writes to it come too fast.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from types import MappingProxyType
from typing import Final

import msgspec

from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.audiences.list_counts import counts_of
from destination_pinterest.audiences.reach import Reach
from destination_pinterest.audiences.target import AudienceTarget, EmptyTable, TargetUpdate
from destination_pinterest.delivery.growth import Finding, RequestGrowth, SizeTrial
from destination_pinterest.delivery.intake import IntakeCount
from destination_pinterest.delivery.people import Places, merged
from destination_pinterest.delivery.tally import AudienceTally
from destination_pinterest.errors import ConnectorError
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.routing.decision import NOBODY_TO_REMOVE
from destination_pinterest.routing.row_quality import RowQuality
from destination_pinterest.vocabulary import ROWS_ONLY, Operation

# Deliveries that may queue before the reader waits for this list. At 1,900 identifiers each, that is about 8 MB, and a
# slow list may lag 60,000 identifiers behind without holding up the others.
MAX_QUEUED: Final = 32
# Where requests grow, so many identifiers wait at least, however small deliveries are: a few requests' worth.
_MOST_WAITING: Final = 40_000
# More requests to one list at once do not help: 8 that take 1 s each exceed the quota of 6.7 a second.
MAX_IN_FLIGHT: Final = 8
# The weight of a new measurement in the smoothed latency.
_LATENCY_WEIGHT: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """Identifiers to be sent to Pinterest with one operation.

    Args:
        operation: whether they are added or removed.
        identifiers: without duplicates, each with its place among people, if that matters; never printed.
        rows: how many rows it covers.
        first_position: the number of records before the oldest row that it covers.
        numbers: if it is a part of a delta, the number of its first identifier, and of the one after its last.
        at_once: how many identifiers a request may have, if more than usual were proven to fit.
        trial: if its size is to be tried, how.
    """

    operation: Operation
    identifiers: Places = field(repr=False)
    rows: int
    first_position: int
    numbers: tuple[int, int] | None = None
    at_once: int | None = None
    trial: SizeTrial | None = None

    def parted(self, size: int) -> tuple[Delivery, Delivery]:
        """Returns its first identifiers, so many, and the others, which cover its rows."""
        items = iter(self.identifiers.items())
        first, others = dict(islice(items, size)), dict(items)
        if self.numbers is None:
            return replace(self, identifiers=first, rows=0), replace(self, identifiers=others)
        begin, end = self.numbers
        return (
            replace(self, identifiers=first, rows=0, numbers=(begin, begin + size)),
            replace(self, identifiers=others, numbers=(begin + size, end)),
        )

    def joined(self, later: Delivery) -> Delivery:
        """Returns it with a later one of the same operation."""
        numbers = None
        if self.numbers is not None and later.numbers is not None:
            numbers = (self.numbers[0], later.numbers[1])
        return Delivery(
            self.operation,
            {**self.identifiers, **later.identifiers},
            self.rows + later.rows,
            min(self.first_position, later.first_position),
            numbers,
        )

    def contradicts(self, other: Delivery) -> bool:
        """Whether the membership depends on the order of the two."""
        return self.operation is not other.operation and not self.identifiers.keys().isdisjoint(
            other.identifiers.keys()
        )


class AudienceLane:
    """One audience: its deliveries, its counts and its target.

    Args:
        target: the audience and its customer lists, as far as they are known.
        streams: whose rows come here.
        rate_per_s: requests a second that the quota permits; it limits how many are useful in flight.
        count: counts who comes in.
        qualities: the counts of usable rows by stream; a stream without has no limit.
        growth: the sizes of requests, if they may grow.
    """

    def __init__(
        self,
        target: AudienceTarget,
        streams: tuple[StreamKey, ...],
        rate_per_s: float,
        count: IntakeCount,
        qualities: Mapping[StreamKey, RowQuality] = MappingProxyType({}),
        *,
        growth: RequestGrowth | None = None,
    ) -> None:
        self.target = target
        self.streams = streams
        self.tally = AudienceTally()
        self.count = count
        self.notes: list[str] = []
        self.empty_table: EmptyTable | None = None
        self.reach = Reach()
        self.failure: ConnectorError | None = None
        self.in_flight: list[Delivery] = []
        self._accepted: list[tuple[int, int]] = []
        self.qualities = {stream: RowQuality(100, is_whole=False) for stream in streams} | dict(qualities)
        self._rate_per_s = rate_per_s
        self.growth = growth
        self._has_people = not ROWS_ONLY.isdisjoint(target.identifiers)
        self._queue: deque[Delivery] = deque()
        self._lost_from: int | None = None
        self._pinned: int | None = None
        self._latency_s: float | None = None
        self._last_latency_s: float | None = None
        self._has_grown = False
        self._one_at_a_time = False
        self._notes_logged = 0

    def enqueue(self, delivery: Delivery) -> None:
        """Adds a delivery to the end of the queue."""
        self._queue.append(delivery)

    def start_next(self) -> Delivery | None:
        """Returns the next delivery, now in flight; None if none may start."""
        if not self._queue or len(self.in_flight) >= self.window:
            return None
        head = self._queue[0] if self.growth is None else self._next_grown(self.growth)
        if head is None or any(head.contradicts(other) for other in self.in_flight):
            return None
        self._queue.popleft()
        self.in_flight.append(head)
        return head

    def _next_grown(self, growth: RequestGrowth) -> Delivery | None:
        """Returns the next delivery, also at the head of the queue, as large as may be; None while a size is tried."""
        operation = self._queue[0].operation
        tries = growth.tries(operation)
        if self.in_flight and (tries or self.in_flight[-1].trial is not None):
            return None
        if not self._has_grown:
            self._has_grown = True
            growth.begin(counts_of(self.target.written_before))
            growth.remember(read_mark(self.target.description).request_size)
        self._fill_head(growth.size(operation, self._waiting(operation)))
        self._queue[0] = replace(
            self._queue[0],
            trial=growth.trial(operation) if tries else None,
            at_once=None if tries else growth.size(operation, 0),
        )
        return self._queue[0]

    def _waiting(self, operation: Operation) -> int:
        """How many identifiers may go together."""
        together = takewhile(lambda delivery: delivery.operation is operation, self._queue)
        return sum(len(delivery.identifiers) for delivery in together)

    def _fill_head(self, size: int) -> None:
        """Makes the head of the queue as large as a request may be, by what comes behind it."""
        head = self._queue.popleft()
        if len(head.identifiers) > size:
            head, rest = head.parted(size)
            self._queue.appendleft(rest)
        while self._queue and len(head.identifiers) < size and self._queue[0].operation is head.operation:
            following = self._queue.popleft()
            room = size - len(head.identifiers)
            if len(following.identifiers) > room:
                following, rest = following.parted(room)
                self._queue.appendleft(rest)
            head = head.joined(following)
        self._queue.appendleft(head)

    def ack(self, delivery: Delivery, sent: int, finding: Finding | None = None) -> None:
        """Records that a delivery was accepted, with so many identifiers, and what the trial of its size showed."""
        self.in_flight.remove(delivery)
        if self.growth is not None:
            if finding is not None and sent:
                self.growth.take(delivery.operation, len(delivery.identifiers), finding, self._last_latency_s)
                self.tally.count_again(delivery.operation, finding.again, finding.perhaps)
            else:
                self.growth.send_untried()
        if delivery.numbers is not None:
            self._accepted.append(delivery.numbers)
        if sent:
            self.tally.synced += delivery.rows
        elif delivery.rows:  # The list that they were to be removed from does not exist.
            self.tally.not_synced[NOBODY_TO_REMOVE] += delivery.rows
        if delivery.operation is Operation.ADD:
            self.tally.identifiers_added += sent
            if self._has_people:
                self.tally.merged += merged(delivery.identifiers)
        else:
            self.tally.identifiers_removed += sent

    def fail(self, delivery: Delivery) -> None:
        """Records that a delivery failed for good: its rows will never be safe."""
        self.in_flight.remove(delivery)
        self._lose(delivery.first_position)
        self.tally.errored += delivery.rows

    def give_up(self, failure: ConnectorError) -> None:
        """Gives the audience up: rows that are not safe are dropped and counted as errored, but for those in flight."""
        for position in [delivery.first_position for delivery in self._queue] + list(self._held()):
            self._lose(position)
        self.failure = self.failure or failure
        self._queue.clear()
        self.unpin_watermark()
        self.settle_qualities()
        self.tally.errored += self.tally.pending - sum(delivery.rows for delivery in self.in_flight)

    def leave_out(self, rows: int) -> None:
        """Counts rows of an audience that was given up."""
        self.tally.entered += rows
        self.tally.errored += rows

    def take_rest(self) -> None:
        """Judges and compares the rows as the rest of a table, which need not be like the whole."""
        self.count.take_rest()
        for quality in self.qualities.values():
            quality.take_rest()

    def settle_qualities(self) -> None:
        """Lets go of the states that waited for the rule on usable rows."""
        for quality in self.qualities.values():
            quality.settle()

    def update(self, update: TargetUpdate) -> None:
        """Takes the target as it is now, and the notes on the change."""
        self.target = update.target
        self.notes += update.notes
        self.empty_table = update.empty_table or self.empty_table

    def take_accepted(self) -> list[tuple[int, int]]:
        """Returns the numbers of the deliveries that were accepted since the last call."""
        accepted, self._accepted = self._accepted, []
        return accepted

    def list_created(self, list_id: str) -> None:
        """Records that the customer list to write to exists now."""
        self.target = msgspec.structs.replace(self.target, list_id=list_id)

    def unlogged_notes(self) -> list[str]:
        """Returns the notes since the last call."""
        new = self.notes[self._notes_logged :]
        self._notes_logged = len(self.notes)
        return new

    def pin_watermark(self, position: int) -> None:
        """Treats rows from this position on as unsafe, even if sent, until unpinned; only the first call counts."""
        if self._pinned is None:
            self._pinned = position

    def unpin_watermark(self) -> None:
        """Lets the watermark follow the deliveries again."""
        self._pinned = None

    def record_latency(self, latency_s: float) -> None:
        """Records how long a request to this list took."""
        known, self._last_latency_s = self._latency_s, latency_s
        self._latency_s = latency_s if known is None else known + _LATENCY_WEIGHT * (latency_s - known)

    def slow_down(self) -> bool:
        """Sends one delivery at a time from now on. True on the first call."""
        first = not self._one_at_a_time
        self._one_at_a_time = True
        return first

    @property
    def rate_per_s(self) -> float:
        """Requests a second that the quota permits."""
        return self._rate_per_s

    @property
    def window(self) -> int:
        """How many may be in flight: enough to use the permitted rate (Little's law), and one more.

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
        if len(self._queue) < MAX_QUEUED:
            return False
        return self.growth is None or sum(len(one.identifiers) for one in self._queue) >= _MOST_WAITING

    @property
    def request_size(self) -> int | None:
        """How many identifiers a request may have; None if they do not grow."""
        return None if self.growth is None else self.growth.largest

    @property
    def queued(self) -> int:
        """How many deliveries wait."""
        return len(self._queue)

    @property
    def pinned(self) -> int:
        """The position at which the watermark is pinned; 0 if it is not."""
        return self._pinned or 0

    @property
    def is_busy(self) -> bool:
        """Whether anything is queued or in flight."""
        return bool(self._queue or self.in_flight)

    @property
    def lost_from(self) -> int | None:
        """The position of the oldest row that was given up; None if none was."""
        return self._lost_from

    @property
    def watermark(self) -> int | None:
        """The position of the oldest row that is not safe; None if all are. Rows that were given up no longer count."""
        positions = [delivery.first_position for deliveries in (self._queue, self.in_flight) for delivery in deliveries]
        if self._lost_from is not None and self.failure is None:
            positions.append(self._lost_from)
        positions += self._held()
        return min(positions, default=None)

    def _held(self) -> Iterator[int]:
        """Yields positions behind which rows are sent, but not safe."""
        if self._pinned is not None:
            yield self._pinned
        held = (quality.held_from for quality in self.qualities.values() if quality.refused)
        yield from (position for position in held if position is not None)

    def _lose(self, position: int) -> None:
        self._lost_from = position if self._lost_from is None else min(self._lost_from, position)
