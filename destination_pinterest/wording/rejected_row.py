"""What is said of a rejected row: the reason, the column, and the key by which its owner can find it.

No value that identifies a person is given unless that is asked for. A primary key may be such a value itself, so only
the SHA-256 is given of a key column that identifies people or has an @ in its value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from typing import Any

import orjson

from destination_pinterest.identity.recognition import recognise_columns
from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.markers import PLACE_MEMBER
from destination_pinterest.protocol.input import MessageDecoder


class RejectedRowText:
    """Describes rejected rows of one stream.

    Args:
        primary_key: the key's columns, if any. The decoder must read them.
        identity_columns: the columns that identify people, declared or recognised.
        decoder: the one that decoded the rows.
        include_values: whether refused values are given, and key columns as they are.
    """

    def __init__(
        self,
        primary_key: Sequence[str],
        identity_columns: Collection[str],
        decoder: MessageDecoder,
        *,
        include_values: bool,
    ) -> None:
        self._decoder = decoder
        self.include_values = include_values
        recognised = {identity.column for identity in recognise_columns(primary_key)}
        self._key = [
            (column, decoder.reader_of(column), column in recognised or column in identity_columns)
            for column in primary_key
        ]

    def key(self, row: Any) -> dict[str, Any] | None:
        """Returns the primary key's columns and values, protected ones as {"sha256": …}; None if there is no key."""
        if not self._key:
            return None
        return {column: self._key_value(read(row), identifies) for column, read, identifies in self._key}

    def value(self, row: Any, column: str) -> object:
        """Returns the value of a column that is at fault."""
        return self._decoder.reader_of(column)(row)

    def placed(self, row: Any, rejection: Rejection, *, row_is_used: bool) -> dict[str, Any]:
        """Returns the row as the command line writes it down. The decoder must read PLACE_MEMBER."""
        place = self._decoder.reader_of(PLACE_MEMBER)(row)
        file, line = place if isinstance(place, list) and len(place) == 2 else (None, None)
        content: dict[str, Any] = {
            "file": file,
            "line": line,
            "primary_key": self.key(row),
            "row_used": row_is_used,
            "column": rejection.column,
            "reason": rejection.reason.value,
            "message": rejection.reason.sentence,
        }
        if self.include_values:
            content["value"] = None if rejection.column is None else self.value(row, rejection.column)
        return content

    def _key_value(self, value: object, identifies: bool) -> object:
        if value is None or self.include_values:
            return value
        text = value if isinstance(value, str) else json_line(value).decode()
        if identifies or "@" in text:
            return {"sha256": hashlib.sha256(text.encode()).hexdigest()}
        return value


def json_line(value: object) -> bytes:
    """Returns the value as JSON in one line."""
    try:
        return orjson.dumps(value)
    except TypeError:  # An integer of more than 64 bits, which orjson can't write.
        return json.dumps(value, ensure_ascii=True).encode()
