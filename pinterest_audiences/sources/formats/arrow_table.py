"""Tables in files that pyarrow reads: Parquet, Arrow's own formats and ORC. Only the wanted columns are read.

Source: pyarrow 26.0.1 (run 2026-11-27): a column is chosen by its name, and all columns of that name come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import pyarrow as pa

from pinterest_audiences.sources.formats.arrow_values import ColumnValues
from pinterest_audiences.sources.headers import check_header, unique_names
from pinterest_audiences.sources.random_access import cut_off
from pinterest_audiences.sources.source import Remark, RowBatch


class ArrowFile(Protocol):
    """A file from which pyarrow reads batches of columns."""

    @property
    def label(self) -> str:
        """See DataFile."""

    @property
    def schema(self) -> pa.Schema:
        """The columns, some perhaps of the same name."""

    @property
    def row_count(self) -> int | None:
        """See TableFile."""

    def batches(self, names: Sequence[str], batch_rows: int) -> AbstractContextManager[Iterator[pa.RecordBatch]]:
        """Reads the columns of these names, in the order of the file, perhaps with others."""


class ArrowTable:
    """The rows of such a file. See TableFile.

    Args:
        file: the file.
    """

    def __init__(self, file: ArrowFile) -> None:
        self._file = file
        self._names = file.schema.names
        self.columns = unique_names(self._names)
        check_header(self.columns, file.label)
        self.row_count = file.row_count
        self.remarks: Sequence[Remark] = ()

    def batches(self, columns: Sequence[str], batch_rows: int) -> Iterator[RowBatch]:
        """See TableFile."""
        positions = [self.columns.index(column) for column in columns]
        wanted = [self._names[position] for position in positions]
        kinds = [self._file.schema.field(position).type for position in positions]
        values = [ColumnValues(column, kind) for column, kind in zip(columns, kinds, strict=True)]
        # Among the columns of its name: where each is in a batch, which may have left out others.
        occurrences = [self._names[:position].count(name) for position, name in zip(positions, wanted, strict=True)]
        line = 1
        try:
            with self._file.batches(list(dict.fromkeys(wanted)), batch_rows) as batches:
                for batch in batches:
                    found = [
                        batch.column(batch.schema.get_all_field_indices(name)[occurrence])
                        for name, occurrence in zip(wanted, occurrences, strict=True)
                    ]
                    lists = [convert.of(column) for convert, column in zip(values, found, strict=True)]
                    if batch.num_rows:
                        rows = list(zip(*lists, strict=True))
                        yield RowBatch(rows, self._file.label, range(line, line + batch.num_rows))
                    line += batch.num_rows
        except (OSError, EOFError, pa.ArrowException):
            raise cut_off(self._file.label) from None
