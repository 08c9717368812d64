"""Runs a query over the rows of files: DuckDB gets them as Arrow batches while they are read.

Nothing is spilled to disk.

Source: duckdb 2.0.0 and pyarrow 26.0.1, read and run 2026-11-27: an object with `__arrow_c_stream__` may be registered
    as a view, and is asked for a new stream by each scan; what the stream raises comes back as a duckdb.Error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.json_values import jsonable
from pinterest_audiences.sources.duckdb_source import DuckDBSource
from pinterest_audiences.sources.source import RefusedRow, Remark, RowBatch, RowStream, Selection

_ROWS_OF_A_BATCH: Final = 10_000

Batches = Callable[[Sequence[str], int], Iterator[RowBatch]]


class FileQuery:
    """A DuckDB in memory with one view: the rows of the files.

    Args:
        columns: the names of the columns.
        batches: reads rows from the beginning.
        label: see Source.
        table: the view's name.
    """

    def __init__(self, columns: Sequence[str], batches: Batches, label: str, table: str) -> None:
        self._rows = _ArrowRows(columns, batches)
        self._table = table
        self._connection = duckdb.connect(config={"temp_directory": ""})
        self._connection.register(table, self._rows)
        self._source = DuckDBSource(self._connection, label, table)

    def open_rows(self, selection: Selection, batch_rows: int) -> RowStream:
        """See Source."""
        try:
            stream = self._source.open_rows(selection, batch_rows)
        except (SourceError, UsageError) as error:
            raise self._rows.failure or error from None
        return RowStream(stream.columns, self._batches(stream))

    def interrupt(self) -> None:
        """See Source."""
        self._source.interrupt()

    def close(self) -> None:
        """See Source."""
        self._source.close()

    def _batches(self, stream: RowStream) -> Iterator[RowBatch]:
        try:
            yield from stream.batches
        except SourceError as error:
            raise self._rows.failure or error from None
        yield RowBatch((), refused=self._rows.refused, remarks=self._rows.remarks)


class _ArrowRows:
    """Rows as an Arrow stream that can be read several times; what else its first reading found is kept."""

    def __init__(self, columns: Sequence[str], batches: Batches) -> None:
        self._columns = columns
        self._batches = batches
        self._schema: pa.Schema | None = None
        self.failure: ConnectorError | None = None
        self.refused: list[RefusedRow] = []
        self.remarks: list[Remark] = []
        self._readings = 0

    def __arrow_c_schema__(self) -> Any:
        return self._known_schema().__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        self._readings += 1
        read = self._read(keeps=self._readings == 1)
        return pa.RecordBatchReader.from_batches(self._known_schema(), read).__arrow_c_stream__(requested_schema)

    def _known_schema(self) -> pa.Schema:
        """Text has one type; other values have the types of the first batch."""
        if self._schema is None:
            first = next(self._batches(self._columns, _ROWS_OF_A_BATCH), RowBatch(()))
            self._schema = pa.schema([(name, pa.string()) for name in self._columns])
            if first.rows:
                arrays = [pa.array(values) for values in zip(*first.rows, strict=True)]
                types = [pa.string() if pa.types.is_null(array.type) else array.type for array in arrays]
                self._schema = pa.schema(list(zip(self._columns, types, strict=True)))
        return self._schema

    def _read(self, *, keeps: bool) -> Iterator[pa.RecordBatch]:
        schema = self._known_schema()
        try:
            for batch in self._batches(self._columns, _ROWS_OF_A_BATCH):
                if keeps:
                    self.refused += batch.refused
                    self.remarks += batch.remarks
                if batch.rows:
                    columns = zip(schema, zip(*batch.rows, strict=True), strict=True)
                    arrays = [pa.array(map(jsonable, values), field.type) for field, values in columns]
                    yield pa.record_batch(arrays, schema=schema)
        except ConnectorError as error:
            self.failure = error
            raise
