"""A sink takes the mapped rows of one stream: for one lane here, for several in fan_out.py.

A route maps each row once and hands it on: the identifiers to `taker`, who joins to `fill`, and what can't be used to
the sink itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.row_support import RowFilter
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.identity.mapping import Cell, MappedRow
from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.vocabulary import LetterCase, Operation


class Taker(Protocol):
    """The half of a `SyncStrategy` that takes rows; see there."""

    @property
    def reads_keys(self) -> bool:
        """Whether it needs primary keys."""

    def begin_run(self, run: RowRun, now_s: float) -> None:
        """Begins a run of rows."""

    def add_all(self, identifiers: Sequence[str]) -> None:
        """Takes rows that add one identifier each."""

    def take_all(self, operation: Operation, rows: Sequence[Sequence[str]]) -> None:
        """Takes the identifiers of rows without a key that all do the same, in order."""

    def take_keyed(
        self, operation: Operation, keys: Sequence[Sequence[object]], identifiers: Sequence[str], column: str
    ) -> None:
        """Takes rows that all do the same, in order, each with a key and one identifier of the same column."""

    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        """Takes a row's identifiers and what it does to them."""

    def keep(
        self,
        key: Sequence[object],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        """Takes a row that keeps what it has in its unchanged columns."""

    def vacate(self, key: Sequence[object], operation: Operation) -> None:
        """Takes a row that has no identifier any more."""

    def stay(self, key: Sequence[object], unchanged: Sequence[str]) -> None:
        """Takes a row that can't be used and keeps what it has."""

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        """Takes a row without consent."""

    def withdraw(self, identifiers: Sequence[str]) -> None:
        """Takes identifiers to remove even if other rows have them."""


class Fill(Protocol):
    """Counts rows that join; see `StreamFill`."""

    def add_rows(self, rows: int, usable: int) -> None:
        """Counts rows of a stream with one kind of identifier."""

    def add_row(self, values: Sequence[Any], mapped: MappedRow) -> None:
        """Counts a row."""

    def add_cells(self, cells: Sequence[Sequence[Cell]], usable: int) -> None:
        """Counts rows, given by the cells of each column; so many of them are usable."""


class Sink(ABC):
    """Where the rows of one stream go. Its attributes are read for every row, without a call in between.

    Args:
        taker: takes identifiers.
        fill: counts rows that join.
        rows: takes out of rows what can't be sent; None if the stream has nothing of the kind.
    """

    def __init__(self, taker: Taker, fill: Fill, rows: RowFilter | None = None) -> None:
        self.taker = taker
        self.fill = fill
        self.rows = rows

    @property
    @abstractmethod
    def lanes(self) -> tuple[AudienceLane, ...]:
        """Every lane that it stands for, those that were given up included."""

    @abstractmethod
    def enter(self, rows: int) -> None:
        """Counts rows that come in."""

    @abstractmethod
    def count_not_synced(self, reason: str) -> None:
        """See `RowCounts`."""

    @abstractmethod
    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """See `RowCounts`."""

    @property
    @abstractmethod
    def refused(self) -> int:
        """How many rows with values were refused."""

    @property
    @abstractmethod
    def wants_samples(self) -> bool:
        """Whether values of refused rows are wanted."""

    @abstractmethod
    def refuse(self, rejection: Rejection, position: int) -> None:
        """Judges the stream by a row that is refused; see `RowQuality`."""

    @abstractmethod
    def refuse_elsewhere(self, rejection: Rejection, position: int) -> None:
        """Judges the stream by a row that is refused, counted elsewhere, and might have come here."""

    @abstractmethod
    def leave_blank(self) -> None:
        """Leaves a row without values out of the judgement."""

    @abstractmethod
    def sample(self, column: str, value: object) -> None:
        """Takes a value of a refused row."""

    def named(self, names: tuple[str, ...]) -> Sink:  # noqa: ARG002 - one audience takes all rows
        """Returns the sink of rows that name these audiences."""
        return self

    def staying(self) -> Sink:
        """Returns the sink of rows with a key that stay in the audiences in which they are."""
        return self

    def enter_unnamed(self) -> None:  # noqa: B027 - only where rows name audiences
        """Counts a row that names no audience."""

    @abstractmethod
    def leave_all(self, key: Sequence[object], *, is_deletion: bool) -> None:
        """Takes a row that is in no audience any more: it is deleted by its key, names none, or goes elsewhere."""

    @abstractmethod
    def without(self, lane: AudienceLane) -> Sink | None:
        """Returns the sink once a lane was given up; None if no other is left."""


class LaneSink(Sink):
    """Takes rows for one lane.

    Args:
        strategy: the strategy of the lane's audience.
        plan: the stream's plan.
        maid_case: the case of advertising IDs.
        rows: see `Sink`.
    """

    def __init__(
        self, strategy: SyncStrategy, plan: StreamPlan, maid_case: LetterCase, rows: RowFilter | None = None
    ) -> None:
        lane = strategy.lane
        # Only rows that join are compared with the last sync's: a removal often has its key alone.
        super().__init__(strategy, lane.count.new_stream(plan.identities, maid_case), rows)
        self._lane = lane
        self._tally = lane.tally
        self._quality = lane.qualities[plan.stream.key]

    @property
    def lanes(self) -> tuple[AudienceLane, ...]:
        """See `Sink.lanes`."""
        return (self._lane,)

    def enter(self, rows: int) -> None:
        """See `Sink.enter`."""
        self._tally.entered += rows
        self._quality.entered += rows

    def count_not_synced(self, reason: str) -> None:
        """See `RowCounts`."""
        self._tally.count_not_synced(reason)

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """See `RowCounts`."""
        self._tally.count_refused(rejections)

    @property
    def refused(self) -> int:
        """See `Sink.refused`."""
        return self._quality.refused

    @property
    def wants_samples(self) -> bool:
        """See `Sink.wants_samples`."""
        return self._quality.wants_samples

    def refuse(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse`."""
        self._quality.refuse(rejection, position)

    def refuse_elsewhere(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse_elsewhere`."""
        self._quality.entered += 1
        self._quality.refuse(rejection, position)

    def leave_blank(self) -> None:
        """See `Sink.leave_blank`."""
        self._quality.blank += 1

    def sample(self, column: str, value: object) -> None:
        """See `Sink.sample`."""
        self._quality.sample(column, value)

    def leave_all(self, key: Sequence[object], *, is_deletion: bool) -> None:
        """See `Sink.leave_all`."""
        self.taker.vacate(key, Operation.REMOVE if is_deletion else Operation.ADD)

    def without(self, lane: AudienceLane) -> Sink | None:
        """See `Sink.without`."""
        return None if lane is self._lane else self


class DelegatingSink(Sink):
    """Hands everything to another sink; subclasses do some of it otherwise.

    Args:
        taker: takes identifiers.
        fill: counts rows that join.
        delegate: does the rest.
    """

    def __init__(self, taker: Taker, fill: Fill, delegate: Sink) -> None:
        super().__init__(taker, fill, delegate.rows)
        self._delegate = delegate

    @property
    def lanes(self) -> tuple[AudienceLane, ...]:
        """See `Sink.lanes`."""
        return self._delegate.lanes

    def enter(self, rows: int) -> None:
        """See `Sink.enter`."""
        self._delegate.enter(rows)

    def count_not_synced(self, reason: str) -> None:
        """See `RowCounts`."""
        self._delegate.count_not_synced(reason)

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """See `RowCounts`."""
        self._delegate.count_refused(rejections)

    @property
    def refused(self) -> int:
        """See `Sink.refused`."""
        return self._delegate.refused

    @property
    def wants_samples(self) -> bool:
        """See `Sink.wants_samples`."""
        return self._delegate.wants_samples

    def refuse(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse`."""
        self._delegate.refuse(rejection, position)

    def refuse_elsewhere(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse_elsewhere`."""
        self._delegate.refuse_elsewhere(rejection, position)

    def leave_blank(self) -> None:
        """See `Sink.leave_blank`."""
        self._delegate.leave_blank()

    def sample(self, column: str, value: object) -> None:
        """See `Sink.sample`."""
        self._delegate.sample(column, value)

    def leave_all(self, key: Sequence[object], *, is_deletion: bool) -> None:
        """See `Sink.leave_all`."""
        self._delegate.leave_all(key, is_deletion=is_deletion)

    def without(self, lane: AudienceLane) -> Sink | None:
        """See `Sink.without`."""
        return self._delegate.without(lane)
