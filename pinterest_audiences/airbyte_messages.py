"""Writes the messages that a destination expects: the configured catalog, records, states and the end.

Source: airbytehq/airbyte-protocol at 776eede and airbytehq/airbyte-platform at 310e6cb6 (read 2026-11-22): a platform
    numbers its states (`id`), ends a full refresh with the state {}, and sends COMPLETE only after the source has
    succeeded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pinterest_audiences.json_values import STRAIGHT, jsonable
from pinterest_audiences.sources.source import Row

_LINE_END: Final = b"\n"


@dataclass(frozen=True, slots=True)
class StreamDescription:
    """The catalog's only stream.

    Args:
        name, properties, cursor, primary_key, replaces: as in Airbyte.
        destination_object: names the audience that it is kept in by its id.
        is_part: whether the rows are a part of a table, which says nothing of the whole.
    """

    name: str
    properties: Mapping[str, Any]
    cursor: str | None = None
    primary_key: tuple[str, ...] = ()
    replaces: bool = False
    destination_object: str | None = None
    is_part: bool = False

    def catalog(self) -> dict[str, Any]:
        """Returns the ConfiguredAirbyteCatalog. Generations don't apply: each run reads all or uses a cursor."""
        sync_mode = "incremental" if self.cursor or self.is_part else "full_refresh"
        added = "append_dedup" if self.primary_key else "append"
        stream: dict[str, Any] = {
            "name": self.name,
            "json_schema": {"type": "object", "properties": dict(self.properties)},
            "supported_sync_modes": ["full_refresh", "incremental"],
        }
        configured: dict[str, Any] = {
            "stream": stream,
            "sync_mode": sync_mode,
            "destination_sync_mode": "overwrite" if self.replaces else added,
        }
        if self.cursor:
            configured["cursor_field"] = [self.cursor]
        if self.primary_key:
            configured["primary_key"] = [[column] for column in self.primary_key]
        if self.destination_object is not None:
            configured["destination_object_name"] = self.destination_object
        return {"streams": [configured]}


class RecordEncoder:
    """Encodes rows as RECORD lines.

    Args:
        stream: the stream's name.
        columns: the names of a row's values.
        now: seconds since the epoch.
    """

    def __init__(self, stream: str, columns: Sequence[str], now: Callable[[], float]) -> None:
        self._columns = tuple(columns)
        self._now = now
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self._head = b'{"type":"RECORD","record":{"stream":' + self._encoder.encode(stream) + b',"data":'

    def lines(self, rows: Sequence[Row]) -> bytes:
        """Returns one line per row, each with its line end."""
        tail = b',"emitted_at":%d}}\n' % int(self._now() * 1000)
        columns, head, encode = self._columns, self._head, self._encode
        return b"".join([head + encode(dict(zip(columns, row, strict=True)), row) + tail for row in rows])

    def lines_of(self, records: Iterable[Mapping[str, Any]]) -> bytes:
        """The same for rows of values that JSON has, by their names: no value is looked at."""
        tail = b',"emitted_at":%d}}\n' % int(self._now() * 1000)
        head, encode = self._head, self._encoder.encode
        return b"".join([head + encode(record) + tail for record in records])

    def _encode(self, data: dict[str, Any], row: Row) -> bytes:
        if STRAIGHT.issuperset(map(type, row)):
            try:
                return self._encoder.encode(data)
            except UnicodeEncodeError:
                pass  # half of a surrogate pair, which can't be encoded: replaced below
        return self._encoder.encode({column: jsonable(value) for column, value in data.items()})


def state_line(stream: str, number: int, state: Mapping[str, Any], rows: int) -> bytes:
    """Returns a STATE of the stream; `rows` is how many rows were sent since the previous one."""
    content = {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": stream}, "stream_state": state},
        "sourceStats": {"recordCount": float(rows)},
        "id": number,
    }
    return msgspec.json.encode({"type": "STATE", "state": content}) + _LINE_END


def complete_line(stream: str, now_s: float) -> bytes:
    """Returns the message that the source has read everything."""
    status = {"stream_descriptor": {"name": stream}, "status": "COMPLETE"}
    trace = {"type": "STREAM_STATUS", "emitted_at": float(int(now_s * 1000)), "stream_status": status}
    return msgspec.json.encode({"type": "TRACE", "trace": trace}) + _LINE_END
