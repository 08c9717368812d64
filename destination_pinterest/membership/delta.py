"""What Pinterest must be sent for the rows of an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """The difference between the ledger and the rows.

    Args:
        additions, removals: how many identifiers to send. Both include those that an earlier sync left in doubt, which
            are sent again.
        removals_by_absence: the removals that no row asks for: a replaced table no longer has their rows, or an earlier
            sync was about to add them. Guards count these.
        removals_by_expiry: the removals of members whose rows have not come for too long. Guards count these, too.
        removals_of_nonmembers: the removals, asked for by a row, of identifiers that the ledger does not have.
        members_before, members_after: distinct identifiers that are confirmed, now and after the commit.
        unconfirmed_before: identifiers beyond `members_before` that an earlier sync was about to add.
        in_doubt: identifiers that an earlier sync was about to send and that stay in doubt after the commit.
        unresolved_deletions: deletions without an identifier whose key the ledger does not know, or that have no key.
        unknown_unchanged: rows whose columns were not given and of which no identifier is known either.
        objected: identifiers that rows add now and that stay out, since another row without consent has them.
        needs_rows: how many of the identifiers to send only rows of `records_v2` can carry.
        stuck: identifiers that are to leave and stay in doubt, since rows are refused.
        holdings_changed: how many holdings are gained or lost; if rows share an identifier, members may stay the same.
    """

    additions: int
    removals: int
    removals_by_absence: int
    removals_of_nonmembers: int
    members_before: int
    members_after: int
    unconfirmed_before: int
    in_doubt: int
    unresolved_deletions: int
    unknown_unchanged: int
    objected: int
    holdings_changed: int
    needs_rows: int
    stuck: int
    _read: Callable[[str, int], Iterator[list[str]]] = field(repr=False)
    removals_by_expiry: int = 0

    @property
    def total(self) -> int:
        """How many identifiers to send."""
        return self.additions + self.removals

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return self.total == 0

    def iter_additions(self, size: int) -> Iterator[list[str]]:
        """Yields the identifiers to add, each once, at most `size` at a time, until the ledger is committed or closed.

        Raises:
            StoreMismatchError: an identifier in the store can't be decrypted.
            StorageFailedError: the local disk is too small.
        """
        return self._read("adds", size)

    def iter_removals(self, size: int) -> Iterator[list[str]]:
        """Yields the identifiers to remove, like `iter_additions`."""
        return self._read("removes", size)
