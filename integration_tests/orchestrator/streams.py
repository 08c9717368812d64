"""What a user configured for each stream of a connection, and what a source says about a stream.

State blobs are JSON texts, not Python objects, so that every digit of them can be followed.

Source: airbytehq/airbyte-protocol at 776eede, airbyte_protocol.yaml (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Descriptor:
    """Which stream: its name within its namespace."""

    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        return self.name if self.namespace is None else f"{self.namespace}.{self.name}"

    @property
    def json(self) -> dict[str, str]:
        """As the platform writes it, without nulls."""
        return {"name": self.name} if self.namespace is None else {"name": self.name, "namespace": self.namespace}


@dataclass(frozen=True)
class Record:
    """A row that the source read."""

    stream: Descriptor
    data: Mapping[str, Any]


@dataclass(frozen=True)
class StreamState:
    """How far the source is in one stream. The blob is a JSON text; None is the null state of a clear."""

    stream: Descriptor
    blob: str | None


@dataclass(frozen=True)
class GlobalState:
    """How far the source is in all streams: the JSON text of `state.global`."""

    content: str


@dataclass(frozen=True)
class LegacyState:
    """A state of the form that came before streams had one each: the JSON text of `state.data`."""

    data: str


@dataclass(frozen=True)
class Other:
    """A message of the source that is neither record nor state."""

    message: Mapping[str, Any]


SourceMessage = Record | StreamState | GlobalState | LegacyState | Other
State = StreamState | GlobalState | LegacyState


@dataclass(frozen=True)
class Stream:
    """One stream as the user set it up.

    `destination_sync_mode` is the user's choice and may be `overwrite_dedup`, which no destination ever sees.
    """

    name: str
    namespace: str | None = None
    columns: tuple[str, ...] = ("email",)
    sync_mode: str = "incremental"
    destination_sync_mode: str = "append_dedup"
    primary_key: tuple[str, ...] = ()
    is_resumable: bool = False
    destination_object_name: str | None = None

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(self.name, self.namespace)

    @property
    def is_full_refresh(self) -> bool:
        return self.sync_mode == "full_refresh"

    def record(self, **data: Any) -> Record:
        return Record(self.descriptor, data)

    def state(self, blob: str | None) -> StreamState:
        return StreamState(self.descriptor, blob)

    def status(self, status: str) -> Other:
        """What a source says of its own progress: STARTED, RUNNING, COMPLETE or INCOMPLETE."""
        content = {"stream_descriptor": self.descriptor.json, "status": status}
        trace = {"type": "STREAM_STATUS", "emitted_at": 1_764_000_000_000.0, "stream_status": content}
        return Other({"type": "TRACE", "trace": trace})
