"""What a settlement asks of Pinterest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """How an audience comes from what the book has to what the rows say.

    Args:
        additions, removals: how many identifiers are to be sent. Both include those of an earlier sync that ended
            between sending and committing: whether they arrived is unknown, so they are sent again.
        removals_by_absence: of the removals, those that no row asks for: a replaced table no longer has their rows, or
            an earlier sync was about to add them. What a guard counts.
        removals_of_nonmembers: of the removals, those of identifiers that the book does not have: a row asks for them.
        members_before, members_after: distinct identifiers that the book confirms, now and after the commit.
        unconfirmed_before: identifiers beyond `members_before` that an earlier sync was about to add.
        in_doubt: identifiers that an earlier sync was about to send and that stay unconfirmed.
        unresolved_deletions: rows that are deleted by a key that the book does not know, or with no key at all, and
            that name nobody.
        holdings_changed: how many holdings come or go; identifiers that several rows share come and go unseen.
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
    holdings_changed: int
    _read: Callable[[str, int], Iterator[list[str]]] = field(repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send."""
        return self.additions == 0 and self.removals == 0

    @property
    def share_absent(self) -> float:
        """The share, 0 to 1, of all who may be in the audience through this connector that leaves by absence."""
        return self.removals_by_absence / max(1, self.members_before + self.unconfirmed_before)

    def iter_additions(self, size: int) -> Iterator[list[str]]:
        """The identifiers to add, each once, at the most `size` at a time. Until the book is committed or closed.

        Raises:
            StoreMismatchError: an identifier in the store can't be decrypted.
            StorageFailedError: the local disk did not suffice.
        """
        return self._read("adds", size)

    def iter_removals(self, size: int) -> Iterator[list[str]]:
        """The identifiers to remove, as `iter_additions`."""
        return self._read("removes", size)
