"""What every way of keeping an audience does: take rows, say what is due, finish.

A way is a class: rows are added (append.py), a shadow list is filled and swapped in (swap.py), or rows are compared
with a membership store and the difference is sent (mirror.py). A new one is a new file here and a name in
routing/audience_plan.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.errors import ConfigurationError
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.vocabulary import Operation

# Whether all of a stream is proven to have come.
IsComplete = Callable[[StreamKey], bool]


@dataclass(frozen=True, slots=True)
class MemberCounts:
    """Identifiers that the connector has put into an audience, where they are known exactly.

    Args:
        before, after: how many, when the sync began and as of now.
        left_by_absence: those taken out since no row holds them any more.
        unresolved_deletions: deletions that name nobody and whose key is not known.
    """

    before: int
    after: int
    left_by_absence: int
    unresolved_deletions: int


class SyncStrategy(ABC):
    """One way of keeping one audience. For the one thread that decides, but for `check_may_send`.

    Args:
        lane: the audience's deliveries.
    """

    reads_keys: ClassVar[bool] = False
    """Whether it remembers which row brought whom, and so wants primary keys."""

    def __init__(self, lane: AudienceLane) -> None:
        self.lane = lane

    def prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """Does what is to be done before the first row, once the audience has been looked up."""

    @abstractmethod
    def begin_run(self, run: RowRun, now_s: float) -> None:
        """A run of rows begins, which the following calls are about."""

    def add_all(self, identifiers: Sequence[str]) -> None:
        """Takes rows that add one identifier each."""
        for identifier in identifiers:
            self.take(Operation.ADD, (identifier,), None)

    @abstractmethod
    def take(self, operation: Operation, identifiers: Sequence[str], key: Sequence[object] | None) -> None:
        """Takes a row's identifiers (at least one) and what it does to them; `key` tells rows apart, where it does."""

    def vacate(self, key: Sequence[object], operation: Operation) -> None:  # noqa: B027 - only for who reads keys
        """Takes a row that holds no identifier any more: deleted by its key alone (REMOVE), or emptied (ADD)."""

    def withdraw(self, identifiers: Sequence[str]) -> None:
        """Takes a row of people who are to leave, whatever other rows hold them."""
        self.take(Operation.REMOVE, identifiers, None)

    @property
    @abstractmethod
    def due_s(self) -> float | None:
        """When `flush` or `settle` has something to do, on the clock of `begin_run`; None where only rows do."""

    @abstractmethod
    def flush(self, now_s: float) -> None:
        """Makes deliveries of what has waited long enough."""

    def settle(self, is_complete: IsComplete, *, is_end: bool) -> Iterator[Iterator[Delivery]]:  # noqa: ARG002
        """Yields what rows come to by comparison, in slices of deliveries.

        The next slice is asked for once Pinterest has accepted all of the last one; only then does that count.

        Args:
            is_complete: which streams have come whole.
            is_end: whether the input has ended; before, only what is due is settled.
        """
        return iter(())

    @abstractmethod
    def check_may_send(self) -> None:
        """Called just before anything is sent, from the thread that sends.

        Raises:
            ConnectorError: nothing may be sent any more.
        """

    @abstractmethod
    def drain(self) -> None:
        """Makes deliveries of all that waits: the input has ended."""

    @abstractmethod
    def finish(self, is_complete: IsComplete) -> None:
        """Makes the audience what it is to be, once everything was accepted.

        Raises:
            ConnectorError: it stays as it is, and why.
        """

    def close(self) -> None:  # noqa: B027 - most open nothing
        """Gives back what was opened; also after a failure."""

    @property
    def watermark(self) -> int | None:
        """The position of the oldest row that is not safe; None where all are."""
        return self.lane.watermark

    @property
    def members(self) -> MemberCounts | None:
        """How many identifiers the audience holds through the connector; None where nobody counts them."""
        return None

    def create_early(self, creator: AudienceCreator) -> None:
        """Creates the audience of a list that an earlier sync left without one, before quota goes into people.

        On Trial access a large table uses up the day's quota every day, and nothing would be left at the end. Where it
        can't be created yet, that is said at the end, when it is tried again.
        """
        with suppress(ConfigurationError):
            self.lane.target = creator.ensure_audience(self.lane.target).target
