"""The format of a rejected row: the reason, the column, and the key by which its owner can find it.

No value that identifies a person is written unless the settings ask for refused values. A primary key may be such a
value itself, so only the SHA-256 is written of a key column that identifies people or has an @ in its value.

Source: airbytehq/airbyte, destination-customer-io, CustomerIoLoader.kt (`rejected_reason`, `rejected_field`,
`rejected_message`; read 2026-11-22); the other keys are ours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from typing import Any

import orjson

from destination_pinterest.identity.recognition import recognise_columns
from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.input import MessageDecoder


class DeadLetterFormat:
    """Writes rejected rows of one stream as lines of JSON.

    Args:
        stream: whose rows they are.
        primary_key: the key's columns, if any. The decoder must read them.
        identity_columns: the columns that identify people, declared or recognised.
        decoder: the one that decoded the rows.
        include_values: whether refused values are written, and key columns as they are.
    """

    def __init__(
        self,
        stream: StreamKey,
        primary_key: Sequence[str],
        identity_columns: Collection[str],
        decoder: MessageDecoder,
        *,
        include_values: bool,
    ) -> None:
        self._stream = stream
        self._decoder = decoder
        self._include_values = include_values
        recognised = {identity.column for identity in recognise_columns(primary_key)}
        self._key = [
            (column, decoder.reader_of(column), column in recognised or column in identity_columns)
            for column in primary_key
        ]

    def line(self, row: Any, rejection: Rejection) -> bytes:
        """Returns a JSON object on a line of its own, newline included.

        `primary_key` maps columns to values, with {"sha256": hexadecimal digits} in place of protected values; null if
        the stream has no key. `rejected_value` is present if values are wanted and one column is at fault.
        """
        content: dict[str, Any] = {
            "rejected_reason": rejection.reason.value,
            "rejected_field": rejection.column,
            "rejected_message": rejection.reason.sentence,
            "stream_name": self._stream.name,
            "stream_namespace": self._stream.namespace,
            "primary_key": self._primary_key(row) if self._key else None,
        }
        if self._include_values and rejection.column is not None:
            content["rejected_value"] = self._decoder.reader_of(rejection.column)(row)
        return _json(content) + b"\n"

    def _primary_key(self, row: Any) -> dict[str, Any]:
        return {column: self._key_value(read(row), identifies) for column, read, identifies in self._key}

    def _key_value(self, value: object, identifies: bool) -> object:
        if value is None or self._include_values:
            return value
        text = value if isinstance(value, str) else _json(value).decode()
        if identifies or "@" in text:
            return {"sha256": hashlib.sha256(text.encode()).hexdigest()}
        return value


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # An integer of more than 64 bits, which orjson can't write.
        return json.dumps(value, ensure_ascii=True).encode()
