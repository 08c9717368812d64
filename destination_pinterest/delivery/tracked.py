"""An audience with a membership store: rows are noted, and from time to time the difference is sent.

Nothing goes to Pinterest while rows come. When an epoch ends (at the end of the input; for streams that are not
replaced also every few minutes), the book says who joins and who leaves; that is written down as about to be sent, then
sent, and only then made the book. States wait until that is done.

What a mirror is follows Census, Hightouch and drt (github.com/drt-hub/drt/issues/686, read 2026-11-22): by their
absence, only people leave whom this connector brought in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.batch import Delivery
from destination_pinterest.errors import (
    IncompleteStreamError,
    InternalError,
    RemovalGuardError,
    StoreBusyError,
    StoreMismatchError,
)
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing.audience_plan import EPOCH_S
from destination_pinterest.routing.replacement import obstacle, replaces
from destination_pinterest.vocabulary import Operation

if TYPE_CHECKING:  # It brings DuckDB and NumPy, which syncs without a store do without.
    from destination_pinterest.membership import Delta, MembershipLedger


class LaneMemory:
    """One audience's book, and what was noted in it since it was last settled.

    Args:
        plans: the streams that lead to the audience.
        max_removal_percent: how many of a hundred may leave by absence at once.
        allow_empty: whether a replaced table without people may empty the audience.
    """

    def __init__(self, plans: Sequence[ConfiguredStream], *, max_removal_percent: int, allow_empty: bool) -> None:
        self._plans = list(plans)
        self._replaced = [plan for plan in plans if replaces(plan) and obstacle([plan]) is None]
        self._max_removal_percent = max_removal_percent
        self._allow_empty = allow_empty
        self._book: MembershipLedger | None = None
        self._notes = 0
        self._rows = 0
        self._finished: dict[str, str] = {}
        self.opened_s: float | None = None
        self.members_before = 0
        self.members_after = 0
        self.left_by_absence = 0
        self.unresolved_deletions = 0

    def open(self, book: MembershipLedger, target: AudienceTarget) -> None:
        """Takes the audience's book, which is closed by `close`. Notes go to the target.

        A stream that an earlier attempt of the same job has replaced is not replaced again: that attempt gave states
        back, so this one brings only what came after them.

        Raises:
            StoreMismatchError: it is about another customer list.
        """
        self._book = book
        if book.customer_list_id is not None and book.customer_list_id != target.list_id:
            raise StoreMismatchError(
                f'The membership store knows the audience "{target.name}" as made of the customer list '
                f"{book.customer_list_id}, but it is made of {target.list_id or 'none'} now, so what it remembers is "
                "not what the audience holds. Take the audience's folder out of the store to start anew: people who "
                "were added so far are then taken out only by rows that say so."
            )
        self.members_before = self.members_after = book.members
        self._replaced = [
            plan
            for plan in self._replaced
            if not plan.has_generation or book.generation_of(str(plan.key)) != _generation(plan)
        ]
        if target.list_id is not None and book.customer_list_id is None and not book.is_in_doubt:
            target.notes.append(
                "This is the first sync that the membership store remembers. Whoever was in the audience before it and "
                "is not in the table stays, until a row takes that person out."
            )

    @property
    def other_streams(self) -> list[str]:
        """Streams of which the book has had people and that are not in this sync."""
        present = {str(plan.key) for plan in self._plans}
        return [] if self._book is None else [stream for stream in self._book.streams if stream not in present]

    def close(self) -> None:
        """Gives the book back."""
        if self._book is not None:
            self._book.close()

    @property
    def is_open(self) -> bool:
        """Whether the audience's book was found, so that its members are known."""
        return self._book is not None

    @property
    def is_replaced(self) -> bool:
        """Whether a stream is to be all that the audience holds of it."""
        return bool(self._replaced)

    @property
    def due_s(self) -> float | None:
        """When the epoch should end, on the clock of `opened`; None where it lasts until the end of the input."""
        return None if self.opened_s is None or self._replaced else self.opened_s + EPOCH_S

    def opened(self, now_s: float) -> None:
        """Rows come; only the first call of an epoch counts."""
        if self.opened_s is None:
            self.opened_s = now_s

    def note(
        self, stream: str, key: Sequence[Any] | None, operation: Operation, identifiers: Sequence[str], *, counts: bool
    ) -> None:
        """Takes a row; see MembershipLedger. `counts`: whether it is synced once the epoch is and not also rejected."""
        self._open_book.record(stream, key, operation, identifiers)
        self._notes += 1
        self._rows += counts

    def withdraw(self, identifiers: Sequence[str]) -> None:
        """Takes a row of people who leave, whatever other rows hold them."""
        self._open_book.remove_everywhere(identifiers)
        self._notes += 1
        self._rows += 1

    def settle(self, target: AudienceTarget, is_complete: Callable[[StreamKey], bool], *, is_end: bool) -> Delta | None:
        """What is to be sent; None where everything stays as it is.

        Args:
            target: the audience; notes go there.
            is_complete: whether all of a stream is proven to have come.
            is_end: whether the input has ended.

        Raises:
            IncompleteStreamError: a stream that is replaced is not proven to be whole.
            RemovalGuardError: too many people would leave by absence.
        """
        replaced = [str(plan.key) for plan in self._replaced] if is_end else []
        if is_end and not all(is_complete(plan.key) for plan in self._replaced):
            if not self._notes:
                return None
            raise IncompleteStreamError(
                f'The audience "{target.name}" was to be made equal to a table, but the input ended without proof that '
                "the whole table came, so the audience stays as it is. If the source failed, look for the reason "
                "there; the next attempt starts anew. If every attempt ends so, the host or the source never says when "
                "a stream is whole: choose a sync mode that ends in Append."
            )
        # Who tells of ends by a status tells of each; from others, the end of the input is all that there is.
        is_whole = is_end and all(is_complete(plan.key) for plan in self._plans if plan.has_generation)
        if not self._notes and not replaced and not (is_whole and self._open_book.is_in_doubt):
            return None
        changes = self._open_book.diff(replaced, is_whole=is_whole)
        self._finished = {str(plan.key): _generation(plan) for plan in self._replaced if is_end and plan.has_generation}
        if replaced and not changes.members_after and changes.removals_by_absence:
            if self._allow_empty:
                return changes
            target.notes.append(
                f"The table holds nobody, so the audience keeps the {changes.members_before:,} people whom the "
                "connector put into it. If it is to be empty, switch on Allow an empty audience "
                "(allow_empty_audience) in the destination's settings."
            )
            self._finished = {}
            changes = self._open_book.diff([], is_whole=False)
        self._check_removal(changes, target)
        return changes

    def _check_removal(self, changes: Delta, target: AudienceTarget) -> None:
        if changes.share_absent * 100 <= self._max_removal_percent:
            return
        known = changes.members_before + changes.unconfirmed_before
        raise RemovalGuardError(
            f'The audience "{target.name}" stays as it is: of {known:,} identifiers that the connector put into it, '
            f"{changes.removals_by_absence:,} ({changes.share_absent * 100:.0f} %) are in the table no more, and "
            f"Largest removal (max_removal_percent) permits {self._max_removal_percent} %. If the table is right, "
            "raise that setting for one sync; if not, correct the table."
        )

    def deliveries(self, changes: Delta, size: int, position: int) -> Iterator[Delivery]:
        """What is to be sent, as deliveries that settle no rows by themselves. Each needs `require_ours`.

        Raises:
            StoreBusyError: another sync took the book over.
        """
        self._open_book.write_ahead(changes)
        for operation, pieces in (
            (Operation.REMOVE, changes.iter_removals(size)),
            (Operation.ADD, changes.iter_additions(size)),
        ):
            for piece in pieces:
                yield Delivery(operation, dict.fromkeys(piece), 0, position)

    def require_ours(self) -> None:
        """To be called just before anything is sent; from any thread.

        Raises:
            StoreBusyError: another sync may have taken the book over.
        """
        if not self._open_book.holds_lease:
            raise StoreBusyError(
                "Another sync took the membership store over, since this one had not been heard of for too long. It is "
                "tried again."
            )

    def commit(self, changes: Delta, target: AudienceTarget) -> int:
        """Makes what was noted the book. How many rows that were."""
        self._open_book.commit(changes, target.list_id, self._finished)
        self.members_after = changes.members_after
        self.left_by_absence += changes.removals_by_absence
        self.unresolved_deletions += changes.unresolved_deletions
        return self.forget()

    def forget(self) -> int:
        """Begins a new epoch. How many rows the old one had."""
        rows, self._rows, self._notes, self.opened_s = self._rows, 0, 0, None
        return rows

    @property
    def _open_book(self) -> MembershipLedger:
        if self._book is None:
            raise InternalError("The membership store was used before it was opened. Please report this.")
        return self._book


def _generation(plan: ConfiguredStream) -> str:
    """The same for all attempts that go on with the rows of one another; ids alone come again on a new platform."""
    return f"generation {plan.generation_id}, job {plan.sync_id}"
