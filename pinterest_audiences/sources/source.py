"""What a source is: something that streams the rows of a table or a query, lowest cursor value first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows and columns are wanted. Exactly one of `table` and `query` is set.

    `columns` None means all. With `cursor`, rows come in the order of that column, from `since` (inclusive: rows that
    share the last value of an earlier run may not all have been read) or from the beginning when `since` is None. Rows
    whose cursor is NULL can't be placed in that order and are read each time, so that none is lost.
    """

    table: str | None = None
    query: str | None = None
    columns: tuple[str, ...] | None = None
    cursor: str | None = None
    since: Any = None


@dataclass(frozen=True, slots=True)
class RowStream:
    """Rows on their way: the names of the columns, and batches of rows in that order of columns.

    The batches raise SourceError when the source stops in the middle.
    """

    columns: tuple[str, ...]
    batches: Iterator[Sequence[Row]]


class Source(Protocol):
    """A place that rows are read from, opened read-only where the engine offers it."""

    @property
    def label(self) -> str:
        """The source's address without a password, the same for the same source in every run."""

    @property
    def only_table(self) -> str | None:
        """The one table of a file; None for a database."""

    def open_rows(self, selection: Selection, batch_rows: int) -> RowStream:
        """Starts reading; batches hold at most `batch_rows` rows.

        Raises: UsageError for a table, column or query that the source refuses; the batches raise SourceError when the
        source stops in the middle.
        """

    def count(self, selection: Selection) -> int | None:
        """How many rows there are to read, or None where counting would take long."""

    def interrupt(self) -> None:
        """From another thread: makes a read that is under way fail soon, where the driver can."""

    def close(self) -> None:
        """Lets go of the source; harmless when repeated."""
