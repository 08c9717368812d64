"""Runs a query over the rows of files: DuckDB gets them as Arrow batches while they are read.

Nothing is spilled to disk.

Source: duckdb 2.0.0 and pyarrow 26.0.1, read and run 2026-11-27: an object with `__arrow_c_stream__` may be registered
    as a view, and is asked for a new stream by each scan; what the stream raises comes back as a duckdb.Error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.json_values import jsonable
from pinterest_audiences.sources.duckdb_source import DuckDBSource
from pinterest_audiences.sources.source import RowBatch, RowStream, Selection

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
        yield from self._rows.beside


class _ArrowRows:
    """Rows as an Arrow stream that can be read several times; what its first reading found beside rows is kept.

    Raises: what `batches` raises at its first batch.
    """

    def __init__(self, columns: Sequence[str], batches: Batches) -> None:
        self._columns = columns
        self._batches = batches
        self._schema = self._schema_of_rows()
        self._readings = 0
        self.failure: ConnectorError | None = None
        self.beside: list[RowBatch] = []

    def __arrow_c_schema__(self) -> Any:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        self._readings += 1
        read = self._read(keeps=self._readings == 1)
        return pa.RecordBatchReader.from_batches(self._schema, read).__arrow_c_stream__(requested_schema)

    def _schema_of_rows(self) -> pa.Schema:
        """Returns types that hold all values. Where the first rows are text, so is the rest: anything can be text."""
        kinds = [pa.null()] * len(self._columns)
        for batch in self._batches(self._columns, _ROWS_OF_A_BATCH):
            if batch.rows:
                columns = zip(*batch.rows, strict=True)
                kinds = [_common_type(kind, _type_of(values)) for kind, values in zip(kinds, columns, strict=True)]
                if all(kind in {pa.string(), pa.null()} for kind in kinds):
                    break
        known = [pa.string() if pa.types.is_null(kind) else kind for kind in kinds]
        return pa.schema(list(zip(self._columns, known, strict=True)))

    def _read(self, *, keeps: bool) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches(self._columns, _ROWS_OF_A_BATCH):
                if keeps and (batch.refused or batch.remarks):
                    self.beside.append(replace(batch, rows=(), lines=None))
                if batch.rows:
                    columns = zip(self._schema, zip(*batch.rows, strict=True), strict=True)
                    arrays = [_array(values, field.type) for field, values in columns]
                    yield pa.record_batch(arrays, schema=self._schema)
        except ConnectorError as error:
            self.failure = error
            raise


def _type_of(values: Sequence[Any]) -> pa.DataType:
    """Values of several types are text."""
    try:
        return pa.array(list(map(jsonable, values))).type
    except (pa.ArrowException, OverflowError):
        return pa.string()


def _common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    fields = [pa.schema([("x", kind)]) for kind in (one, other)]
    try:
        return pa.unify_schemas(fields, promote_options="permissive").field("x").type
    except pa.ArrowException:
        return pa.string()


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if kind != pa.string():
        return pa.array(list(map(jsonable, values)), kind)
    return pa.array(
        [value if value is None or type(value) is str else _text(jsonable(value)) for value in values], kind
    )


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else str(value)
