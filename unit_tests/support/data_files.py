"""Data files of bytes, and what is read out of their tables."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, BinaryIO

from pinterest_audiences.sources.source import RefusedRow
from pinterest_audiences.sources.table_file import TableFile


class BytesFile:
    """A file with these bytes; `is_stream` if it can only be read forwards."""

    remarks: Sequence[str] = ()

    def __init__(self, content: bytes, name: str = "people", *, is_stream: bool = False) -> None:
        self._content = content
        self._is_stream = is_stream
        self.name = name
        self.label = name
        self.size_bytes: int | None = len(content)

    def open(self) -> BinaryIO:
        return _Stream(self._content) if self._is_stream else io.BytesIO(self._content)


class _Stream(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation("seek")


def rows_of(table: TableFile, *columns: str, batch_rows: int = 2) -> list[tuple[Any, ...]]:
    """All rows, of these columns or of all."""
    batches = table.batches(columns or table.columns, batch_rows)
    return [tuple(row) for batch in batches for row in batch.rows]


def lines_of(table: TableFile) -> list[int]:
    """The numbers of the lines of all rows."""
    return [line for batch in table.batches(table.columns, 2) for line in batch.lines or ()]


def refused_by(table: TableFile) -> list[RefusedRow]:
    """What was read and is in no row."""
    return [refused for batch in table.batches(table.columns, 2) for refused in batch.refused]
