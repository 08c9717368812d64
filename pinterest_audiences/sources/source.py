"""The interface of sources: they stream the rows of a table or a query, lowest cursor value first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows and columns to read. Exactly one of `table` and `query` is set.

    `columns` None means all. With `cursor`, rows come in the order of that column, from `since` (inclusive: some rows
    with the last value of an earlier run may not have been read) or from the beginning if `since` is None. Rows whose
    cursor is NULL have no place in that order and are read each time, so that none is lost.

    `reached` is the value up to which earlier runs have read; `since` is less if some rows are to be read again.
    """

    table: str | None = None
    query: str | None = None
    columns: tuple[str, ...] | None = None
    cursor: str | None = None
    since: Any = None
    reached: Any = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence for the log about what was guessed or left out, without anybody's values.

    `is_warning` if something in the file is no row, so that it must be seen even where only warnings are.
    """

    text: str
    is_warning: bool = False

    @property
    def level(self) -> str:
        """Its level in the log."""
        return "WARN" if self.is_warning else "INFO"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of a file that can't be read as a row of its table, and why, without its values."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Rows that were read together.

    Args:
        rows: their values, in the order of the stream's columns.
        file: the file that they are from; None for a database.
        lines: the number of the line or row of that file on which each begins, from 1; None if they have none.
        refused: what was read between them and is in no row.
        remarks: what was noticed while they were read.
        reached: the cursor value from which a later run may go on after these rows; None if that is their last one.
    """

    rows: Sequence[Row]
    file: str | None = None
    lines: Sequence[int] | None = None
    refused: Sequence[RefusedRow] = ()
    remarks: Sequence[Remark] = ()
    reached: Any = None


@dataclass(frozen=True, slots=True)
class RowStream:
    """A stream of rows: the names of the columns, each once, and batches of rows with values in that order.

    The batches raise SourceError if the source stops in the middle.
    """

    columns: tuple[str, ...]
    batches: Iterator[RowBatch]


class Source(Protocol):
    """A source of rows, opened read-only if the engine allows it."""

    @property
    def label(self) -> str:
        """The source's address without its password, the same in every run."""

    @property
    def only_table(self) -> str | None:
        """The only table of a file; None for a database."""

    def table_names(self) -> Sequence[str]:
        """Returns the names of all tables and views, as `Selection.table` takes them."""

    def open_rows(self, selection: Selection, batch_rows: int) -> RowStream:
        """Starts reading; batches hold at most `batch_rows` rows.

        Raises: UsageError for a table, column or query that the source refuses; the batches raise SourceError if the
            source stops in the middle.
        """

    def columns(self, selection: Selection) -> tuple[str, ...]:
        """Returns the names of all columns of a table. Raises: UsageError if there is no such table."""

    def sample(self, selection: Selection, rows: int) -> tuple[Row, ...]:
        """Returns a table's first rows with all columns; none where that fails, takes long or costs money."""

    def count(self, selection: Selection) -> int | None:
        """Returns how many rows there are to read; None if counting would take long."""

    def interrupt(self) -> None:
        """Makes a running read fail soon, from another thread, if the driver can."""

    def close(self) -> None:
        """Closes the source. May be repeated."""
