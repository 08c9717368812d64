"""Reads a text file as the command line does, for the tests of its parts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pinterest_audiences.sources.source import RefusedRow, Remark
from pinterest_audiences.sources.text.options import TextOptions
from pinterest_audiences.sources.text.text_table import open_text_table


@dataclass(frozen=True)
class InMemory:
    """A data file in memory."""

    content: bytes
    name: str = "people.csv"
    label: str = "/srv/people.csv"

    @property
    def size_bytes(self) -> int:
        """How large it is."""
        return len(self.content)

    def open(self) -> BinaryIO:
        """Opens it at the beginning."""
        return io.BytesIO(self.content)


@dataclass
class Reading:
    """All that a reading of a file gave."""

    columns: tuple[str, ...]
    rows: list[list[Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """The remarks that must be seen."""
        return [remark.text for remark in self.remarks if remark.is_warning]

    @property
    def facts(self) -> list[str]:
        """The other remarks."""
        return [remark.text for remark in self.remarks if not remark.is_warning]


def read_text(
    content: bytes | str,
    *,
    name: str = "people.csv",
    columns: Sequence[str] | None = None,
    batch_rows: int = 5_000,
    **options: Any,
) -> Reading:
    """Reads a file; text is written as UTF-8."""
    encoded = content.encode() if isinstance(content, str) else content
    table = open_text_table(InMemory(encoded, name), TextOptions(**options))
    reading = Reading(table.columns, remarks=list(table.remarks))
    for batch in table.batches(table.columns if columns is None else columns, batch_rows):
        assert len(batch.rows) <= batch_rows
        assert batch.lines is not None
        assert len(batch.lines) == len(batch.rows)
        reading.rows += map(list, batch.rows)
        reading.lines += batch.lines
        reading.refused += batch.refused
        reading.remarks += batch.remarks
    return reading
