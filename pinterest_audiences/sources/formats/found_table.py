"""A table and what was known of its file before it was read: columns from folders' names, and remarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pinterest_audiences.sources.source import Remark, RowBatch
from pinterest_audiences.sources.table_file import TableFile


class FoundTable:
    """A table in a file of a partitioned folder, or of which something is to be said. See TableFile.

    Args:
        table: the table in the file.
        partition: the columns that its folders' names give. One that the file has too is read from the file.
        remarks: what is to be said of the file.
    """

    def __init__(
        self, table: TableFile, partition: Sequence[tuple[str, str | None]], remarks: Sequence[Remark]
    ) -> None:
        self._table = table
        self._remarks = remarks
        self._partition = {column: value for column, value in partition if column not in table.columns}
        self.columns = (*table.columns, *self._partition)

    @property
    def remarks(self) -> Sequence[str | Remark]:
        """See TableFile."""
        return (*self._remarks, *self._table.remarks)

    @property
    def row_count(self) -> int | None:
        """See TableFile."""
        return self._table.row_count

    def batches(self, columns: Sequence[str], batch_rows: int) -> Iterator[RowBatch]:
        """See TableFile."""
        inner = [column for column in columns if column not in self._partition]
        for batch in self._table.batches(inner, batch_rows):
            if len(inner) == len(columns):
                yield batch
            else:
                yield replace(batch, rows=[self._filled(row, columns) for row in batch.rows])

    def _filled(self, row: Sequence[object], columns: Sequence[str]) -> tuple[object, ...]:
        values = iter(row)
        return tuple(self._partition[column] if column in self._partition else next(values) for column in columns)
