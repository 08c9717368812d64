"""Keeps the many audiences that a column names, each by a strategy of its own, in epochs.

Rows are not sent as they come. They wait in one spool, sorted by audience, until the input ends or an epoch is over;
then each audience is settled by itself: its rows are replayed to its strategy, which compares or batches them as if
they had come alone. So only a few audiences are in memory at a time, requests are as full as they can be, and how many
audiences there are is known before the first one is created.

With a membership store, an index of placements finds the rows that have moved (membership/placements.py): in the
audience that it left, a row is replayed as one that has no identifier any more. Without a store nobody can see that.

States wait until every audience has settled. One that fails is given up alone, and holds back the states alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from heapq import merge
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.description_mark import for_exclusion, read_mark
from destination_pinterest.audiences.desk import AudienceDesk
from destination_pinterest.audiences.mark_keeper import MarkKeeper
from destination_pinterest.audiences.safeguards import Safeguards, check_rows
from destination_pinterest.audiences.target import TargetUpdate
from destination_pinterest.audiences.twins import PostponedTwins
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.delivery.ledgers import is_about_all_ledgers
from destination_pinterest.delivery.mirror import SUPPRESSION_MARK, MirrorStrategy, generation_name
from destination_pinterest.delivery.named_audiences import NamedAudiences, NamedBranch, spelling_note
from destination_pinterest.delivery.row_spool import RowSpool
from destination_pinterest.delivery.row_support import RowSupport, without_rows
from destination_pinterest.delivery.strategy import IsComplete, SyncStrategy
from destination_pinterest.delivery.suppressor import Suppressor
from destination_pinterest.errors import ConnectionFailedError, ConnectorError, ServerError
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.identity.row_field import needs_rows
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.routing.audience_plan import AudiencePlan
from destination_pinterest.routing.decision import UNKNOWN_KEY
from destination_pinterest.routing.replacement import continues_in_job
from destination_pinterest.vocabulary import ROWS_ONLY, Operation

if TYPE_CHECKING:  # They import DuckDB and NumPy, which syncs without a store don't need.
    from destination_pinterest.membership import MembershipLedger
    from destination_pinterest.membership.manifest import NamedAudience
    from destination_pinterest.membership.placements import PlacementIndex

# Where the spool has what belongs to no audience: the keys of all rows, and rows that stay where they are.
_KEYS: Final = -1
_KEPT: Final = -2
# What it has for each audience: rows that name it, rows that stay in it, and the keys of those that left it.
_NAMERS, _STAYERS, _LEAVERS = range(3)
_SLOTS: Final = 3
# So many requests' worth of rows are replayed before their answers are awaited.
_REQUESTS_AT_ONCE: Final = 8
# Less than a request's worth, so that no more are queued than that.
_ROWS_AT_ONCE: Final = 500
_LEDGERS_AT_ONCE: Final = 4
_AUDIENCES_AT_ONCE: Final = 16
_OPERATIONS: Final = (Operation.ADD, Operation.REMOVE)


class Replay(IntEnum):
    """How a row is replayed to an audience's strategy: by which of its methods, or as a row that left the audience.

    What is replayed by ADD_ALL stands for several rows without a key, which add one identifier each.
    """

    TAKE = 0
    KEEP = 1
    VACATE = 2
    WITHDRAW = 3
    LEAVE = 4
    STAY = 5
    OBJECT = 6
    ADD_ALL = 7


# Such rows were counted where they were refused.
_REFUSED: Final = (Replay.STAY, Replay.OBJECT)

OpenLedger = Callable[[MirrorStrategy], "MembershipLedger"]
OnFailure = Callable[[SyncStrategy, ConnectorError], None]


class ColumnTools(msgspec.Struct, frozen=True):
    """What works on the audiences of a column.

    Args:
        desk: looks them up.
        creator: creates them.
        twins: tells of those that were created whether another sync has created them too.
        safeguards: keep members from being removed by mistake.
        form: whether Pinterest accepts rows of `records_v2`.
        suppressor: knows who was forgotten, if there is a suppression store.
        expires: whether members leave whose rows don't come, so that audiences settle of which no row has come.
    """

    desk: AudienceDesk
    creator: AudienceCreator
    twins: PostponedTwins
    safeguards: Safeguards
    form: RowSupport
    suppressor: Suppressor | None = None
    expires: bool = False


class ColumnStrategy(SyncStrategy):
    """Stands for all audiences of one column in one ad account. Its own lane counts rows that are in none of them.

    Args:
        lane: the lane of rows without an audience.
        plan: the plan of the audiences.
        audiences: these.
        tools: what works on them.
        epoch_s: how long an epoch lasts, unless whole tables are needed for the comparison.
    """

    has_audience = False

    def __init__(
        self,
        lane: AudienceLane,
        plan: AudiencePlan,
        audiences: NamedAudiences,
        tools: ColumnTools,
        *,
        epoch_s: float,
    ) -> None:
        super().__init__(lane)
        self.audiences = audiences
        self.plan = plan
        self.remembers = plan.keeping == "mirror"
        self._desk = tools.desk
        self._twins = tools.twins
        self._safeguards = tools.safeguards
        self._suppressor = tools.suppressor
        self._marks = MarkKeeper(tools.desk.pinterest)
        self._creator = tools.creator
        self._form = tools.form
        self._expires = tools.expires
        self._epoch_s = epoch_s
        self._spool = RowSpool()
        self._index: PlacementIndex | None = None
        self._open_ledger: OpenLedger | None = None
        self._replaced = [plan.stream for plan in plan.replaced]
        self._streams = [stream.key for stream in plan.streams]
        self._stream = 0
        self._row = 0
        self._epoch_started_s: float | None = None
        self._now_s = 0.0
        self._rows_kept = 0
        self._deletions = 0
        self._unsettled: set[int] = set()
        self._unfinished: set[int] = set()
        self._is_whole = False

    @property
    def at_once(self) -> int:
        """How many audiences are settled at once: a ledger needs much more memory than a batch."""
        return _LEDGERS_AT_ONCE if self.remembers else _AUDIENCES_AT_ONCE

    def check_others(self, failure: ConnectorError) -> None:
        """Checks that Pinterest answers at all: each of many audiences would wait for as long as retries may take.

        Raises:
            ConnectorError: it does not, or the failure is about the whole membership store.
        """
        if is_about_all_ledgers(failure):
            raise failure
        if isinstance(failure, ServerError | ConnectionFailedError):
            self._desk.pinterest.ad_account()

    def open(self, index: PlacementIndex, open_ledger: OpenLedger) -> None:
        """Takes the index of placements, and what opens the ledger of an audience; `close` releases the index."""
        self._index, self._open_ledger = index, open_ledger
        for stream in self.plan.streams:
            if stream.key_types:
                index.describe_key(str(stream.key), stream.key_types)
        # An earlier attempt of the job may have replaced a stream in all audiences, and returned its states.
        self._replaced = [
            stream
            for stream in self._replaced
            if not continues_in_job(stream) or index.generation_of(str(stream.key)) != generation_name(stream)
        ]
        for audience in index.audiences:
            self.audiences.remember(audience.name, audience.streams, is_empty=audience.is_empty)

    @property
    def branches(self) -> Sequence[SyncStrategy]:
        """See `SyncStrategy.branches`: the audiences that this sync has touched."""
        return [branch.strategy for branch in self.audiences if branch.is_named or branch.is_known]

    def begin_run(self, run: RowRun, now_s: float) -> None:
        """See `SyncStrategy.begin_run`."""
        self._stream = self._streams.index(run.stream)
        self.lane.pin_watermark(run.position)
        self._now_s = now_s
        if self._epoch_started_s is None:
            self._epoch_started_s = now_s

    def take_named(
        self,
        method: Replay,
        branches: Sequence[NamedBranch],
        operation: Operation,
        key: Sequence[object] | None,
        *,
        identifiers: Sequence[str] = (),
        columns: Sequence[str] = (),
        unchanged: Sequence[str] = (),
    ) -> None:
        """Takes a row for the audiences that it names; see the methods of `ColumnSink`."""
        self._row += 1
        row = [
            self._row,
            self._stream,
            method,
            int(operation is Operation.REMOVE),
            key,
            identifiers,
            columns,
            unchanged,
        ]
        for branch in branches:
            if not branch.is_lost:
                self._spool.add(_slot(branch.number, _NAMERS), row)
        if self._index is not None and key is not None:
            leaves = operation is Operation.REMOVE
            where = [] if leaves else [branch.number for branch in branches]
            self._index.record(self._row, str(self._streams[self._stream]), key, where)
            self._spool.add(_KEYS, [self._row, self._stream, False, key])

    def add_named(self, branches: Sequence[NamedBranch], identifiers: Sequence[str]) -> None:
        """Takes rows without a key that add one identifier each to the audiences that they name."""
        for begin in range(0, len(identifiers), _ROWS_AT_ONCE):
            together = identifiers[begin : begin + _ROWS_AT_ONCE]
            self._row += len(together)
            row = [self._row, self._stream, Replay.ADD_ALL, 0, None, together, (), ()]
            for branch in branches:
                if not branch.is_lost:
                    self._spool.add(_slot(branch.number, _NAMERS), row)

    def take_kept(
        self,
        method: Replay,
        key: Sequence[object],
        identifiers: Sequence[str] = (),
        columns: Sequence[str] = (),
        unchanged: Sequence[str] = (),
    ) -> None:
        """Takes a row whose record does not say in which audiences it is, or that can't be used: it stays in them."""
        if self._index is None:
            return
        self._row += 1
        self._rows_kept += method not in _REFUSED
        self._index.record_kept(self._row, str(self._streams[self._stream]), key)
        self._spool.add(_KEPT, [self._row, self._stream, method, 0, key, identifiers, columns, unchanged])

    def leave_all(self, key: Sequence[object], *, is_deletion: bool) -> None:
        """Takes a row that is in no audience any more: deleted by its key, or without a name."""
        if self._index is None:
            return
        self._row += 1
        self._deletions += is_deletion
        self._index.record(self._row, str(self._streams[self._stream]), key, ())
        self._spool.add(_KEYS, [self._row, self._stream, is_deletion, key])

    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        """See `SyncStrategy.take`. Never called: rows come by the audiences that they name."""

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        """See `SyncStrategy.object_to`. Never called, like `take`."""

    @property
    def settle_due_s(self) -> float | None:
        """When the epoch should end; None if it lasts until the end of the input."""
        if self._epoch_started_s is None or self._replaced:
            return None
        return self._epoch_started_s + self._epoch_s

    @property
    def due_s(self) -> float | None:
        """Never: rows are settled when the epoch ends."""
        return None

    def flush(self, now_s: float) -> None:
        """Does nothing: rows are settled when the epoch ends."""

    def drain(self) -> None:
        """Does nothing: `begin_settling` settles what is left."""

    def check_may_send(self) -> None:
        """See `SyncStrategy.check_may_send`. It has nothing to send itself."""

    def begin_settling(self, is_complete: IsComplete, on_failure: OnFailure, *, is_end: bool) -> list[NamedBranch]:
        """Returns the audiences to settle, each looked up.

        Args:
            is_complete: whether a stream is proven to be complete.
            on_failure: takes an audience that can't be used, and why.
            is_end: whether the input has ended.

        Raises:
            IncompleteStreamError: a stream that replaces its audiences is not proven to be complete.
            UnusableRowsError: too few of the rows could be used.
            ConnectorError: the index or the audiences can't be read.
        """
        replaced = self._replaced if is_end else []
        if not all(is_complete(stream.key) for stream in replaced):
            if self._row:
                self._safeguards.require_complete(self.lane.target.name, is_complete=False)
            return []
        if is_end:
            check_rows(self.lane.target.name, self.lane.qualities)
        if replaced and not self._row and not self._safeguards.allow_empty:
            is_kept = any(not branch.is_empty for branch in self.audiences)
            self.lane.notes.append(
                self._safeguards.empty_table_note("the audiences keep their members")
                if is_kept
                else self._safeguards.nobody_yet_note("no audience is created")
            )
            self.lane.empty_table = "kept" if is_kept else "nobody_yet"
            return []
        self._is_whole = True
        self._place()
        numbers = self._numbers(replaced, expires=self._expires and is_end)
        if is_end:  # No row of the last epoch may concern an audience that earlier ones have filled.
            numbers |= self._unfinished
        if self._has_to_shed:
            numbers |= {branch.number for branch in self.audiences if not branch.is_empty}
        every = [self.audiences[number] for number in sorted(numbers)]
        self._unsettled = {branch.number for branch in every} | {one.number for one in self.audiences if one.is_lost}
        turns = [branch for branch in every if not branch.is_lost]
        for branch in turns:
            branch.strategy.lane.pin_watermark(self.lane.pinned)
        self._look_up(turns, on_failure)
        if self._index is not None and not self._index.is_view:
            self._index.write_ahead(self._names())
        # Small ones first: a large one takes long, and what is behind it would wait.
        return sorted(
            (branch for branch in turns if not branch.is_lost), key=lambda branch: self._size_of(branch.number)
        )

    def begin_turn(self, branch: NamedBranch) -> None:
        """Opens what an audience's strategy needs, and prepares the audience.

        Raises:
            ConnectorError: the ledger can't be opened.
        """
        self.open_branch(branch)
        lane = branch.strategy.lane
        if not branch.is_named:  # It may be gone, and nobody is to join.
            lane.update(TargetUpdate(replace(lane.target, is_begun_early=False)))
        elif not ROWS_ONLY.isdisjoint(lane.target.identifiers):
            self._find_out_form(branch.strategy)
        branch.strategy.prepare()

    def open_branch(self, branch: NamedBranch) -> None:
        """Opens what an audience's strategy needs.

        Raises:
            ConnectorError: the ledger can't be opened.
        """
        strategy = branch.strategy
        if isinstance(strategy, MirrorStrategy) and self._open_ledger is not None:
            strategy.open(self._open_ledger(strategy))
            strategy.replace_only({stream.key for stream in self._replaced})
            if self._suppressor is not None:
                strategy.shed(self._suppressor)
        strategy.recall()
        self._form.recall(strategy.remembered)

    def _find_out_form(self, strategy: SyncStrategy) -> None:
        """Finds out whether rows can be sent, by the first audience that may need them: only now it is certain to be.

        Its rows, and those of the others, wait in the spool, and are judged alike when they are replayed.
        """
        self._form.find_out(strategy.lane, self._creator)
        strategy.remembered = self._form.noted(strategy.remembered)
        self.lane.notes += [
            note for note in self._form.notes(strategy.lane.target.identifiers) if note not in self.lane.notes
        ]

    def settle_branch(
        self, branch: NamedBranch, is_complete: IsComplete, *, is_end: bool
    ) -> Iterator[Iterator[Delivery]]:
        """Yields the deliveries of one audience; see `SyncStrategy.settle`."""
        strategy = branch.strategy
        for _ in self.replay(branch):
            yield iter(())
        strategy.drain()
        yield iter(())
        yield from strategy.settle(is_complete, is_end=is_end)
        strategy.lane.unpin_watermark()

    def replay(self, branch: NamedBranch) -> Iterator[None]:
        """Hands an audience's rows to its strategy; yields whenever what that has queued should be sent first."""
        strategy, number = branch.strategy, branch.number
        stream = -1
        stayers = self._spool.read(_slot(number, _STAYERS))
        rows = merge(self._spool.read(_slot(number, _NAMERS)), _counted(stayers, strategy), key=itemgetter(0))
        # What a row left comes last: it is the last word about that row here.
        for is_plain, group in groupby(chain(rows, self._spool.read(_slot(number, _LEAVERS))), key=self._is_plain):
            while together := list(islice(group, _ROWS_AT_ONCE if is_plain else 1)):
                if is_plain and all(row[1] == stream for row in together):
                    strategy.take_all(Operation.ADD, [row[5] for row in together])
                else:
                    for row in together:
                        stream = self._replay(strategy, row, self.lane.pinned, stream)
                if strategy.lane.queued >= _REQUESTS_AT_ONCE:
                    yield

    def end_turn(self, branch: NamedBranch, is_complete: IsComplete, *, is_end: bool) -> None:
        """Finishes an audience that has settled, if the input has ended, and closes what was opened.

        In an earlier epoch, its audience is created if Pinterest takes it already: states come back, and the sync that
        goes on from them may have no row for it.

        Raises:
            ConnectorError: why the audience is not as it should be.
        """
        strategy = branch.strategy
        try:
            if is_end:
                if note := spelling_note(branch):
                    strategy.lane.notes.append(note)
                strategy.finish(is_complete)
                strategy.conclude()
                self._mark_exclusion(strategy.lane)
                strategy.lane.count.headcount.freeze()
                self._unfinished.discard(branch.number)
            else:
                strategy.prepare()
                self._unfinished.add(branch.number)
            members = strategy.members
            branch.is_empty = members is not None and not members.after
            self._unsettled.discard(branch.number)
        finally:
            strategy.close()

    def end_epoch(self, *, is_end: bool) -> None:
        """Ends the epoch, once every audience has had its turn: those that failed stay where they were known."""
        if self._index is not None:
            replaced = {
                str(stream.key): generation_name(stream) if stream.has_generation else None
                for stream in (self._replaced if is_end and self._is_whole else ())
            }
            if self._suppressor is not None and self._is_whole and not self._unsettled:
                self._index.keep_mark(SUPPRESSION_MARK, self._suppressor.people.version)
            self._index.commit(self._names(), self._unsettled, replaced)
        by_id = {branch.strategy.lane.target.audience_id: branch.strategy.lane for branch in self.audiences}
        for created_id, update in self._twins.settle_all():
            by_id[created_id].update(update)
        self._spool.clear()
        self.lane.tally.synced += self._deletions
        self._row = self._deletions = 0
        self._is_whole = False
        self._epoch_started_s = None
        self.lane.unpin_watermark()

    def finish(self, is_complete: IsComplete) -> None:  # noqa: ARG002 - `begin_settling` has checked it
        """See `SyncStrategy.finish`."""
        check_rows(self.lane.target.name, self.lane.qualities)
        self.lane.settle_qualities()

    def close(self) -> None:
        """Releases the index and what lies on the disk."""
        self._spool.close()
        for branch in self.audiences:
            branch.strategy.close()
        if self._index is not None:
            self._index.close()

    @property
    def _has_to_shed(self) -> bool:
        """Whether people were forgotten since all audiences were settled; see `MirrorStrategy.shed`."""
        if self._suppressor is None or self._index is None:
            return False
        return self._index.marks.get(SUPPRESSION_MARK, "") != self._suppressor.people.version

    def _mark_exclusion(self, lane: AudienceLane) -> None:
        """Says at Pinterest that an audience is for exclusion, which Pinterest does not know, and others have to."""
        if self._safeguards.is_for_exclusion:
            mark = for_exclusion(read_mark(lane.target.description))
            lane.update(self._marks.keep(lane.target, mark))

    def _place(self) -> None:
        """Finds out which rows have moved and which stay where they are, and spools them for those audiences."""
        index = self._index
        if index is None:
            return
        index.compare()
        resolved = 0
        keys = self._spool.read(_KEYS)
        for row, left in index.vacated():
            _, stream, is_deletion, key = next(each for each in keys if each[0] == row)
            resolved += is_deletion
            for number, was_there in left.items():
                # An earlier row of the key is replayed there too, and would stand for it.
                method = Replay.VACATE if was_there else Replay.LEAVE
                self._spool.add(_slot(number, _LEAVERS), [row, stream, method, 0, key, (), (), ()])
        unknown = 0
        rows = self._spool.read(_KEPT)
        for row, numbers in index.kept():
            body = next(each for each in rows if each[0] == row)
            unknown += not numbers and body[2] not in _REFUSED
            for number in numbers:
                # It may have had rows without consent alone, until now.
                self.audiences[number].is_empty = False
                self._spool.add(_slot(number, _STAYERS), body)
        self._set_aside(RejectionReason.VALUE_UNCHANGED.value, unknown)
        # Those that are found are counted in the audiences in which they are.
        self.lane.tally.entered -= self._rows_kept - unknown
        self._set_aside(UNKNOWN_KEY, self._deletions - resolved)
        self._deletions = resolved
        self._rows_kept = 0

    def _set_aside(self, reason: str, rows: int) -> None:
        if rows > 0:
            self.lane.tally.not_synced[reason] += rows

    def _numbers(self, replaced: Sequence[ConfiguredStream], *, expires: bool) -> set[int]:
        """The audiences with rows, and those that may lose members by having none: by a replaced stream, or by age."""
        streams = [str(stream.key) for stream in replaced]
        numbers = {audience // _SLOTS for audience in self._spool.audiences if audience >= 0}
        return numbers | {
            branch.number
            for branch in self.audiences
            if not branch.is_empty and (expires or not branch.streams.isdisjoint(streams))
        }

    def _size_of(self, number: int) -> int:
        return sum(self._spool.size_of(_slot(number, which)) for which in range(_SLOTS))

    def _names(self) -> list[NamedAudience]:
        from destination_pinterest.membership.manifest import NamedAudience  # noqa: PLC0415 - see above

        return [
            NamedAudience(branch.name, tuple(sorted(branch.streams)), is_empty=branch.is_empty)
            for branch in self.audiences
        ]

    def _look_up(self, branches: Sequence[NamedBranch], on_failure: OnFailure) -> None:
        """Looks up the audiences that were not looked up before, all in one listing."""
        new = [branch for branch in branches if not branch.is_known]
        if not new:
            return
        updates = self._desk.lookup.find(
            [branch.strategy.lane.target for branch in new],
            lambda number, failure: on_failure(new[number].strategy, failure),
        )
        for branch, update in zip(new, updates, strict=True):
            branch.strategy.lane.update(update)
            branch.is_known = True

    def _is_plain(self, row: list[Any]) -> bool:
        """Whether a row only adds, and nothing has to be looked up for it."""
        return row[2] == Replay.TAKE and not row[3] and row[4] is None and not row[6] and not self._form.is_refused

    def _replay(self, strategy: SyncStrategy, row: list[Any], position: int, of_stream: int) -> int:
        """Hands a row to an audience's strategy; returns the stream that the strategy is at."""
        _, stream, method, removes, key, identifiers, columns, unchanged = row
        if stream != of_stream:
            strategy.begin_run(RowRun(self._streams[stream], [], position), self._now_s)
        operation = _OPERATIONS[removes]
        if self._form.is_refused and any(map(needs_rows, identifiers)):
            self._replay_without_rows(strategy, row)
        elif method == Replay.ADD_ALL:
            strategy.add_all(identifiers)
        elif method == Replay.TAKE:
            strategy.take(operation, identifiers, key, columns)
        elif method == Replay.KEEP:
            strategy.keep(key, identifiers, columns, unchanged)
        elif method == Replay.WITHDRAW:
            strategy.withdraw(identifiers)
        elif method == Replay.VACATE:
            strategy.vacate(key, operation)
        elif method == Replay.STAY:
            strategy.stay(key, unchanged)
        elif method == Replay.OBJECT:
            strategy.object_to(identifiers, key, unchanged)
        elif self._streams[stream] not in {one.key for one in strategy.replaced_streams}:
            strategy.vacate(key, Operation.ADD)  # Of a replaced stream, it is absent, which the guard counts.
        return int(stream)

    def _replay_without_rows(self, strategy: SyncStrategy, row: list[Any]) -> None:
        """Hands on a row of which some identifiers can't be sent: the others, if there are any."""
        method, removes, key = row[2:5]
        if method == Replay.ADD_ALL:
            for identifier in row[5]:
                self._replay_without_rows(strategy, [*row[:2], Replay.TAKE, removes, key, [identifier], *row[6:]])
            return
        operation, unchanged = _OPERATIONS[removes], row[7]
        identifiers, columns, others = without_rows(row[5], row[6])
        tally = strategy.lane.tally
        if method == Replay.OBJECT:  # A ledger keeps the objection to what can't be sent now.
            strategy.object_to(row[5] if self.remembers else identifiers, key, unchanged)
            return
        keeps = [*unchanged, *(others if self._safeguards.is_for_exclusion else ())]
        if not identifiers and not (keeps and key is not None and operation is Operation.ADD):
            tally.count_not_synced(RejectionReason.NEEDS_RECORDS_V2.value)
            if key is not None:
                strategy.vacate(key, Operation.ADD)
            return
        tally.identifiers_refused[RejectionReason.NEEDS_RECORDS_V2.value] += len(row[5]) - len(identifiers)
        if method == Replay.WITHDRAW:
            strategy.withdraw(identifiers)
        elif keeps and key is not None and operation is Operation.ADD:
            strategy.keep(key, identifiers, columns, keeps)
        else:
            strategy.take(operation, identifiers, key, columns)


def _slot(number: int, which: int) -> int:
    return number * _SLOTS + which


def _counted(rows: Iterator[list[Any]], strategy: SyncStrategy) -> Iterator[list[Any]]:
    """Yields rows, and counts each as one that came to an audience."""
    for row in rows:
        strategy.lane.tally.entered += row[2] not in _REFUSED
        yield row
