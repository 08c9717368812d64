"""Mirrors a table with a membership store: compares its rows with the ledger and sends the delta.

Nothing is sent while rows arrive. When an epoch ends (at the end of the input; for streams that are not replaced, also
every few minutes), the ledger computes the delta, which is judged as a whole, written ahead, and sent in slices. Each
slice counts once Pinterest has accepted it, so a sync that ends in between is gone on with where it ended. States wait
for the slice that has the last of the rows before them; if a stream is replaced, for the last slice.

As with Census, Hightouch and drt (github.com/drt-hub/drt/issues/686, read 2026-11-22), absence removes only members
that this connector added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.description_mark import decode, encode, read_mark
from destination_pinterest.audiences.remembered import (
    NOTHING,
    Intake,
    Remembered,
    holds_nobody,
    with_fill,
    with_first_fill,
)
from destination_pinterest.audiences.safeguards import Safeguards, check_rows
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.delivery.people import Place
from destination_pinterest.delivery.precedence import Precedence, columns_left, row_hash
from destination_pinterest.delivery.row_positions import RowPositions
from destination_pinterest.delivery.row_support import RowSupport
from destination_pinterest.delivery.slices import Slice, joined, requests_of_slice
from destination_pinterest.delivery.store_witness import StoreWitness
from destination_pinterest.delivery.strategy import IsComplete, MemberCounts, SyncStrategy
from destination_pinterest.delivery.suppressor import Suppressor
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    ConnectorError,
    IdentityDriftError,
    IncompleteStreamError,
    InternalError,
    RemovalGuardError,
    StoreBusyError,
    StoreMismatchError,
)
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.routing.decision import NOBODY_TO_REMOVE, UNKNOWN_KEY
from destination_pinterest.routing.replacement import continues_in_job, is_whole_pass
from destination_pinterest.vocabulary import ROWS_ONLY, Identifier, Operation

if TYPE_CHECKING:  # It imports DuckDB and NumPy, which syncs without a store don't need.
    from destination_pinterest.membership import Delta, MembershipLedger

# Beside the marks of streams, whose names hold no such brackets as a rule; see `shed`.
SUPPRESSION_MARK: Final = "[suppression store]"
_SHED_AT_ONCE: Final = 10_000


# In a ledger's note on a refresh, it stands before each further ad account.
_ALSO_IN: Final = ", also in "


_DAY_S: Final = 86_400


class MirroredStreams(msgspec.Struct, frozen=True):
    """The streams of a mirrored audience, and those among them whose absent rows are removed.

    `also_in` are the other ad accounts that the streams' rows go to; `kinds` the kinds of identifiers by column.
    `are_parted` says whether their rows have other audiences too: that there are rows then says nothing about this one,
    so an audience that lost its last row is emptied if the limit for removals permits that.
    """

    all: tuple[ConfiguredStream, ...]
    replaced: tuple[ConfiguredStream, ...]
    also_in: tuple[str, ...] = ()
    kinds: Mapping[str, Identifier] = msgspec.field(default_factory=dict)
    are_parted: bool = False


class Expiry(msgspec.Struct, frozen=True):
    """After how many days a member leaves whose row does not come any more.

    Args:
        after_days: these.
        now: seconds since 1970.
    """

    after_days: int
    now: Callable[[], float]


class Rhythm(msgspec.Struct, frozen=True):
    """What goes by time.

    Args:
        epoch_s: how long an epoch lasts, unless the whole table is needed for the comparison.
        expiry: when members leave whose rows don't come; None: never.
    """

    epoch_s: float
    expiry: Expiry | None = None


class MirrorStrategy(SyncStrategy):
    """Makes the audience equal to the rows by sending the delta from the ledger.

    Args:
        lane: the audience's lane.
        streams: the streams of the audience.
        creator: creates the audience.
        safeguards: keep members from being removed by mistake.
        rows: whether Pinterest accepts rows of `records_v2`.
        max_identifiers: how many identifiers a delivery may hold at the moment.
        rhythm: what goes by time.
    """

    reads_keys = True

    def __init__(
        self,
        lane: AudienceLane,
        streams: MirroredStreams,
        creator: AudienceCreator,
        safeguards: Safeguards,
        *,
        rows: RowSupport,
        max_identifiers: Callable[[], int],
        rhythm: Rhythm,
    ) -> None:
        super().__init__(lane)
        self._streams = streams
        self._replaced = list(streams.replaced)
        self._replaced_before: list[ConfiguredStream] = []
        self._creator = creator
        self._safeguards = safeguards
        self._form = rows
        self._max_identifiers = max_identifiers
        self._epoch_s = rhythm.epoch_s
        self._expiry = rhythm.expiry
        self._opened: MembershipLedger | None = None
        self._witness: StoreWitness | None = None
        self._stream = ""
        self._whole_passes = frozenset(str(stream.key) for stream in streams.all if is_whole_pass(stream))
        over = Operation.REMOVE if safeguards.is_for_exclusion else Operation.ADD
        self._precedence: dict[str, Precedence] = defaultdict(lambda: Precedence(over))
        self._changes = 0
        self._sheds: str | None = None
        self._rows = 0
        self._epoch_started_s: float | None = None
        self._positions = RowPositions()
        self._slice: Slice | None = None
        self._members_before = 0
        self._members_after = 0
        self._left_by_absence = 0
        self._unresolved_deletions = 0
        self._expired = 0
        self._counted_whole = False
        self._stuck = 0

    def open(self, ledger: MembershipLedger) -> None:
        """Takes the audience's ledger, once the audience has been looked up; `close` releases it.

        Where attempts of a job continue from each other, a stream that an earlier attempt has replaced is not replaced
            again: that attempt returned its states, so this one reads only what follows them.

        Raises:
            StoreMismatchError: the ledger is of another customer list, or an older copy.
        """
        self._opened = ledger
        if self._expiry is not None:
            now = self._expiry.now
            ledger.keep_sightings(lambda: int(now()))
        for stream in self._streams.all:
            if stream.key_types:
                ledger.describe_key(str(stream.key), stream.key_types)
        target = self.lane.target
        if ledger.customer_list_id is not None and ledger.customer_list_id != target.list_id:
            raise StoreMismatchError(
                Code.STORE_OUT_OF_STEP,
                f'The membership store knows the audience "{target.name}" as made of the customer list '
                f"{ledger.customer_list_id}, but it is made of {target.list_id or 'none'} now. Take the audience's "
                "folder out of the store to start anew; members who were added so far then leave only by rows that "
                "say so.",
            )
        self._witness = StoreWitness(ledger, target)
        self.lane.notes.extend(self._witness.warnings)
        self._members_before = self._members_after = ledger.members
        self._replaced_before = [
            stream
            for stream in self._replaced
            if continues_in_job(stream) and _is_of(stream, ledger.generation_of(str(stream.key)))
        ]
        self._replaced = [stream for stream in self._replaced if stream not in self._replaced_before]
        is_empty = target.live is not None and holds_nobody(read_mark(target.description), target.live)
        if target.list_id is not None and not is_empty and ledger.customer_list_id is None and not ledger.is_in_doubt:
            self.lane.notes.append(
                "This is the first sync with this membership store. Members that were in the audience before it and "
                "are not in the table remain, until a row explicitly removes them."
            )

    def shed(self, suppressor: Suppressor) -> None:
        """Removes members who were forgotten since the ledger last looked, whoever's rows hold them.

        The command `forget` takes people out of the stores that it knows; other connections may have their own.
        """
        version = suppressor.people.version
        if self._ledger.marks.get(SUPPRESSION_MARK, "") == version:
            return
        for identifiers in self._ledger.identifiers(_SHED_AT_ONCE):
            if forgotten := [identifier for identifier in identifiers if suppressor.holds(identifier)]:
                self._ledger.remove_everywhere(forgotten)
                self._sheds = version
        if self._sheds is None:
            self._ledger.keep_mark(SUPPRESSION_MARK, version)

    @property
    def absent_streams(self) -> list[str]:
        """Streams that the ledger has recorded and that are not in this sync."""
        present = {str(stream.key) for stream in self._streams.all}
        return [stream for stream in self._ledger.streams if stream not in present]

    @property
    def replaced_streams(self) -> Sequence[ConfiguredStream]:
        """See `SyncStrategy.replaced_streams`."""
        return self._replaced

    @property
    def replaces(self) -> bool:
        """Whether any stream replaces its rows."""
        return bool(self._replaced)

    @property
    def replaced(self) -> frozenset[StreamKey]:
        """The streams that replace their rows."""
        return frozenset(stream.key for stream in self._replaced)

    def replace_only(self, streams: Collection[StreamKey]) -> None:
        """Replaces these streams, whatever the ledger says of an earlier attempt: who keeps many ledgers knows."""
        self._replaced = [stream for stream in self._streams.replaced if stream.key in streams]
        self._replaced_before = [stream for stream in self._streams.replaced if stream.key not in streams]

    def replace_again(self, is_replaced_in: Callable[[str, StreamKey], bool]) -> None:
        """Replaces streams once more whose states the earlier attempt did not return, since another account failed.

        This attempt then reads them from where the earlier one began.

        Args:
            is_replaced_in: whether an ad account is still to have a stream replaced.
        """
        for stream in list(self._replaced_before):
            kept = _accounts_in(self._ledger.generation_of(str(stream.key)))
            if any(is_replaced_in(account, stream.key) for account in kept):
                self._replaced_before.remove(stream)
                self._replaced.append(stream)

    def close(self) -> None:
        """Releases the ledger."""
        if self._opened is not None:
            self.count_accepted()
            self._opened.close()

    def prepare(self) -> None:
        """See `SyncStrategy.prepare`."""
        self.create_early(self._creator)

    def begin_run(self, run: RowRun, now_s: float) -> None:
        """See `SyncStrategy.begin_run`."""
        self._stream = str(run.stream)
        self.lane.pin_watermark(run.position)
        self._positions.begin(self._changes + 1, run.position)
        if self._epoch_started_s is None:
            self._epoch_started_s = now_s

    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        """See `SyncStrategy.take`. Rows with a key are told apart by the ledger; of others, some have precedence."""
        if key is None and (self._precedence or self._safeguards.is_for_exclusion):
            precedence = self._precedence[self._stream]
            left = self.left_to_row(precedence, operation, identifiers, row_hash(self._stream, None))
            if not left:
                return
            identifiers, columns = left, columns_left(identifiers, columns, left)
        self._ledger.record(self._stream, key, operation, identifiers, columns)
        self._count_people(operation, identifiers)
        self._changes += 1
        self._rows += 1

    def take_keyed(
        self, operation: Operation, keys: Sequence[Sequence[object]], identifiers: Sequence[str], column: str
    ) -> None:
        """See `SyncStrategy.take_keyed`."""
        self._ledger.record_all(self._stream, keys, operation, identifiers, column)
        if self.lane.count.has_rows_of_several and operation is Operation.ADD:
            self.lane.count.headcount.add_rows_of_several([(identifier,) for identifier in identifiers])
        self._changes += len(keys)
        self._rows += len(keys)

    def keep(
        self,
        key: Sequence[object],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        """See `SyncStrategy.keep`. A row of which nothing is known is counted as not synced once it is compared."""
        self._ledger.record_partly(self._stream, key, identifiers, columns, unchanged)
        self._count_people(Operation.ADD, identifiers)
        self._changes += 1
        self._rows += 1

    def vacate(self, key: Sequence[object], operation: Operation) -> None:
        """See `SyncStrategy.vacate`. The row's earlier identifiers are removed. An emptied row counts as rejected."""
        self._ledger.record(self._stream, key, operation, ())
        self._changes += 1
        self._rows += operation is Operation.REMOVE

    def stay(self, key: Sequence[object], unchanged: Sequence[str]) -> None:
        """See `SyncStrategy.stay`."""
        self._ledger.record_kept(self._stream, key, unchanged)
        self._changes += 1

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        """See `SyncStrategy.object_to`. A row without a key objects for good, unless each sync reads the whole table.

        Then the next table's word counts, and within this one nobody overrules it.
        """
        is_whole = self._stream in self._whole_passes
        self._ledger.object_to(self._stream, key, identifiers, unchanged, lasts=not is_whole)
        if key is None and is_whole:
            self._precedence[self._stream].claim(identifiers, row_hash(self._stream, None))
        self._changes += 1

    def withdraw(self, identifiers: Sequence[str]) -> None:
        """See `SyncStrategy.withdraw`."""
        self._ledger.remove_everywhere(identifiers)
        self._changes += 1
        self._rows += 1

    def _count_people(self, operation: Operation, identifiers: Sequence[str]) -> None:
        if self.lane.count.has_rows_of_several and operation is Operation.ADD and identifiers:
            self.lane.count.headcount.add_row(identifiers)

    @property
    def due_s(self) -> float | None:
        """Never: rows are compared when the epoch ends."""
        return None

    @property
    def settle_due_s(self) -> float | None:
        """When the epoch should end; None if it lasts until the end of the input."""
        return None if self._epoch_started_s is None or self._replaced else self._epoch_started_s + self._epoch_s

    def flush(self, now_s: float) -> None:
        """Does nothing: rows are compared when the epoch ends."""

    def drain(self) -> None:
        """Does nothing: `settle` compares what is left."""

    def settle(self, is_complete: IsComplete, *, is_end: bool) -> Iterator[Iterator[Delivery]]:
        """See `SyncStrategy.settle`.

        Raises:
            IdentityDriftError: the rows lack identifiers that the last sync had.
            IncompleteStreamError: a stream that is replaced is not proven to be complete.
            RemovalGuardError: too many members would be removed for being absent.
            StoreBusyError: another sync took the ledger over.
            UnusableRowsError: too few of the rows could be used.
        """
        replaced = self._replaced if is_end else []
        if not all(is_complete(stream.key) for stream in replaced):
            if self._changes:
                self._safeguards.require_complete(self.lane.target.name, is_complete=False)
            self._end_epoch()
            return
        if is_end:
            check_rows(self.lane.target.name, self.lane.qualities)
        is_whole = is_end and self._is_whole(is_complete)
        expires = is_whole and self._expire(replaced)
        may_decide = is_whole or (is_end and self._ledger.sends_people)
        if self._changes or self._sheds or replaced or expires or (may_decide and self._ledger.is_in_doubt):
            intake = self.lane.count.intake
            self._check_drift(intake)
            self._find_out_form(replaced, is_whole=is_whole)
            delta, finished = self._compare(replaced, is_whole=is_whole)
            yield from self._slices(delta)
            marks = {self._mark_name: self._next_mark(intake)} if is_end else {}
            if self._sheds is not None:
                marks[SUPPRESSION_MARK], self._sheds = self._sheds, None
            self._commit(delta, finished, marks=marks)
            self._counted_whole = bool(replaced) and len(replaced) == len(self._streams.all)
        self._end_epoch()

    def _is_whole(self, is_complete: IsComplete) -> bool:
        """Whether everything has come, so that whoever is in doubt and has no row may be taken out.

        Hosts that send COMPLETE send it for every stream; from others only the end of input is available, which is not
        enough where to be taken out is the greater harm.
        """
        needs_proof = self._safeguards.is_for_exclusion
        return all(is_complete(stream.key) for stream in self._streams.all if stream.has_generation or needs_proof)

    def foresee(self, is_complete: IsComplete) -> tuple[Delta, ConnectorError | None]:
        """Returns what would be sent for the rows so far, and why it would not be; writes nothing."""
        is_whole = self._is_whole(is_complete)
        if is_whole:
            self._expire(self._replaced)
        delta = self._diff(self._replaced, is_whole=is_whole)
        try:
            if not all(is_complete(stream.key) for stream in self._replaced):
                self._safeguards.require_complete(self.lane.target.name, is_complete=False)
            self._check_drift(self.lane.count.intake)
            delta, _ = self._compare(self._replaced, is_whole=is_whole)
        except (IdentityDriftError, IncompleteStreamError, RemovalGuardError) as refusal:
            return delta, refusal
        return delta, None

    def check_may_send(self) -> None:
        """See `SyncStrategy.check_may_send`; from any thread.

        Raises:
            StoreBusyError: another sync may have taken the ledger over.
        """
        if not self._ledger.holds_lease:
            raise StoreBusyError(
                Code.STORE_TAKEN_OVER,
                "Another sync took the membership store over, since this one had stood still for too long. Airbyte "
                "tries again by itself; elsewhere, run it again.",
            )

    def finish(self, is_complete: IsComplete) -> None:  # noqa: ARG002 - `settle` has checked it
        """Creates the audience unless it exists.

        Raises:
            InvalidRequestError: people were to leave, and could not be taken out.
            UnusableRowsError: too few of the rows could be used.
        """
        self.lane.update(self._creator.ensure_audience(self.lane.target, self.mark or NOTHING))
        check_rows(self.lane.target.name, self.lane.qualities)
        self.lane.settle_qualities()
        if self._stuck:
            self.lane.notes.append(
                f"{self._stuck:,} identifiers that no row has any more are still in the audience: only requests in the "
                "form records_v2 could take them out, and Pinterest does not accept these now, or record_format rules "
                "them out. They leave with the first sync that may send such requests."
            )
            if not self._form.is_ruled_out:
                raise self._form.refusal()
        if self._ledger.is_in_doubt:
            self.lane.notes.append(
                "An earlier sync was ended while it was sending, so it is not known whether some people are in the "
                "audience whom no row may hold by now. They stay until their rows come again, or until a sync ends of "
                "which the platform says that all rows have come, such as a refresh."
            )

    def recall(self) -> None:
        """See `SyncStrategy.recall`. A store of an earlier version remembers nothing; a mark from before it may.

        Other streams may lead to the audience in other syncs, whose rows these are not compared with.
        """
        super().recall()
        self.remembered = replace(self.remembered, store=None, text=None)
        if self._ledger.marks.keys() - {SUPPRESSION_MARK}:
            self.remembered = decode(self._ledger.marks.get(self._mark_name, ""))

    @property
    def mark(self) -> Remembered | None:
        """See `SyncStrategy.mark`. It says which state the store is in, which by now is safe there."""
        return None if self._witness is None else self._witness.mark(self.lane.target.description)

    def conclude(self) -> None:
        """See `SyncStrategy.conclude`."""
        if self._witness is not None:
            self._witness.keep_counters(
                self.lane.target.list_id,
                self.lane.tally,
                largest_request=self.lane.request_size or self._max_identifiers(),
                stand_ins=self.lane.target.stand_ins,
            )

    @property
    def people(self) -> int | None:
        """See `SyncStrategy.people`. The store counts identifiers; rows of several are counted only in whole passes."""
        if self._opened is None:
            return None
        if not self.lane.count.has_rows_of_several:
            return self._members_after
        return self.lane.count.headcount.people if self._counted_whole else None

    @property
    def members(self) -> MemberCounts | None:
        """See `SyncStrategy.members`; None until the ledger is open."""
        if self._opened is None:
            return None
        return MemberCounts(
            self._members_before, self._members_after, self._left_by_absence, self._unresolved_deletions, self._expired
        )

    def _expire(self, replaced: Sequence[ConfiguredStream]) -> bool:
        """Lets rows go that have not come for too long, once all have come that this sync brings."""
        if self._expiry is None:
            return False
        self._ledger.expire(self._expiry.after_days * _DAY_S, [str(stream.key) for stream in replaced])
        return True

    def _compare(self, replaced: Sequence[ConfiguredStream], *, is_whole: bool) -> tuple[Delta, dict[str, str]]:
        """Returns the delta, and the generations that are complete once it is sent."""
        delta = self._diff(replaced, is_whole=is_whole)
        finished = {
            str(stream.key): generation_name(stream, self._streams.also_in)
            for stream in replaced
            if stream.has_generation
        }
        known = delta.members_before + delta.unconfirmed_before
        for note in self._safeguards.addition_notes(joining=delta.members_after - known, known=known):
            self._note_once(note)
        is_emptied = bool(replaced) and not delta.members_after and bool(delta.removals_by_absence)
        if is_emptied and self._safeguards.allow_empty:
            return delta, finished
        if is_emptied and not self._streams.are_parted:
            keeps = f"the audience keeps the {known:,} members that the connector added"
            self._note_once(self._safeguards.empty_table_note(keeps))
            self.lane.empty_table = "kept"
            return self._diff([], is_whole=False), {}
        if replaced and not delta.members_after and not known and not self._safeguards.allow_empty:
            self._note_once(self._safeguards.nobody_yet_note("there is nobody to add"))
            self.lane.empty_table = "nobody_yet"
        self._safeguards.check_removal(
            f'The audience "{self.lane.target.name}" stays as it is',
            leaving=delta.removals_by_absence + delta.removals_by_expiry,
            known=known,
        )
        return delta, finished

    def _diff(self, replaced: Sequence[ConfiguredStream], *, is_whole: bool) -> Delta:
        return self._ledger.diff(
            [str(stream.key) for stream in replaced],
            is_whole=is_whole,
            sends_people=not ROWS_ONLY.isdisjoint(self.lane.target.identifiers) and not self._form.is_refused,
            keeps_rows=self._form.is_refused,
        )

    def _find_out_form(self, replaced: Sequence[ConfiguredStream], *, is_whole: bool) -> None:
        """Finds out whether rows can be sent where no column needs them any more, but some of those who leave do."""
        if not self._form.is_known and self._diff(replaced, is_whole=is_whole).needs_rows:
            self._form.find_out(self.lane, self._creator)

    def _slices(self, delta: Delta) -> Iterator[Iterator[Delivery]]:
        """Yields the deliveries of the delta, removals first. The last slice counts only with the commit."""
        self.lane.take_accepted()
        requests = requests_of_slice(self.lane.rate_per_s)
        first = 0
        while first < delta.total:
            size = self.lane.request_size or self._max_identifiers()
            last = min(first + size * requests, delta.total)
            if first:
                self._advance(delta, [(0, first)], last)
            else:
                self._ledger.write_ahead(delta, last)
            self._slice = Slice(delta, first, last)
            yield self._deliveries(self._slice, size)
            self.lane.take_accepted()
            self._slice = Slice(delta, last, last)
            first = last

    def _deliveries(self, part: Slice, size: int) -> Iterator[Delivery]:
        """Yields the deliveries of a slice. They cover no rows themselves: rows are safe once the slice counts."""
        number = part.first
        columns = self._ledger.column_numbers(self._streams.kinds)
        kinds = {column: self._streams.kinds[name] for column, name in columns.items()}
        for operation, piece, owners in self._ledger.pieces(part.delta, part.first, part.last, size):
            numbers = (number, number + len(piece))
            places = {
                one: None if person is None else Place(person, kinds.get(column))
                for one, (person, column) in zip(piece, owners, strict=True)
            }
            yield Delivery(operation, places, 0, self.lane.pinned, numbers)
            number += len(piece)

    def _advance(self, delta: Delta, accepted: Sequence[tuple[int, int]], begun: int) -> None:
        self._ledger.advance(delta, accepted, begun, self.lane.target.list_id)
        self._members_after = self._ledger.members
        if self.lane.failure is not None:
            return  # Its states are dropped; those of others must not wait for it.
        if row := self._ledger.first_row_after(accepted[0][1] if accepted and accepted[0][0] == 0 else 0):
            self.lane.unpin_watermark()
            self.lane.pin_watermark(self._positions.before(row))

    def count_accepted(self) -> None:
        """See `SyncStrategy.count_accepted`."""
        part, self._slice = self._slice, None
        if part is None:
            return
        before = [(0, part.first)] if part.first else []
        if accepted := joined([*before, *self.lane.take_accepted()]):
            with suppress(ConnectorError):
                self._advance(part.delta, accepted, part.last)

    @property
    def _mark_name(self) -> str:
        return ", ".join(sorted(str(stream.key) for stream in self._streams.all))

    def _next_mark(self, intake: Intake) -> str:
        target, before = self.lane.target, self.lane.target.written_before
        is_first = before is None or holds_nobody(read_mark(target.description), before)
        return encode((with_first_fill if is_first else with_fill)(self.remembered, intake))

    def _check_drift(self, intake: Intake) -> None:
        for note in self._safeguards.drift.check(
            self.lane.target.name, intake.compared_with(self.remembered), intake.fill
        ):
            self._note_once(note)

    def _note_once(self, note: str) -> None:
        if note not in self.lane.notes:
            self.lane.notes.append(note)

    def _commit(self, delta: Delta, finished: dict[str, str], *, marks: dict[str, str]) -> None:
        self._ledger.commit(delta, self.lane.target.list_id, finished, marks=marks)
        self._slice = None
        self._members_after = delta.members_after
        self._left_by_absence += delta.removals_by_absence
        self._expired += delta.removals_by_expiry
        self._unresolved_deletions += delta.unresolved_deletions
        if delta.objected:
            self.lane.tally.identifiers_refused[RejectionReason.NO_CONSENT.value] += delta.objected
        self._set_aside(UNKNOWN_KEY, delta.unresolved_deletions)
        self._set_aside(RejectionReason.VALUE_UNCHANGED.value, delta.unknown_unchanged)
        self._stuck = delta.stuck
        if self.lane.target.list_id is None:
            self._set_aside(NOBODY_TO_REMOVE, self._rows)

    def _set_aside(self, reason: str, rows: int) -> None:
        """Counts rows as not synced, of those that would count as synced when the epoch ends."""
        if rows := min(rows, self._rows):
            self._rows -= rows
            self.lane.tally.not_synced[reason] += rows

    def _end_epoch(self) -> None:
        self.lane.tally.synced += self._rows
        self._rows = self._changes = 0
        self._epoch_started_s = None
        self._positions = RowPositions()
        self.lane.unpin_watermark()

    @property
    def _ledger(self) -> MembershipLedger:
        if self._opened is None:
            raise InternalError(
                Code.STORE_MISUSED, "The membership store was used before it was opened. Please report this."
            )
        return self._opened


def generation_name(stream: ConfiguredStream, also_in: Iterable[str] = ()) -> str:
    """Names the rows of a refresh, and the other ad accounts that they went to.

    The first part is the same for all attempts that continue from each other. A reinstalled platform repeats ids, hence
    the job.
    """
    return "".join((f"generation {stream.generation_id}, job {stream.sync_id}", *map(_ALSO_IN.__add__, also_in)))


def _is_of(stream: ConfiguredStream, noted: str | None) -> bool:
    return noted is not None and noted.partition(_ALSO_IN)[0] == generation_name(stream)


def _accounts_in(noted: str | None) -> list[str]:
    return [] if noted is None else noted.split(_ALSO_IN)[1:]
