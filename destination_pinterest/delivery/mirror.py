"""Mirroring a table with a membership store: rows are compared with whom the store holds, and the difference is sent.

Nothing goes to Pinterest while rows come. When an epoch ends (at the end of the input; for streams that are not
replaced also every few minutes), the ledger says who joins and who leaves; that is written ahead, then sent, and only
then committed. States wait until that is done.

What a mirror is follows Census, Hightouch and drt (github.com/drt-hub/drt/issues/686, read 2026-11-22): by their
absence, only people leave whom this connector brought in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.delivery.strategy import IsComplete, MemberCounts, SyncStrategy
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InternalError, StoreBusyError, StoreMismatchError
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.routing.replacement import continues_in_job
from destination_pinterest.vocabulary import Operation

if TYPE_CHECKING:  # It brings DuckDB and NumPy, which syncs without a store do without.
    from destination_pinterest.membership import Delta, MembershipLedger


@dataclass(frozen=True, slots=True)
class MirroredStreams:
    """The streams that lead to a mirrored audience, and those of them whose absent rows leave."""

    all: tuple[ConfiguredStream, ...]
    replaced: tuple[ConfiguredStream, ...]


class MirrorStrategy(SyncStrategy):
    """The audience becomes what the rows are, by sending the difference from what the store remembers.

    Args:
        lane: the audience's.
        streams: those that lead to it.
        creator: creates the audience.
        safeguards: what keeps members from leaving by mistake.
        max_identifiers: how many a delivery may have at the moment.
        epoch_s: after how long rows are settled, unless they have to be compared with a whole table.
    """

    reads_keys = True

    def __init__(
        self,
        lane: AudienceLane,
        streams: MirroredStreams,
        creator: AudienceCreator,
        safeguards: Safeguards,
        *,
        max_identifiers: Callable[[], int],
        epoch_s: float,
    ) -> None:
        super().__init__(lane)
        self._streams = streams
        self._replaced = list(streams.replaced)
        self._creator = creator
        self._safeguards = safeguards
        self._max_identifiers = max_identifiers
        self._epoch_s = epoch_s
        self._opened: MembershipLedger | None = None
        self._stream = ""
        self._changes = 0
        self._rows = 0
        self._epoch_started_s: float | None = None
        self._members_before = 0
        self._members_after = 0
        self._left_by_absence = 0
        self._unresolved_deletions = 0

    def open(self, ledger: MembershipLedger) -> None:
        """Takes the audience's ledger, once the audience was looked up; `close` gives it back.

        A stream that an earlier attempt of the same job has replaced is not replaced again where attempts go on from
        each other: that attempt gave states back, so this one brings only what came after them.

        Raises:
            StoreMismatchError: it is about another customer list.
        """
        self._opened = ledger
        target = self.lane.target
        if ledger.customer_list_id is not None and ledger.customer_list_id != target.list_id:
            raise StoreMismatchError(
                Code.STORE_OUT_OF_STEP,
                f'The membership store knows the audience "{target.name}" as made of the customer list '
                f"{ledger.customer_list_id}, but it is made of {target.list_id or 'none'} now. Take the audience's "
                "folder out of the store to start anew; members who were added so far then leave only by rows that "
                "say so.",
            )
        self._members_before = self._members_after = ledger.members
        self._replaced = [
            stream
            for stream in self._replaced
            if not continues_in_job(stream) or ledger.generation_of(str(stream.key)) != _generation(stream)
        ]
        if target.list_id is not None and ledger.customer_list_id is None and not ledger.is_in_doubt:
            self.lane.notes.append(
                "This is the first sync that the membership store remembers. Whoever was in the audience before it and "
                "is not in the table remains, until a row explicitly removes them."
            )

    @property
    def absent_streams(self) -> list[str]:
        """Streams of which the ledger has had people and that are not in this sync."""
        present = {str(stream.key) for stream in self._streams.all}
        return [stream for stream in self._ledger.streams if stream not in present]

    @property
    def replaces(self) -> bool:
        """Whether a stream is to be all that the audience holds of it."""
        return bool(self._replaced)

    def close(self) -> None:
        """Gives the ledger back."""
        if self._opened is not None:
            self._opened.close()

    def prepare(self) -> None:
        """See `SyncStrategy.prepare`."""
        self.create_early(self._creator)

    def begin_run(self, run: RowRun, now_s: float) -> None:
        """See `SyncStrategy.begin_run`."""
        self._stream = str(run.stream)
        self.lane.pin_watermark(run.position)
        if self._epoch_started_s is None:
            self._epoch_started_s = now_s

    def take(self, operation: Operation, identifiers: Sequence[str], key: Sequence[object] | None) -> None:
        """See `SyncStrategy.take`."""
        self._ledger.record(self._stream, key, operation, identifiers)
        self._changes += 1
        self._rows += 1

    def vacate(self, key: Sequence[object], operation: Operation) -> None:
        """See `SyncStrategy.vacate`. Whoever the row held leaves. A row that was emptied is counted as rejected."""
        self._ledger.record(self._stream, key, operation, ())
        self._changes += 1
        self._rows += operation is Operation.REMOVE

    def withdraw(self, identifiers: Sequence[str]) -> None:
        """See `SyncStrategy.withdraw`."""
        self._ledger.remove_everywhere(identifiers)
        self._changes += 1
        self._rows += 1

    @property
    def due_s(self) -> float | None:
        """When the epoch should end; None where it lasts until the end of the input."""
        return None if self._epoch_started_s is None or self._replaced else self._epoch_started_s + self._epoch_s

    def flush(self, now_s: float) -> None:
        """Nothing: rows are compared when the epoch ends."""

    def drain(self) -> None:
        """Nothing: `settle` compares what is left."""

    def settle(self, is_complete: IsComplete, *, is_end: bool) -> Iterator[Iterator[Delivery]]:
        """See `SyncStrategy.settle`.

        Raises:
            IncompleteStreamError: a stream that is replaced is not proven to be whole.
            RemovalGuardError: too many people would leave by absence.
            StoreBusyError: another sync took the ledger over.
        """
        replaced = self._replaced if is_end else []
        if not all(is_complete(stream.key) for stream in replaced):
            if self._changes:
                self._safeguards.require_complete(self.lane.target.name, is_complete=False)
            self._end_epoch()
            return
        # Hosts that send COMPLETE send it for every stream; from others only the end of input is available.
        is_whole = is_end and all(is_complete(stream.key) for stream in self._streams.all if stream.has_generation)
        if self._changes or replaced or (is_whole and self._ledger.is_in_doubt):
            delta, finished = self._compare(replaced, is_whole=is_whole)
            self._ledger.write_ahead(delta)
            yield self._deliveries(delta)
            self._commit(delta, finished)
        self._end_epoch()

    def check_may_send(self) -> None:
        """See `SyncStrategy.check_may_send`; from any thread.

        Raises:
            StoreBusyError: another sync may have taken the ledger over.
        """
        if not self._ledger.holds_lease:
            raise StoreBusyError(
                Code.STORE_TAKEN_OVER,
                "Another sync took the membership store over, since this one had stood still for too long. It is "
                "tried again by itself.",
            )

    def finish(self, is_complete: IsComplete) -> None:  # noqa: ARG002 - `settle` has seen to it
        """Creates the audience, if there is none yet."""
        self.lane.update(self._creator.ensure_audience(self.lane.target))

    @property
    def members(self) -> MemberCounts | None:
        """See `SyncStrategy.members`; None until the ledger is open."""
        if self._opened is None:
            return None
        return MemberCounts(
            self._members_before, self._members_after, self._left_by_absence, self._unresolved_deletions
        )

    def _compare(self, replaced: Sequence[ConfiguredStream], *, is_whole: bool) -> tuple[Delta, dict[str, str]]:
        """The difference that is to be sent, and the generations that are whole once it is."""
        delta = self._ledger.diff([str(stream.key) for stream in replaced], is_whole=is_whole)
        finished = {str(stream.key): _generation(stream) for stream in replaced if stream.has_generation}
        known = delta.members_before + delta.unconfirmed_before
        if replaced and not delta.members_after and delta.removals_by_absence:
            if self._safeguards.allow_empty:
                return delta, finished
            keeps = f"the audience keeps the {known:,} people whom the connector put into it"
            self.lane.notes.append(self._safeguards.empty_table_note(keeps))
            return self._ledger.diff([], is_whole=False), {}
        self._safeguards.check_removal(
            f'The audience "{self.lane.target.name}" stays as it is', leaving=delta.removals_by_absence, known=known
        )
        return delta, finished

    def _deliveries(self, delta: Delta) -> Iterator[Delivery]:
        """What is to be sent, removals first. The deliveries settle no rows by themselves: the commit does."""
        for operation, pieces in ((Operation.REMOVE, delta.iter_removals), (Operation.ADD, delta.iter_additions)):
            for piece in pieces(self._max_identifiers()):
                yield Delivery(operation, dict.fromkeys(piece), 0, self.lane.pinned)

    def _commit(self, delta: Delta, finished: dict[str, str]) -> None:
        self._ledger.commit(delta, self.lane.target.list_id, finished)
        self._members_after = delta.members_after
        self._left_by_absence += delta.removals_by_absence
        self._unresolved_deletions += delta.unresolved_deletions

    def _end_epoch(self) -> None:
        self.lane.tally.synced += self._rows
        self._rows = self._changes = 0
        self._epoch_started_s = None
        self.lane.unpin_watermark()

    @property
    def _ledger(self) -> MembershipLedger:
        if self._opened is None:
            raise InternalError(
                Code.STORE_MISUSED, "The membership store was used before it was opened. Please report this."
            )
        return self._opened


def _generation(stream: ConfiguredStream) -> str:
    """The same for all attempts that go on with the rows of one another; ids alone come again on a new platform."""
    return f"generation {stream.generation_id}, job {stream.sync_id}"
