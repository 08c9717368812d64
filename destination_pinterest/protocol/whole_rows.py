"""Decodes RECORD lines in full, for a look at columns that are not decoded otherwise."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from destination_pinterest.protocol.checkpoint import UNREADABLE
from destination_pinterest.protocol.input import cached_name


class _Record(msgspec.Struct):
    data: dict[str, Any]


class _Message(msgspec.Struct):
    record: _Record


def whole_rows(lines: Iterable[bytes], columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """Yields each row's values of `columns`, in order; null and missing are None. Leaves out a line that can't be read.

    A column is also found under its name in PyAirbyte's cache.
    """
    cached = [cached_name(column) for column in columns]
    for line in lines:
        try:
            data = msgspec.json.decode(line.removeprefix(codecs.BOM_UTF8), type=_Message).record.data
        except UNREADABLE:
            continue
        yield tuple(data.get(name, data.get(other)) for name, other in zip(columns, cached, strict=True))
