"""Hands each row of one stream to the ad account that it names.

A row with a key leaves the other accounts with every version of it, since each ledger knows by itself whether it had
the row. Where nothing remembers rows, nobody can know, and the plan says so. What names no account of the settings is
counted in the first account and judged in all of them, since it may be a row of any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from destination_pinterest.delivery.fan_out import FanOut
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.sink import DelegatingSink, Sink, Taker
from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.vocabulary import Operation

# A table has few names and many rows; a column that is no segment must not fill the memory.
_MOST_REMEMBERED: Final = 20_000


class AccountSinks(Sink):
    """Takes the rows that name no account, and has a sink for those that do.

    Args:
        branches: the sinks by ad account, at least one.
    """

    def __init__(self, branches: Mapping[str, Sink]) -> None:
        self._branches = dict(branches)
        self._every = FanOut(list(branches.values()))
        self._home = next(iter(branches))
        super().__init__(self._every.taker, self._every.fill, self._every.rows)
        self._to = self._ways()

    def to(self, ad_account_id: str) -> Sink:
        """Returns the sink of rows that name an ad account."""
        return self._to[ad_account_id]

    @property
    def everywhere(self) -> Sink:
        """The sink of deletions that name no ad account."""
        return self._every

    def enter_unnamed(self) -> None:
        """See `Sink.enter_unnamed`."""
        home = self.to(self._home)
        home.enter(1)
        home.enter_unnamed()

    @property
    def lanes(self) -> tuple[AudienceLane, ...]:
        """See `Sink.lanes`."""
        return self._every.lanes

    def enter(self, rows: int) -> None:
        """See `Sink.enter`. Does nothing: each row is counted where it goes."""

    def count_not_synced(self, reason: str) -> None:
        """See `RowCounts`."""
        self.to(self._home).count_not_synced(reason)

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """See `RowCounts`."""
        self.to(self._home).count_refused(rejections)

    @property
    def refused(self) -> int:
        """See `Sink.refused`."""
        return self._every.refused

    @property
    def wants_samples(self) -> bool:
        """See `Sink.wants_samples`."""
        return self._every.wants_samples

    def refuse(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse`."""
        for account in self._branches:
            if account == self._home:
                self.to(account).refuse(rejection, position)
            else:
                self.to(account).refuse_elsewhere(rejection, position)

    def refuse_elsewhere(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse_elsewhere`."""
        self._every.refuse_elsewhere(rejection, position)

    def leave_blank(self) -> None:
        """See `Sink.leave_blank`."""
        self.to(self._home).leave_blank()

    def sample(self, column: str, value: object) -> None:
        """See `Sink.sample`."""
        self._every.sample(column, value)

    def leave_all(self, key: Sequence[object], *, is_deletion: bool) -> None:
        """See `Sink.leave_all`."""
        self._every.leave_all(key, is_deletion=is_deletion)

    def without(self, lane: AudienceLane) -> Sink:
        """See `Sink.without`. Rows go on being told apart: those of a lost account are errored, and no others."""
        self._every.without(lane)
        self.taker, self.fill = self._every.taker, self._every.fill
        for account, branch in self._branches.items():
            self._branches[account] = branch.without(lane) or _LostSink(lane)
        self._to = self._ways()
        return self

    def _ways(self) -> dict[str, Sink]:
        """Returns the sinks of rows that name an account."""
        ways: dict[str, Sink] = {}
        for account, branch in self._branches.items():
            others = [other for other in self._branches.values() if other is not branch]
            ways[account] = _OneOfSeveral(branch, others) if self.taker.reads_keys else branch
        return ways


class _OneOfSeveral(DelegatingSink):
    """Takes the rows of one ad account, each of which leaves the others."""

    def __init__(self, branch: Sink, others: Sequence[Sink]) -> None:
        super().__init__(_MovingTaker(branch.taker, others), branch.fill, branch)
        self._others = others
        self._named: dict[tuple[str, ...], Sink] = {}

    def named(self, names: tuple[str, ...]) -> Sink:
        """See `Sink.named`."""
        found = self._named.get(names)
        if found is None:
            found = _OneOfSeveral(self._delegate.named(names), self._others)
            if len(self._named) < _MOST_REMEMBERED:
                self._named[names] = found
        return found

    def staying(self) -> Sink:
        """See `Sink.staying`."""
        return _OneOfSeveral(self._delegate.staying(), self._others)

    def enter_unnamed(self) -> None:
        """See `Sink.enter_unnamed`."""
        self._delegate.enter_unnamed()

    def leave_all(self, key: Sequence[object], *, is_deletion: bool) -> None:
        """See `Sink.leave_all`."""
        super().leave_all(key, is_deletion=is_deletion)
        for other in self._others:
            other.leave_all(key, is_deletion=False)


class _MovingTaker:
    """Hands each row to one taker, and has it leave wherever it was before."""

    def __init__(self, taker: Taker, others: Sequence[Sink]) -> None:
        self._taker = taker
        self._others = others

    @property
    def reads_keys(self) -> bool:
        return True

    def begin_run(self, run: RowRun, now_s: float) -> None:
        self._taker.begin_run(run, now_s)

    def add_all(self, identifiers: Sequence[str]) -> None:
        self._taker.add_all(identifiers)

    def take_all(self, operation: Operation, rows: Sequence[Sequence[str]]) -> None:
        self._taker.take_all(operation, rows)

    def take_keyed(
        self, operation: Operation, keys: Sequence[Sequence[object]], identifiers: Sequence[str], column: str
    ) -> None:
        self._taker.take_keyed(operation, keys, identifiers, column)
        for key in keys:
            self._leave_others(key)

    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        self._taker.take(operation, identifiers, key, columns)
        if key is not None:
            self._leave_others(key)

    def keep(
        self,
        key: Sequence[object],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        self._taker.keep(key, identifiers, columns, unchanged)
        self._leave_others(key)

    def vacate(self, key: Sequence[object], operation: Operation) -> None:
        self._taker.vacate(key, operation)
        self._leave_others(key)

    def stay(self, key: Sequence[object], unchanged: Sequence[str]) -> None:
        self._taker.stay(key, unchanged)  # In the other accounts as well: the row can't be used in this one.

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        self._taker.object_to(identifiers, key, unchanged)
        if key is not None:
            self._leave_others(key)

    def withdraw(self, identifiers: Sequence[str]) -> None:
        self._taker.withdraw(identifiers)

    def _leave_others(self, key: Sequence[object]) -> None:
        for other in self._others:
            other.leave_all(key, is_deletion=False)


class _LostSink(Sink):
    """Takes the rows of an ad account that was given up: they are counted, and the next sync reads them again."""

    def __init__(self, lane: AudienceLane) -> None:
        self._nobody = FanOut(())
        super().__init__(self._nobody.taker, self._nobody.fill)
        self._lane = lane

    def named(self, names: tuple[str, ...]) -> Sink:  # noqa: ARG002 - whichever it names
        """See `Sink.named`. The row has been counted by then."""
        return self._nobody

    @property
    def lanes(self) -> tuple[AudienceLane, ...]:
        """See `Sink.lanes`."""
        return (self._lane,)

    def enter(self, rows: int) -> None:
        """See `Sink.enter`."""
        self._lane.leave_out(rows)

    def count_not_synced(self, reason: str) -> None:
        """See `RowCounts`. Does nothing: the row is errored."""

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """See `RowCounts`. Does nothing: the row is errored."""

    @property
    def refused(self) -> int:
        """See `Sink.refused`."""
        return 0

    @property
    def wants_samples(self) -> bool:
        """See `Sink.wants_samples`."""
        return False

    def refuse(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse`. Does nothing: the audience has failed already."""

    def refuse_elsewhere(self, rejection: Rejection, position: int) -> None:
        """See `Sink.refuse_elsewhere`. Does nothing: the audience has failed already."""

    def leave_blank(self) -> None:
        """See `Sink.leave_blank`. Does nothing: the audience has failed already."""

    def sample(self, column: str, value: object) -> None:
        """See `Sink.sample`. Does nothing: the audience has failed already."""

    def leave_all(self, key: Sequence[object], *, is_deletion: bool) -> None:
        """See `Sink.leave_all`. Does nothing: the audience has failed already."""

    def without(self, lane: AudienceLane) -> Sink:  # noqa: ARG002 - it is given up already
        """See `Sink.without`."""
        return self
