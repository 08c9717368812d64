"""The format of a rejected row in a bucket.

Source: airbytehq/airbyte, destination-customer-io, CustomerIoLoader.kt (`rejected_reason`, `rejected_field`,
`rejected_message`; read 2026-11-22); the other keys are ours.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.wording.rejected_row import RejectedRowText, json_line


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
        self._text = RejectedRowText(primary_key, identity_columns, decoder, include_values=include_values)

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
            "primary_key": self._text.key(row),
        }
        if self._text.include_values and rejection.column is not None:
            content["rejected_value"] = self._text.value(row, rejection.column)
        return json_line(content) + b"\n"
