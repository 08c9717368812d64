"""Packs a staged difference into chunks of rows as the connector gets them; for `mapInArrow`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
import pyarrow as pa

from pinterest_audiences.spark.chunks import CHUNK
from pinterest_audiences.spark.row_mapping import without_tag

_ARROW_SCHEMA: Final = pa.schema([(CHUNK, pa.string())])
_ENCODE: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class DifferencePacker:
    """Takes batches of identifier, kind and joins. A row has a value for each kind, one of them set, and the operation.

    `joins` and `leaves` are the operation's names.
    """

    kinds: tuple[str, ...]
    joins: str
    leaves: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yields a chunk for each batch."""
        places = {kind: place for place, kind in enumerate(self.kinds)}
        for batch in batches:
            columns = [column.to_pylist() for column in batch.columns]
            rows = []
            for identifier, kind, joins in zip(*columns, strict=True):
                row: list[str | None] = [None] * len(places)
                row[places[kind]] = without_tag(identifier)
                rows.append([*row, self.joins if joins else self.leaves])
            text = _ENCODE({"rows": rows, "of": len(rows), "counts": {}}).decode()
            yield pa.RecordBatch.from_arrays([pa.array([text], pa.string())], schema=_ARROW_SCHEMA)
