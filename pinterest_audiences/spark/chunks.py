"""Packs rows into chunks on the executors, and unpacks them on the driver, which so takes few large values.

A chunk is JSON: rows as the connector gets them, and the counts that were among their keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import pyarrow as pa

from destination_pinterest.identity.rejection import RejectionReason
from pinterest_audiences.sources.source import Row
from pinterest_audiences.spark.row_mapping import READ, REFUSED, REJECTED, count_of, is_row

CHUNK: Final = "chunk"
SCHEMA: Final = f"{CHUNK} string"
_ARROW_SCHEMA: Final = pa.schema([(CHUNK, pa.string())])


class Chunk(msgspec.Struct, frozen=True):
    """Different rows; how many rows of the table they stand for; and counts by key."""

    rows: list[Any]
    of: int
    counts: dict[str, int]


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(Chunk).decode


def packed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yields a chunk for each batch of keys and numbers of rows; for `mapInArrow`."""
    for batch in batches:
        rows, of, counts = [], 0, {}
        for key, number in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True):
            if is_row(key):
                rows.append(key)
                of += number
            else:
                counts[key] = number
        # The keys of rows are JSON already.
        text = f'{{"rows":[{",".join(rows)}],"of":{of},"counts":{_ENCODE(counts).decode()}}}'
        yield pa.RecordBatch.from_arrays([pa.array([text], pa.string())], schema=_ARROW_SCHEMA)


def unpacked(text: str) -> Chunk:
    """Returns a chunk's content."""
    return _DECODE(text)


class Tally:
    """Adds up chunks."""

    def __init__(self) -> None:
        self.read = 0
        self.different = 0
        self.usable = 0
        self.rejections: Counter[tuple[str | None, RejectionReason]] = Counter()
        self.refused_values: Counter[str] = Counter()

    @property
    def rejected(self) -> Counter[str]:
        """The rejected rows by reason."""
        found: Counter[str] = Counter()
        for (_, reason), rows in self.rejections.items():
            found[reason.value] += rows
        return found

    def take(self, chunk: Chunk) -> None:
        """Adds a chunk's counts."""
        self.different += len(chunk.rows)
        self.usable += chunk.of
        self.take_counts(chunk.counts.items())

    def take_counts(self, counts: Iterable[tuple[str, int]]) -> None:
        """Adds counts by key."""
        for key, number in counts:
            if key == READ:
                self.read += number
                continue
            sort, column, reason = count_of(key)
            if sort == REJECTED:
                self.rejections[column, reason] += number
            elif sort == REFUSED:
                self.refused_values[reason.value] += number


def rows_of(chunk: Chunk, columns: int) -> list[Row]:
    """Returns a chunk's rows with a value for each of so many columns."""
    return [(row,) for row in chunk.rows] if columns == 1 else chunk.rows
