"""Reads the tables of one or several files as one table."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from pinterest_audiences.failures import SourceError, missing_extra
from pinterest_audiences.sources.file_cursor import FileCursor
from pinterest_audiences.sources.names import check_columns
from pinterest_audiences.sources.source import Remark, Row, RowBatch, RowStream, Selection
from pinterest_audiences.sources.table_file import TableFile

if TYPE_CHECKING:
    from pinterest_audiences.sources.file_query import FileQuery


class FileSource:
    """Files whose rows are one table: see Source.

    Their columns are joined by name; a column that a file lacks is blank there.

    Args:
        tables: the files' tables, in the order in which they are read.
        label: see Source.
        only_table: the table's name in queries.
    """

    def __init__(self, tables: Sequence[TableFile], label: str, only_table: str) -> None:
        self._tables = tables
        self._label = label
        self._only_table = only_table
        self._columns = tuple(dict.fromkeys(column for table in tables for column in table.columns))
        self._is_stopped = threading.Event()
        self._query: FileQuery | None = None

    @property
    def label(self) -> str:
        """See Source."""
        return self._label

    @property
    def only_table(self) -> str:
        """See Source."""
        return self._only_table

    def table_names(self) -> Sequence[str]:
        """See Source."""
        return (self.only_table,)

    def open_rows(self, selection: Selection, batch_rows: int) -> RowStream:
        """See Source."""
        if selection.query is not None:
            return self._open_query().open_rows(selection, batch_rows)
        columns = self._columns if selection.columns is None else selection.columns
        check_columns(columns, self._columns, self._label)
        if selection.cursor is None:
            return RowStream(columns, self.batches(columns, batch_rows))
        check_columns([selection.cursor], columns, self._label)
        reading = FileCursor(self.batches, self._label, selection.cursor)
        return RowStream(columns, reading.batches(columns, selection.since, batch_rows))

    def batches(self, columns: Sequence[str], batch_rows: int) -> Generator[RowBatch]:
        """Reads the rows of all files, from the beginning, as often as wanted; each file's remarks come with its rows.

        Raises: what the tables' batches raise; SourceError if `interrupt` was called.
        """
        for table in self._tables:
            is_first = True
            for batch in _of_table(table, columns, batch_rows):
                if self._is_stopped.is_set():
                    raise SourceError(Code.SOURCE_STOPPED, "Reading the file was stopped.")
                remarks = (*_remarks(table, columns), *batch.remarks) if is_first else batch.remarks
                yield replace(batch, remarks=self._with_file(remarks, batch.file))
                is_first = False

    def count(self, selection: Selection) -> int | None:
        """See Source. The rows of a text file are not known before it is read."""
        counts = [table.row_count for table in self._tables]
        known = [count for count in counts if count is not None]
        if selection.query is not None or selection.since is not None or len(known) < len(counts):
            return None
        return sum(known)

    def columns(self, selection: Selection) -> tuple[str, ...]:  # noqa: ARG002 - see Source
        """See Source."""
        return self._columns

    def sample(self, selection: Selection, rows: int) -> tuple[Row, ...]:  # noqa: ARG002 - see Source
        """See Source. What goes wrong here goes wrong when the rows are read, and is said then."""
        with suppress(ConnectorError), closing(self.batches(self._columns, rows)) as batches:
            return next((tuple(batch.rows) for batch in batches if batch.rows), ())
        return ()

    def interrupt(self) -> None:
        """See Source."""
        self._is_stopped.set()
        if self._query is not None:
            self._query.interrupt()

    def close(self) -> None:
        """See Source."""
        if self._query is not None:
            self._query.close()

    def _open_query(self) -> FileQuery:
        if self._query is None:
            try:
                from pinterest_audiences.sources.file_query import FileQuery  # noqa: PLC0415 - loads large libraries
            except ModuleNotFoundError as error:
                raise missing_extra(error) from error
            self._query = FileQuery(self._columns, self.batches, self._label, self._only_table)
        return self._query

    def _with_file(self, remarks: Sequence[Remark], file: str | None) -> Sequence[Remark]:
        if file is None or len(self._tables) == 1:
            return remarks
        return [replace(remark, text=f"{file}: {remark.text}") for remark in remarks]


def _of_table(table: TableFile, columns: Sequence[str], batch_rows: int) -> Iterator[RowBatch]:
    """Yields the batches of a table, blank where it lacks a column, and at least one, for the remarks."""
    present = [column for column in columns if column in table.columns]
    batch = None
    for batch in table.batches(present, batch_rows):
        if len(present) == len(columns):
            yield batch
        else:
            yield replace(batch, rows=_filled(batch.rows, [column in table.columns for column in columns]))
    if batch is None:
        yield RowBatch(())


def _filled(rows: Sequence[Row], is_present: Sequence[bool]) -> list[Row]:
    filled: list[Row] = []
    for row in rows:
        values = iter(row)
        filled.append(tuple(next(values) if each else None for each in is_present))
    return filled


def _remarks(table: TableFile, columns: Sequence[str]) -> Iterator[Remark]:
    for remark in table.remarks:
        yield remark if isinstance(remark, Remark) else Remark(remark)
    absent = [column for column in columns if column not in table.columns]
    if absent:
        yield Remark(f"The file has no column {', '.join(absent)}: its rows are blank there.", is_warning=True)
