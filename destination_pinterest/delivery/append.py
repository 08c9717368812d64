"""Adds to an audience: identifiers wait in a batch, which is sent once it is full or old enough.

Applied in order, a batch's deliveries give the same membership as its rows one by one: an identifier waits on one side
only, and a later row moves it to the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.drift import DriftGuard
from destination_pinterest.audiences.remembered import (
    NOTHING,
    Intake,
    Remembered,
    holds_nobody,
    known_members,
    with_further_rows,
    with_new_list,
)
from destination_pinterest.audiences.safeguards import Safeguards, check_rows
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.delivery.people import Place
from destination_pinterest.delivery.possibly_added import PossiblyAdded
from destination_pinterest.delivery.precedence import Precedence, columns_left, row_hash
from destination_pinterest.delivery.strategy import IsComplete, SyncStrategy
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.vocabulary import Identifier, Operation


class BatchedStrategy(SyncStrategy):
    """Base of the strategies that turn rows into deliveries as they arrive.

    Args:
        lane: the audience's lane.
        batch: collects identifiers until they make a delivery.
        flush_s: the age at which a partly filled batch is sent.
        kinds: the kinds of identifiers by column, where people are sent as rows; only where nothing ever removes, since
            a removal would take out more than it names, and nothing here remembers what to add again.
        precedence: takes the words that no other row overrules, if there may be any.
    """

    def __init__(
        self,
        lane: AudienceLane,
        batch: MembershipBatch,
        flush_s: float,
        kinds: Mapping[str, Identifier] = MappingProxyType({}),
        *,
        precedence: Precedence | None = None,
    ) -> None:
        super().__init__(lane)
        self._kinds = kinds
        self._people = 0
        self._batch = batch
        self._flush_s = flush_s
        self._precedence = precedence
        self._added = PossiblyAdded() if precedence is not None and precedence.over is Operation.ADD else None
        self._stream = ""
        self._objections = 0
        self._position = 0
        self._now_s = 0.0

    def begin_run(self, run: RowRun, now_s: float) -> None:
        """See `SyncStrategy.begin_run`."""
        self._position, self._now_s = run.position, now_s
        if self._precedence is not None:
            self._stream = str(run.stream)

    def add_all(self, identifiers: Sequence[str]) -> None:
        """See `SyncStrategy.add_all`."""
        if self._precedence is not None:
            super().add_all(identifiers)
            return
        self.lane.count.headcount.add_rows(identifiers)
        for full in self._batch.add_all(identifiers, self._position, self._now_s):
            self.lane.enqueue(full)

    def take_all(self, operation: Operation, rows: Sequence[Sequence[str]]) -> None:
        """See `SyncStrategy.take_all`."""
        if self._precedence is not None:
            super().take_all(operation, rows)
            return
        headcount = self.lane.count.headcount
        if operation is Operation.ADD:
            headcount.add_rows_of_several(rows)
        else:
            headcount.remove_row(list(chain.from_iterable(rows)))
        for full in self._batch.apply_all(operation, rows, self._position, self._now_s):
            self.lane.enqueue(full)

    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        """See `SyncStrategy.take`. The columns say of which kind the identifiers of a person are."""
        if self._precedence is not None:
            left = self.left_to_row(self._precedence, operation, identifiers, row_hash(self._stream, key))
            if not left:
                return
            identifiers, columns = left, columns_left(identifiers, columns, left)
            if self._added is not None and operation is Operation.ADD:
                self._added.add(identifiers)
        headcount = self.lane.count.headcount
        (headcount.add_row if operation is Operation.ADD else headcount.remove_row)(identifiers)
        places: Sequence[Place] = ()
        if columns and self._kinds:
            self._people += 1
            places = [Place(self._people, self._kinds.get(column)) for column in columns]
        for full in self._batch.apply(operation, identifiers, self._position, self._now_s, places):
            self.lane.enqueue(full)

    def object_to(
        self,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        unchanged: Sequence[str] = (),  # noqa: ARG002 - no rows are remembered
    ) -> None:
        """See `SyncStrategy.object_to`."""
        self._objections += 1
        if self._precedence is not None:
            self._precedence.claim(identifiers, row_hash(self._stream, key))
        if self._added is not None and self.lane.target.written_before is None:
            identifiers = self._added.among(identifiers)  # Nobody else is in a list that this sync has created.
        if not identifiers:
            return
        self.lane.count.headcount.remove_row(identifiers)
        for full in self._batch.apply(Operation.REMOVE, identifiers, self._position, self._now_s, rows=0):
            self.lane.enqueue(full)

    def flush(self, now_s: float) -> None:
        """See `SyncStrategy.flush`."""
        for delivery in self._batch.take_due(now_s - self._flush_s):
            self.lane.enqueue(delivery)

    def check_may_send(self) -> None:
        """See `SyncStrategy.check_may_send`. Rows may always be sent."""

    def drain(self) -> None:
        """See `SyncStrategy.drain`."""
        for delivery in self._batch.take_all():
            self.lane.enqueue(delivery)

    @property
    def mark(self) -> Remembered | None:
        """See `SyncStrategy.mark`."""
        target, intake = self.lane.target, self.lane.count.intake
        if target.list_id is None:
            return None
        if self._was_empty:
            stand_ins = target.stand_ins if target.written_before is None else 1
            sent = self.lane.tally.records + stand_ins
            return with_new_list(self.remembered, intake, list_id=target.list_id, records=sent)
        return with_further_rows(self.remembered, intake, list_id=target.list_id)

    @property
    def people(self) -> int | None:
        """See `SyncStrategy.people`. They are known if the list was empty when the sync began."""
        target = self.lane.target
        if target.list_id is None or not self._was_empty:
            return None
        return self.lane.count.headcount.people

    @property
    def _was_empty(self) -> bool:
        """Whether nobody was in the list when the sync began."""
        before = self.lane.target.written_before
        return before is None or holds_nobody(self.remembered, before)

    @property
    def due_s(self) -> float | None:
        """See `SyncStrategy.due_s`."""
        opened_s = self._batch.opened_s
        return None if opened_s is None else opened_s + self._flush_s

    @property
    def settle_due_s(self) -> float | None:
        """Never: rows become deliveries as they come."""
        return None

    @property
    def watermark(self) -> int | None:
        """See `SyncStrategy.watermark`."""
        positions = (self.lane.watermark, self._batch.first_position)
        return min((position for position in positions if position is not None), default=None)


class AppendStrategy(BatchedStrategy):
    """Rows add or remove their identifiers; absence removes nothing.

    Args:
        lane, batch, flush_s, kinds, precedence: see `BatchedStrategy`.
        creator: creates the audience.
        safeguards: those of an exclusion audience, which rows that add may hurt too; None for others.
    """

    def __init__(
        self,
        lane: AudienceLane,
        batch: MembershipBatch,
        flush_s: float,
        creator: AudienceCreator,
        kinds: Mapping[str, Identifier] = MappingProxyType({}),
        *,
        precedence: Precedence | None = None,
        safeguards: Safeguards | None = None,
    ) -> None:
        super().__init__(lane, batch, flush_s, kinds, precedence=precedence)
        self._creator = creator
        self._safeguards = safeguards

    def prepare(self) -> None:
        """See `SyncStrategy.prepare`."""
        self.create_early(self._creator)

    def finish(self, is_complete: IsComplete) -> None:  # noqa: ARG002 - absence means nothing here
        """Creates the audience unless it exists.

        Raises:
            IdentityDriftError: an exclusion audience may lack people whose identifiers are missing.
            UnusableRowsError: too few of the rows could be used.
        """
        intake = self.lane.count.intake
        before = intake.compared_with(self.remembered)
        if self._safeguards is None:
            self.lane.notes += DriftGuard.warn(before, intake.fill)
        else:
            self.lane.notes += self._growth_notes(self._safeguards, intake)
            self.lane.notes += self._safeguards.drift.require(self.lane.target.name, before, intake.fill)
        self.lane.update(self._creator.ensure_audience(self.lane.target, self.mark or NOTHING))
        check_rows(self.lane.target.name, self.lane.qualities)
        self.lane.settle_qualities()

    def _growth_notes(self, safeguards: Safeguards, intake: Intake) -> list[str]:
        """Rows of a whole table bring the members again; of changed rows, all may be new."""
        customer_list = self.lane.target.written_before
        known = None if customer_list is None else known_members(self.remembered.members, customer_list)
        if known is None:
            return []
        more = intake.identifiers - known[0] if intake.is_whole else intake.identifiers
        return safeguards.addition_notes(joining=more, known=known[0])


class MembershipBatch:
    """Collects changes until `max_identifiers` of one operation are waiting, or the oldest is due."""

    def __init__(self, max_identifiers: int) -> None:
        self._max_identifiers = max_identifiers
        self._sides = {Operation.ADD: _Side(), Operation.REMOVE: _Side()}

    def add_all(self, identifiers: Sequence[str], position: int, now_s: float) -> Iterator[Delivery]:
        """Takes rows that add one identifier each, in bulk; yields the deliveries that are full. See `apply`."""
        side, other = self._sides[Operation.ADD], self._sides[Operation.REMOVE]
        taken = 0
        while taken < len(identifiers):
            room = self._max_identifiers - len(side.identifiers)
            piece = identifiers[taken : taken + room]
            taken += len(piece)
            side.open(position, now_s)
            side.rows += len(piece)
            if side.identifiers:
                side.identifiers.update(dict.fromkeys(piece))
            else:
                side.identifiers = dict.fromkeys(piece)
            if other.identifiers:
                side.supersede(other, piece)
            if len(side.identifiers) >= self._max_identifiers:
                yield side.take(Operation.ADD)

    def apply(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        position: int,
        now_s: float,
        places: Sequence[Place] = (),
        *,
        rows: int = 1,
    ) -> list[Delivery]:
        """Takes a row's identifiers; returns the deliveries that are full, in the order in which to send them.

        Args:
            operation: what the row does to each of them.
            identifiers: at least one.
            position: at most the number of records before this row.
            now_s: the present time, on the clock of `take_due`.
            places: where each identifier belongs, if that matters.
            rows: how many rows are to be counted for it: 0 if the row is counted elsewhere.
        """
        side = self._sides[operation]
        full = []
        if side.identifiers and len(side.identifiers) + len(identifiers) > self._max_identifiers:
            full.append(side.take(operation))
        side.open(position, now_s)
        side.rows += rows
        waiting = side.identifiers
        for identifier in identifiers:
            waiting[identifier] = None
        if places:
            waiting.update(zip(identifiers, places, strict=True))
        other = self._sides[Operation.REMOVE if operation is Operation.ADD else Operation.ADD]
        if other.identifiers:
            side.supersede(other, identifiers)
        if len(waiting) >= self._max_identifiers:
            full.append(side.take(operation))
        return full

    def apply_all(
        self, operation: Operation, rows: Sequence[Sequence[str]], position: int, now_s: float
    ) -> Iterator[Delivery]:
        """Takes rows that all do the same, in bulk; yields the deliveries that are full. See `apply`."""
        side = self._sides[operation]
        other = self._sides[Operation.REMOVE if operation is Operation.ADD else Operation.ADD]
        widest = max(map(len, rows), default=1)
        taken = 0
        while taken < len(rows):
            # So many fit for certain, and leave room.
            piece = rows[taken : taken + (self._max_identifiers - len(side.identifiers) - 1) // widest]
            if not piece:
                row = dict.fromkeys(rows[taken])
                taken += 1
                yield from self.apply(operation, tuple(row), position, now_s)
                continue
            taken += len(piece)
            identifiers = list(chain.from_iterable(piece))
            side.open(position, now_s)
            side.rows += len(piece)
            side.identifiers.update(dict.fromkeys(identifiers))
            if other.identifiers:
                side.supersede(other, identifiers)

    def take_due(self, opened_before_s: float) -> Iterator[Delivery]:
        """Yields what was waiting at that time already."""
        for operation, side in self._sides.items():
            if side.identifiers and side.opened_s <= opened_before_s:
                yield side.take(operation)

    def take_all(self) -> Iterator[Delivery]:
        """Yields everything that is waiting."""
        for operation, side in self._sides.items():
            if side.identifiers:
                yield side.take(operation)

    @property
    def opened_s(self) -> float | None:
        """When the oldest waiting row arrived; None if none is waiting."""
        return min((side.opened_s for side in self._sides.values() if side.identifiers), default=None)

    @property
    def first_position(self) -> int | None:
        """The position of the oldest waiting row; None if none is waiting."""
        return min((side.first_position for side in self._sides.values() if side.identifiers), default=None)


class _Side:
    """The identifiers of one operation."""

    __slots__ = ("first_position", "identifiers", "opened_s", "rows")

    def __init__(self) -> None:
        self.identifiers: dict[str, Place | None] = {}
        self.rows = 0
        self.first_position = 0
        self.opened_s = 0.0

    def open(self, position: int, now_s: float) -> None:
        if not self.identifiers:
            self.first_position = position
            self.opened_s = now_s

    def take(self, operation: Operation) -> Delivery:
        delivery = Delivery(operation, self.identifiers, self.rows, self.first_position)
        self.identifiers = {}
        self.rows = 0
        return delivery

    def supersede(self, other: _Side, identifiers: Sequence[str]) -> None:
        """Takes identifiers from the other side, along with the positions and rows that depended on them."""
        before = len(other.identifiers)
        for identifier in identifiers:
            other.identifiers.pop(identifier, None)
        if len(other.identifiers) == before:
            return
        self.first_position = min(self.first_position, other.first_position)
        self.opened_s = min(self.opened_s, other.opened_s)
        if not other.identifiers:
            self.rows += other.rows
            other.rows = 0
