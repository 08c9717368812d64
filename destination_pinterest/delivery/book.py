"""What an audience's memory needs of its book; destination_pinterest.membership is where books are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from destination_pinterest.vocabulary import Operation


class Changes(Protocol):
    """See membership.changes.Changes."""

    @property
    def additions(self) -> int:
        """Identifiers to add."""

    @property
    def removals(self) -> int:
        """Identifiers to remove."""

    @property
    def removals_by_absence(self) -> int:
        """Those of them that no row asks for."""

    @property
    def share_absent(self) -> float:
        """The same as a share of all whom the connector brought in, 0 to 1."""

    @property
    def members_before(self) -> int:
        """Identifiers that the book confirms now."""

    @property
    def members_after(self) -> int:
        """Identifiers that it will confirm."""

    @property
    def unconfirmed_before(self) -> int:
        """Identifiers beyond these that an earlier sync was about to add."""

    @property
    def unresolved_deletions(self) -> int:
        """Rows that are deleted by a key that nobody knows."""

    def iter_additions(self, size: int) -> Iterator[list[str]]:
        """Identifiers to add, at most so many at a time."""

    def iter_removals(self, size: int) -> Iterator[list[str]]:
        """Identifiers to remove."""


class Book(Protocol):
    """See membership.book.MembershipBook."""

    @property
    def customer_list_id(self) -> str | None:
        """The list that the book is about."""

    @property
    def members(self) -> int:
        """Identifiers that it confirms."""

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that it has ever had people of."""

    @property
    def has_undecided(self) -> bool:
        """Whether an earlier sync ended between sending and committing."""

    def generation_of(self, stream: str) -> str | None:
        """What `commit` was told of the rows by which the stream was replaced last."""

    @property
    def is_ours(self) -> bool:
        """Whether no other sync can have it."""

    def note(self, stream: str, key: Sequence[Any] | None, operation: Operation, identifiers: Sequence[str]) -> None:
        """Takes a row."""

    def withdraw(self, identifiers: Sequence[str]) -> None:
        """Takes people out, whatever rows hold them."""

    def settle(self, replaced: Sequence[str], *, is_whole: bool) -> Any:
        """What the rows ask for."""

    def begin(self, changes: Any) -> None:
        """Writes down what is about to be sent."""

    def commit(self, changes: Any, customer_list_id: str | None, generations: Mapping[str, str]) -> None:
        """Makes the rows the book."""

    def close(self) -> None:
        """Gives the book back."""
