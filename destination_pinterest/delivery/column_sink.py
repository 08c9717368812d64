"""Hands the rows of one stream to the audiences that each of them names; see by_column.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from destination_pinterest.delivery.by_column import ColumnStrategy, Replay
from destination_pinterest.delivery.fan_out import EachFill
from destination_pinterest.delivery.intake import StreamFill
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.named_audiences import NamedBranch
from destination_pinterest.delivery.row_support import RowFilter
from destination_pinterest.delivery.sink import DelegatingSink, Fill, Sink
from destination_pinterest.identity.mapping import Cell, MappedRow
from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.vocabulary import LetterCase, Operation

# A table has few names and many rows; a column that is no segment must not fill the memory.
_MOST_REMEMBERED: Final = 20_000


class ColumnSink(Sink):
    """Takes the rows of a stream that name no audience, and has a sink for those that do.

    Args:
        strategy: stands for the audiences.
        plan: the stream's plan.
        maid_case: the case of advertising IDs.
        rows: see `Sink`.
    """

    def __init__(
        self, strategy: ColumnStrategy, plan: StreamPlan, maid_case: LetterCase, rows: RowFilter | None = None
    ) -> None:
        super().__init__(_NobodysRows(strategy), _NoFill(), rows)
        self._strategy = strategy
        self._plan = plan
        self._maid_case = maid_case
        self._tally = strategy.lane.tally
        self._quality = strategy.lane.qualities[plan.stream.key]
        self._stream = str(plan.stream.key)
        self._fills: dict[int, StreamFill] = {}
        self._named: dict[tuple[str, ...], Sink] = {}
        self._staying = _StayingSink(self, strategy)

    @property
    def lanes(self) -> tuple[AudienceLane, ...]:
        """See `Sink.lanes`."""
        return (self._strategy.lane,)

    def enter(self, rows: int) -> None:
        """See `Sink.enter`. Each row is counted by `enter_unnamed`, or in the audiences that it names."""
        self._quality.entered += rows

    def enter_unnamed(self) -> None:
        """See `Sink.enter_unnamed`."""
        self._tally.entered += 1

    def named(self, names: tuple[str, ...]) -> Sink:
        """See `Sink.named`."""
        found = self._named.get(names)
        if found is None:
            branches = self._strategy.audiences.named(names, self._stream)
            found = _NamedSink(self, self._strategy, branches, [self._fill_of(branch) for branch in branches])
            if len(self._named) < _MOST_REMEMBERED:
                self._named[names] = found
        return found

    def staying(self) -> Sink:
        """See `Sink.staying`."""
        return self._staying

    def leave_all(self, key: Sequence[object], *, is_deletion: bool) -> None:
        """See `Sink.leave_all`."""
        self._strategy.leave_all(key, is_deletion=is_deletion)

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

    def without(self, lane: AudienceLane) -> Sink | None:
        """See `Sink.without`. An audience that was given up leaves the others as they are."""
        return None if lane is self._strategy.lane else self

    def _fill_of(self, branch: NamedBranch) -> StreamFill:
        fill = self._fills.get(branch.number)
        if fill is None:
            count = branch.strategy.lane.count
            fill = self._fills[branch.number] = count.new_stream(self._plan.identities, self._maid_case)
        return fill


class _NamedSink(DelegatingSink):
    """Takes the rows that name certain audiences. What concerns the stream goes to the sink of all of it."""

    def __init__(
        self, whole: ColumnSink, strategy: ColumnStrategy, branches: Sequence[NamedBranch], fills: Sequence[Fill]
    ) -> None:
        fill = fills[0] if len(fills) == 1 else EachFill(fills)
        super().__init__(_NamedRows(strategy, branches), fill, whole)
        self._branches = branches

    @property
    def lanes(self) -> tuple[AudienceLane, ...]:
        """See `Sink.lanes`."""
        return tuple(branch.strategy.lane for branch in self._branches)

    def enter(self, rows: int) -> None:
        """See `Sink.enter`. Rows of an audience that was given up are errored."""
        for branch in self._branches:
            if branch.is_lost:
                branch.strategy.lane.leave_out(rows)
            else:
                branch.strategy.lane.tally.entered += rows

    def count_not_synced(self, reason: str) -> None:
        """See `RowCounts`."""
        for lane in self._healthy():
            lane.tally.count_not_synced(reason)

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """See `RowCounts`."""
        counted = tuple(rejections)
        for lane in self._healthy():
            lane.tally.count_refused(counted)

    def _healthy(self) -> list[AudienceLane]:
        return [branch.strategy.lane for branch in self._branches if not branch.is_lost]


class _StayingSink(DelegatingSink):
    """Takes rows that stay in their audiences, whichever these are."""

    def __init__(self, whole: ColumnSink, strategy: ColumnStrategy) -> None:
        super().__init__(_StayingRows(strategy), _NoFill(), whole)

    def enter(self, rows: int) -> None:
        """See `Sink.enter`. Does nothing: the rows are counted by `enter_unnamed`."""


class _NobodysRows:
    """Begins the runs of a stream, whose rows go to the audiences that they name."""

    def __init__(self, strategy: ColumnStrategy) -> None:
        self._strategy = strategy

    @property
    def reads_keys(self) -> bool:
        return self._strategy.remembers

    def begin_run(self, run: RowRun, now_s: float) -> None:
        self._strategy.begin_run(run, now_s)

    def add_all(self, identifiers: Sequence[str]) -> None:
        """Does nothing: rows come one by one."""

    def take_all(self, operation: Operation, rows: Sequence[Sequence[str]]) -> None:
        """Does nothing: rows come one by one."""

    def take_keyed(
        self, operation: Operation, keys: Sequence[Sequence[object]], identifiers: Sequence[str], column: str
    ) -> None:
        """Does nothing: rows come one by one."""

    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        """Does nothing: the row names no audience."""

    def keep(
        self,
        key: Sequence[object],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        """Does nothing: the row names no audience."""

    def vacate(self, key: Sequence[object], operation: Operation) -> None:
        """Does nothing: the row names no audience."""

    def stay(self, key: Sequence[object], unchanged: Sequence[str]) -> None:
        self._strategy.take_kept(Replay.STAY, key, unchanged=unchanged)

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        """Does nothing: the row names no audience."""

    def withdraw(self, identifiers: Sequence[str]) -> None:
        """Does nothing: the row names no audience."""


class _NamedRows(_NobodysRows):
    """Takes the rows that name certain audiences."""

    def __init__(self, strategy: ColumnStrategy, branches: Sequence[NamedBranch]) -> None:
        super().__init__(strategy)
        self._take = strategy.take_named
        self._branches = branches

    def add_all(self, identifiers: Sequence[str]) -> None:
        self._strategy.add_named(self._branches, identifiers)

    def take_all(self, operation: Operation, rows: Sequence[Sequence[str]]) -> None:
        for identifiers in rows:
            self.take(operation, identifiers, None)

    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        self._take(Replay.TAKE, self._branches, operation, key, identifiers=identifiers, columns=columns)

    def keep(
        self,
        key: Sequence[object],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        self._take(
            Replay.KEEP,
            self._branches,
            Operation.ADD,
            key,
            identifiers=identifiers,
            columns=columns,
            unchanged=unchanged,
        )

    def vacate(self, key: Sequence[object], operation: Operation) -> None:
        self._take(Replay.VACATE, self._branches, operation, key)

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        # The row has a place among the audiences that it names, where it may take its objection back.
        self._take(Replay.OBJECT, self._branches, Operation.ADD, key, identifiers=identifiers, unchanged=unchanged)

    def withdraw(self, identifiers: Sequence[str]) -> None:
        self._take(Replay.WITHDRAW, self._branches, Operation.REMOVE, None, identifiers=identifiers)


class _StayingRows(_NobodysRows):
    """Takes rows that stay in their audiences."""

    def take(
        self,
        operation: Operation,  # noqa: ARG002 - rows that remove leave all audiences
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        if key is not None:
            self._strategy.take_kept(Replay.TAKE, key, identifiers, columns)

    def keep(
        self,
        key: Sequence[object],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        self._strategy.take_kept(Replay.KEEP, key, identifiers, columns, unchanged)

    def vacate(self, key: Sequence[object], operation: Operation) -> None:  # noqa: ARG002
        self._strategy.leave_all(key, is_deletion=False)

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        if key is not None:
            self._strategy.take_kept(Replay.OBJECT, key, identifiers, unchanged=unchanged)


class _NoFill:
    """Counts nothing: the rows join no audience."""

    def add_rows(self, rows: int, usable: int) -> None:
        """See `Fill.add_rows`."""

    def add_row(self, values: Sequence[Any], mapped: MappedRow) -> None:
        """See `Fill.add_row`."""

    def add_cells(self, cells: Sequence[Sequence[Cell]], usable: int) -> None:
        """See `Fill.add_cells`."""
