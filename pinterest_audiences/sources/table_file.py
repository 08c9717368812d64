"""The interface of tables in files: the names of the columns, and rows that can be read more than once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from pinterest_audiences.sources.source import Remark, RowBatch


class TableFile(Protocol):
    """A table in one data file, in one format."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, each once: a repeated name gets a number behind it (`Email`, `Email 2`)."""

    @property
    def remarks(self) -> Sequence[str | Remark]:
        """What was guessed when it was opened, in sentences for the log; without anybody's values.

        What is noticed only while rows are read is in their batches.
        """

    def batches(self, columns: Sequence[str], batch_rows: int) -> Iterator[RowBatch]:
        """Reads the rows from the beginning: the values of these columns, in this order.

        Raises: SourceError if the file can't be read to its end, FileContentError if it is no table as a whole.
        """
