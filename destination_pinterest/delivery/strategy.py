"""The interface of sync strategies: take rows, say what is due, finish.

Each strategy is a class: it adds rows (append.py), fills a shadow list and swaps it in (swap.py), or compares rows with
    a membership ledger and sends the delta (mirror.py). A new one is a new file here and a name in
    routing/audience_plan.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import ClassVar

import msgspec

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.audiences.remembered import NOTHING, Remembered
from destination_pinterest.audiences.target import TargetUpdate
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.delivery.precedence import Precedence
from destination_pinterest.errors import ConfigurationError
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.routing.decision import STILL_EXCLUDED
from destination_pinterest.vocabulary import Operation

# Whether a stream is proven to be complete.
IsComplete = Callable[[StreamKey], bool]


class MemberCounts(msgspec.Struct, frozen=True):
    """How many identifiers the connector has put into an audience, where that is known exactly.

    Args:
        before, after: when the sync began, and now.
        left_by_absence: those removed because no row has them any more.
        unresolved_deletions: deletions without an identifier whose key is not known.
        expired: those removed because their rows have not come for too long.
    """

    before: int
    after: int
    left_by_absence: int
    unresolved_deletions: int
    expired: int = 0


class SyncStrategy(ABC):
    """Keeps one audience up to date. Used by the deciding thread only, except `check_may_send`.

    Args:
        lane: the audience's deliveries.
    """

    reads_keys: ClassVar[bool] = False
    """Whether it remembers which row has which identifiers, and so needs primary keys."""
    has_audience: ClassVar[bool] = True
    """Whether its lane is that of an audience, and not of rows that are in none."""

    def __init__(self, lane: AudienceLane) -> None:
        self.lane = lane
        self.remembered = NOTHING

    def recall(self) -> None:
        """Recalls what the last sync left, once the audience has been looked up."""
        self.remembered = read_mark(self.lane.target.description)

    creates_while_filling: ClassVar[bool] = True
    """Whether the audience may be made of the list that is written to while rows still come."""

    def prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """Prepares the audience before the first row, once it has been looked up."""

    @abstractmethod
    def begin_run(self, run: RowRun, now_s: float) -> None:
        """Begins a run of rows, to which the following calls belong."""

    def add_all(self, identifiers: Sequence[str]) -> None:
        """Takes rows that add one identifier each."""
        for identifier in identifiers:
            self.take(Operation.ADD, (identifier,), None)

    def take_all(self, operation: Operation, rows: Sequence[Sequence[str]]) -> None:
        """Takes the identifiers of rows without a key that all do the same, in order. A row may have one twice."""
        for identifiers in rows:
            self.take(operation, tuple(dict.fromkeys(identifiers)), None)

    def take_keyed(
        self, operation: Operation, keys: Sequence[Sequence[object]], identifiers: Sequence[str], column: str
    ) -> None:
        """Takes rows that all do the same, in order, each with a key and one identifier of the same column."""
        for key, identifier in zip(keys, identifiers, strict=True):
            self.take(operation, (identifier,), key, (column,))

    @abstractmethod
    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        """Takes a row's identifiers and what it does to them.

        Args:
            operation: whether they are added or removed.
            identifiers: these, at least one.
            key: its primary key, if any.
            columns: the column of each identifier, if that is to be remembered; "" for several.
        """

    def keep(  # noqa: B027 - only where keys are read
        self,
        key: Sequence[object],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        """Takes a row that adds its identifiers, if any, and keeps those that it has in its unchanged columns."""

    def vacate(self, key: Sequence[object], operation: Operation) -> None:  # noqa: B027 - only where keys are read
        """Takes a row that has no identifier any more: deleted by its key alone (REMOVE), or emptied (ADD)."""

    def stay(self, key: Sequence[object], unchanged: Sequence[str]) -> None:  # noqa: B027 - only where keys are read
        """Takes a row that can't be used and keeps what it has in these columns. It is counted elsewhere."""

    @abstractmethod
    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        """Takes a row without consent: its identifiers leave, whatever other rows say. It is counted elsewhere.

        Args:
            identifiers: these; there may be none.
            key: its primary key, if any.
            unchanged: the columns that have no identifier now; those that the row had in them leave too.
        """

    def withdraw(self, identifiers: Sequence[str]) -> None:
        """Takes identifiers to remove even if other rows have them."""
        self.take(Operation.REMOVE, identifiers, None)

    @property
    @abstractmethod
    def settle_due_s(self) -> float | None:
        """When `settle` is to be called before the end of the input, on the clock of `begin_run`; None if never."""

    @property
    @abstractmethod
    def due_s(self) -> float | None:
        """When `flush` next has something to do, on the clock of `begin_run`; None if only rows do."""

    @abstractmethod
    def flush(self, now_s: float) -> None:
        """Queues deliveries of what has waited long enough."""

    def settle(self, is_complete: IsComplete, *, is_end: bool) -> Iterator[Iterator[Delivery]]:  # noqa: ARG002
        """Yields the deliveries that result from comparing rows, in slices.

        A slice counts only once Pinterest has accepted all of it; the caller asks for the next one then.

        Args:
            is_complete: whether a stream is proven to be complete.
            is_end: whether the input has ended; before that, only what is due is settled.
        """
        return iter(())

    def count_accepted(self) -> None:  # noqa: B027 - only where a slice is sent
        """Counts what was accepted of a slice that is not sent to its end; failing that, it is sent again."""

    @abstractmethod
    def check_may_send(self) -> None:
        """Checks that sending is still allowed; called from the sending thread just before each delivery.

        Raises:
            ConnectorError: nothing may be sent any more.
        """

    @abstractmethod
    def drain(self) -> None:
        """Queues everything that is waiting: the input has ended."""

    @abstractmethod
    def finish(self, is_complete: IsComplete) -> None:
        """Finishes the audience, once everything has been accepted.

        Raises:
            ConnectorError: why the audience stays as it is.
        """

    def conclude(self) -> None:  # noqa: B027 - most have nothing to do
        """Leaves the next sync what it compares itself with, once everything has succeeded, before `close`."""

    def close(self) -> None:  # noqa: B027 - most open nothing
        """Releases what was opened; also after a failure."""

    @property
    def branches(self) -> Sequence[SyncStrategy]:
        """The strategies of the audiences that it stands for, if rows name theirs; see by_column.py."""
        return ()

    @property
    def replaced_streams(self) -> Sequence[ConfiguredStream]:
        """The streams whose absent rows are removed when it settles at the end."""
        return ()

    @property
    def watermark(self) -> int | None:
        """The position of the oldest row that is not safe; None if all are."""
        return self.lane.watermark

    @property
    def mark(self) -> Remembered | None:
        """What the next sync is to read in the audience's description, after success; None if it is kept elsewhere."""
        return None

    @property
    def people(self) -> int | None:
        """How many people the audience's customer list has now; None if that is not known."""
        return None

    @property
    def members(self) -> MemberCounts | None:
        """How many of the audience's members came from the connector; None if that is not known."""
        return None

    def left_to_row(
        self, precedence: Precedence, operation: Operation, identifiers: Sequence[str], row: int
    ) -> Sequence[str]:
        """Returns those of a row's identifiers on which its word counts; the others are counted, or the row if all are.

        Args:
            precedence: what other rows have claimed.
            operation: what the row does. On an exclusion audience, an addition is a claim of its own; on others, a
                row that is deleted has none any more.
            identifiers: the row's.
            row: see `row_hash`.
        """
        if operation is not precedence.over:
            settle = precedence.claim if precedence.over is Operation.REMOVE else precedence.take_back
            settle(identifiers, row)
            return identifiers
        left = precedence.left_to(identifiers, row)
        if len(left) < len(identifiers):
            tally = self.lane.tally
            reason = RejectionReason.NO_CONSENT.value if operation is Operation.ADD else STILL_EXCLUDED
            if left:
                tally.identifiers_refused[reason] += len(identifiers) - len(left)
            else:
                tally.count_not_synced(reason)
        return left

    def create_early(self, creator: AudienceCreator) -> None:
        """Creates the audience of a list that an earlier sync left without one, before rows use up the quota.

        On Trial access, a large table uses up the day's quota every day, so nothing would be left at the end. If the
        audience can't be created yet, `finish` tries again and adds the note.
        """
        if self.lane.target.is_begun_early:
            self._take_begun(creator.begin(self.lane.target))
            return
        with suppress(ConfigurationError):
            update = creator.ensure_audience(self.lane.target)
            if update.target.audience_id is not None:
                self.lane.update(update)

    def _take_begun(self, begun: TargetUpdate) -> None:
        """Takes what was created because the settings want it before the first row; a refusal is noted by `finish`."""
        self.lane.update(begun if begun.target.audience_id is not None else TargetUpdate(begun.target))
