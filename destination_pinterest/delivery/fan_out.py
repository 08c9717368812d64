"""Hands the rows of one stream to several lanes at once: the same audience in several ad accounts.

A lane that is given up is taken out alone: from then on its rows are counted as errored, and the others go on. The
states behind it are held back by isolation.py, whatever the others do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.sink import Fill, Sink, Taker
from destination_pinterest.identity.mapping import Cell, MappedRow
from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.vocabulary import Operation


class FanOut(Sink):
    """Takes rows for several lanes, each of which gets all of them.

    Args:
        branches: the sinks of the lanes.
    """

    def __init__(self, branches: Sequence[Sink]) -> None:
        self._branches = list(branches)
        self._lost: list[AudienceLane] = []
        super().__init__(_EachTaker([]), EachFill([]), branches[0].rows if branches else None)
        self._spread()

    @property
    def lanes(self) -> tuple[AudienceLane, ...]:
        """See `Sink.lanes`."""
        return (*(lane for branch in self._branches for lane in branch.lanes), *self._lost)

    def enter(self, rows: int) -> None:
        """See `Sink.enter`. Rows of a lane that was given up are errored."""
        for branch in self._branches:
            branch.enter(rows)
        for lane in self._lost:
            lane.leave_out(rows)

    def count_not_synced(self, reason: str) -> None:
        """See `RowCounts`."""
        for branch in self._branches:
            branch.count_not_synced(reason)

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """See `RowCounts`."""
        for branch in self._branches:
            branch.count_refused(rejections)

    @property
    def refused(self) -> int:
        """See `Sink.refused`."""
        return max((branch.refused for branch in self._branches), default=0)

    @property
    def wants_samples(self) -> bool:
        """See `Sink.wants_samples`."""
        return any(branch.wants_samples for branch in self._branches)

    def refuse(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse`."""
        for branch in self._branches:
            branch.refuse(rejection, position)

    def refuse_elsewhere(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse_elsewhere`."""
        for branch in self._branches:
            branch.refuse_elsewhere(rejection, position)

    def leave_blank(self) -> None:
        """See `Sink.leave_blank`."""
        for branch in self._branches:
            branch.leave_blank()

    def sample(self, column: str, value: object) -> None:
        """See `Sink.sample`."""
        for branch in self._branches:
            branch.sample(column, value)

    def named(self, names: tuple[str, ...]) -> Sink:
        """See `Sink.named`."""
        return FanOut([branch.named(names) for branch in self._branches])

    def staying(self) -> Sink:
        """See `Sink.staying`."""
        return FanOut([branch.staying() for branch in self._branches])

    def enter_unnamed(self) -> None:
        """See `Sink.enter_unnamed`."""
        for branch in self._branches:
            branch.enter_unnamed()

    def leave_all(self, key: Sequence[object], *, is_deletion: bool) -> None:
        """See `Sink.leave_all`."""
        for branch in self._branches:
            branch.leave_all(key, is_deletion=is_deletion)

    def without(self, lane: AudienceLane) -> Sink | None:
        """See `Sink.without`."""
        if all(lane not in branch.lanes for branch in self._branches):
            return self
        left = [branch.without(lane) for branch in self._branches]
        self._branches = [branch for branch in left if branch is not None]
        self._lost.append(lane)
        self._spread()
        return self if self._branches else None

    def _spread(self) -> None:
        self.taker = _EachTaker([branch.taker for branch in self._branches])
        self.fill = EachFill([branch.fill for branch in self._branches])


class _EachTaker:
    """Hands each row to several takers, which keep their audiences alike."""

    def __init__(self, takers: Sequence[Taker]) -> None:
        self._takers = takers

    @property
    def reads_keys(self) -> bool:
        return any(taker.reads_keys for taker in self._takers)

    def begin_run(self, run: RowRun, now_s: float) -> None:
        for taker in self._takers:
            taker.begin_run(run, now_s)

    def add_all(self, identifiers: Sequence[str]) -> None:
        for taker in self._takers:
            taker.add_all(identifiers)

    def take_all(self, operation: Operation, rows: Sequence[Sequence[str]]) -> None:
        for taker in self._takers:
            taker.take_all(operation, rows)

    def take_keyed(
        self, operation: Operation, keys: Sequence[Sequence[object]], identifiers: Sequence[str], column: str
    ) -> None:
        for taker in self._takers:
            taker.take_keyed(operation, keys, identifiers, column)

    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        for taker in self._takers:
            taker.take(operation, identifiers, key, columns)

    def keep(
        self,
        key: Sequence[object],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        for taker in self._takers:
            taker.keep(key, identifiers, columns, unchanged)

    def vacate(self, key: Sequence[object], operation: Operation) -> None:
        for taker in self._takers:
            taker.vacate(key, operation)

    def stay(self, key: Sequence[object], unchanged: Sequence[str]) -> None:
        for taker in self._takers:
            taker.stay(key, unchanged)

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        for taker in self._takers:
            taker.object_to(identifiers, key, unchanged)

    def withdraw(self, identifiers: Sequence[str]) -> None:
        for taker in self._takers:
            taker.withdraw(identifiers)


class EachFill:
    """Counts each row in several counts."""

    def __init__(self, fills: Sequence[Fill]) -> None:
        self._fills = fills

    def add_rows(self, rows: int, usable: int) -> None:
        """See `Fill.add_rows`."""
        for fill in self._fills:
            fill.add_rows(rows, usable)

    def add_row(self, values: Sequence[Any], mapped: MappedRow) -> None:
        """See `Fill.add_row`."""
        for fill in self._fills:
            fill.add_row(values, mapped)

    def add_cells(self, cells: Sequence[Sequence[Cell]], usable: int) -> None:
        """See `Fill.add_cells`."""
        for fill in self._fills:
            fill.add_cells(cells, usable)
