"""What every host of a destination does: it hands over a catalog, and relays a source into standard input.

Source: airbytehq/airbyte-protocol at 776eede, ConfiguredAirbyteStream (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from integration_tests.orchestrator.sent import Sent
from integration_tests.orchestrator.source import KeptStates, Source
from integration_tests.orchestrator.streams import Descriptor, Stream

EMITTED_AT_S = 1_764_000_000
EMITTED_AT_MS = EMITTED_AT_S * 1000


@dataclass(frozen=True)
class SyncIds:
    """The ids of an attempt: the job's, and per stream the generation and the lowest that is to be kept."""

    sync_id: int
    generations: Mapping[Descriptor, int] = field(default_factory=dict)
    minimum_generations: Mapping[Descriptor, int] = field(default_factory=dict)


class Host(Protocol):
    """Somebody who runs destinations."""

    @property
    def resumes_full_refreshes(self) -> bool:
        """Whether a later attempt of a job continues a resumable full refresh, in the same generation."""

    @property
    def counts_attempts(self) -> bool:
        """Whether a later attempt that starts from nothing is a generation of its own."""

    def environment(self, attempt: int) -> Mapping[str, str]:
        """What the destination's process finds in its environment, at a job's attempt, of which the first is 0."""

    def catalog(self, streams: Sequence[Stream], ids: SyncIds) -> dict[str, Any]:
        """The configured catalog that the destination gets."""

    def relay(self, source: Source, kept: KeptStates, streams: Sequence[Stream]) -> Iterator[Sent]:
        """What goes into the destination's standard input, from the first line to the last."""


def configured_stream(stream: Stream) -> dict[str, Any]:
    mode = stream.destination_sync_mode
    described: dict[str, Any] = {
        **stream.descriptor.json,
        "json_schema": {"type": "object", "properties": {column: {} for column in stream.columns}},
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": False,
        "is_resumable": stream.is_resumable,
    }
    configured: dict[str, Any] = {
        "stream": described,
        "sync_mode": stream.sync_mode,
        "cursor_field": [],
        "destination_sync_mode": "overwrite" if mode == "overwrite_dedup" else mode,
        "primary_key": [[column] for column in stream.primary_key],
    }
    if stream.destination_object_name is not None:
        configured["destination_object_name"] = stream.destination_object_name
    return configured
