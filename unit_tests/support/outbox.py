"""Standard output, read back as messages."""

from __future__ import annotations

import io
import json
from typing import Any


class Outbox(io.BytesIO):
    """Only what was flushed counts as sent."""

    def __init__(self) -> None:
        super().__init__()
        self._flushed = 0

    def flush(self) -> None:
        self._flushed = self.tell()

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue()[: self._flushed].splitlines()]

    def of(self, kind: str) -> list[Any]:
        """The contents of the messages of one type."""
        return [message[kind.lower()] for message in self.messages if message["type"] == kind]

    @property
    def log_texts(self) -> list[str]:
        return [log["message"] for log in self.of("LOG")]

    @property
    def stream_statuses(self) -> list[dict[str, Any]]:
        return [trace["stream_status"] for trace in self.of("TRACE") if trace["type"] == "STREAM_STATUS"]
