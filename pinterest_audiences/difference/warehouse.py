"""A database that can compute the difference: connections to it, on which statements are run.

A message of a database may quote values of the table, so none is shown; what failed is said by its class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from pinterest_audiences.difference.comparison import Comparison
from pinterest_audiences.difference.dialects import Dialect
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.sources.source import Selection


class Session(Protocol):
    r"""One connection. `:name` in a statement stands for the value given by that name, `\:` for a colon."""

    def transaction(self, *, is_snapshot: bool = False) -> AbstractContextManager[None]:
        """All statements within take effect together, or none, where the engine has that.

        `is_snapshot`: what is read is as it was at the beginning.
        """

    def lets_spill(self) -> None:
        """From now on, an engine in this process may write to disk what does not fit into memory: digests alone.

        Once a session: it can't be said anew when something has been written.
        """

    def run(self, statement: str, **values: Any) -> None:
        """Runs a statement. Raises: SourceError."""

    def rows(self, statement: str, **values: Any) -> Sequence[Sequence[Any]]:
        """Returns all rows. Raises: SourceError."""

    def stream(self, statement: str, batch_rows: int) -> Iterator[Sequence[Sequence[Any]]]:
        """Yields rows as they are read; within a snapshot, of that. Other statements may run meanwhile.

        Raises: SourceError.
        """

    def insert(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Runs an INSERT of one row for each of many. Raises: SourceError."""


class Warehouse(Protocol):
    """A database."""

    @property
    def dialect(self) -> Dialect:
        """Its ways."""

    @property
    def label(self) -> str:
        """Its address without a password."""

    def columns(self, selection: Selection) -> tuple[str, ...]:
        """Returns the columns of the table or query. Raises: UsageError."""

    def relation(self, selection: Selection) -> str:
        """Returns the table or query as it stands behind FROM of a session's statement.

        Raises: UsageError if there is no such table.
        """

    def comparison(self, statements: Statements, selection: Selection, *, is_first: bool = False) -> Comparison | None:
        """Returns how the table is compared while it is read; None if it is staged and then compared.

        `is_first`: the tables of what was sent are not there yet.
        """

    def check_schema(self, schema: str) -> None:
        """Raises: UsageError if there is no such schema."""

    def has_table(self, schema: str, name: str) -> bool:
        """Whether there is such a table, be it one that may not be read. Raises: SourceError."""

    def session(self) -> AbstractContextManager[Session]:
        """Opens a connection."""

    def interrupt(self) -> None:
        """Makes what runs fail soon, from another thread."""

    def close(self) -> None:
        """Closes it."""
