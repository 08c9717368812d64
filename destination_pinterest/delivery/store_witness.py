"""Compares a membership store with what Pinterest knows of it: is it an older copy, and does anybody else write?

Pinterest is told the store's epoch after it is safely in the store, in the mark of the audience's description. So a
mark may be behind, and one that is ahead, or names another ledger, was left by a later store. And the counters of the
customer list can't pass what the store's syncs have sent: if they did, somebody else sent too.

Source: Pinterest OpenAPI 5.23.0, CustomerList: num_uploaded_user_records and num_removed_user_records (read
2026-11-27). Doubt: how soon they follow a request, and what they count, is not documented. So what was sent is taken
as the most that they can show, however late they show it; a request without a clear answer may count twice; and a
difference of a hundredth is no news.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.audiences.list_counts import ListCounts, counts_of
from destination_pinterest.audiences.remembered import Remembered, StoreEpoch
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.tally import AudienceTally
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StoreMismatchError

if TYPE_CHECKING:  # It imports DuckDB and NumPy, which syncs without a store don't need.
    from destination_pinterest.membership import MembershipLedger

_NOT_NOTABLE: Final = 0.01
# While a list has another status, its counters may still show what was sent long ago.
_AT_REST: Final = frozenset({"READY", "TOO_SMALL"})


class StoreWitness:
    """Watches the ledger of one audience during a sync.

    Args:
        ledger: the ledger, just opened.
        target: the audience as it was looked up.

    Raises:
        StoreMismatchError: the ledger is an older copy, or another store has kept the audience since.
    """

    def __init__(self, ledger: MembershipLedger, target: AudienceTarget) -> None:
        self._ledger = ledger
        self._target = target
        self._began_in_doubt = ledger.is_in_doubt
        self._kept = _kept_counts(ledger, target)
        self._found = counts_of(target.live)
        seen = read_mark(target.description).store
        if seen is None:
            return
        if ledger.customer_list_id is None:
            ledger.continue_from(seen.epoch)
        elif seen.ledger != ledger.name or seen.epoch > ledger.epoch:
            raise StoreMismatchError(
                Code.STORE_ROLLED_BACK,
                f'The membership store is an older copy, or another one has kept the audience "{target.name}" since: '
                f"it is at change {ledger.epoch:,} of ledger {ledger.name}, and Pinterest has seen change "
                f"{seen.epoch:,} of {seen.ledger}. Restore the newest copy; if there is none, start anew by "
                "`pinterest-audiences store drop`, or by deleting the audience's folder in the store.",
            )

    @property
    def warnings(self) -> list[str]:
        """What should be said of the counters."""
        if self._kept is None or self._found is None:
            return []
        added = self._found.added - self._kept.added
        removed = self._found.removed - self._kept.removed
        if added <= self._kept.added * _NOT_NOTABLE and removed <= self._kept.removed * _NOT_NOTABLE:
            return []
        moves = f"{max(0, added):,} records added and {max(0, removed):,} removed"
        warning = (
            f"Something else seems to write to the customer list {self._target.list_id}: Pinterest's counters show "
            f"{moves} beyond what this membership store's syncs have sent. The store does not know these people, so "
            "they neither leave nor come back by themselves."
        )
        return [warning]

    def mark(self, description: str | None) -> Remembered | None:
        """Returns what the audience's mark is to say of the store; None if nothing was ever written to it.

        Args:
            description: the audience's present description, whose mark may say other things, too.
        """
        if not self._ledger.epoch:
            return None
        return replace(read_mark(description), store=StoreEpoch(self._ledger.epoch, self._ledger.name))

    def keep_counters(
        self, list_id: str | None, tally: AudienceTally, *, largest_request: int, stand_ins: int = 0
    ) -> None:
        """Keeps, for the next sync, what the counters may show from now on.

        Args:
            list_id: the customer list as of now.
            tally: what this sync has sent.
            largest_request: how many identifiers a request has at most.
            stand_ins: how many records the list was begun with beside that.
        """
        from destination_pinterest.membership.manifest import ListCounters  # noqa: PLC0415 - see above

        base = self._base(list_id)
        if base is None or list_id is None:
            self._ledger.keep_counters(None)
            return
        # Those that were sent again may count twice.
        again = tally.unclear * largest_request
        added_again = tally.again_added + tally.perhaps_added
        removed_again = tally.again_removed + tally.perhaps_removed
        self._ledger.keep_counters(
            ListCounters(
                list_id,
                base.added + stand_ins + tally.identifiers_added + added_again + tally.asked + again,
                base.removed + tally.identifiers_removed + removed_again + tally.asked + again,
                self._ledger.epoch,
            )
        )

    def _base(self, list_id: str | None) -> ListCounts | None:
        """The most that the counters can show of what was sent before this sync; None if that is not known."""
        if self._target.live is None:
            return _counts(0, 0)
        if self._target.live.id != list_id:
            return None
        if self._kept is None:
            is_at_rest = self._target.live.status in _AT_REST and not self._began_in_doubt
            return self._found if is_at_rest else None
        if self._found is None:
            return self._kept
        added, removed = max(self._kept.added, self._found.added), max(self._kept.removed, self._found.removed)
        return _counts(added, removed)


def _counts(added: int, removed: int) -> ListCounts:
    return ListCounts(max(0, added - removed), added, removed, None)


def _kept_counts(ledger: MembershipLedger, target: AudienceTarget) -> ListCounts | None:
    kept = ledger.counters
    if kept is None or target.live is None or kept.customer_list_id != target.live.id:
        return None
    return _counts(kept.added, kept.removed)
