"""A current Airbyte platform, for connectors of its registry and for those that were added by their image.

Source: airbytehq/airbyte-platform 310e6cb6: DefaultProtocolSerializer.kt, StateEnricher.kt, StateWithId.kt,
MissingStateInjector.kt, StreamStatusCompletionTracker.kt, ReplicationTask.kt, ReplicationInputHydrator.kt,
AttemptHandler.kt (read 2026-11-22); WorkerEnvConstants.kt (read 2026-11-27).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integration_tests.orchestrator.exact_json import line, written
from integration_tests.orchestrator.hosts import EMITTED_AT_MS, SyncIds, configured_stream
from integration_tests.orchestrator.sent import (
    CountsSinceState,
    Sent,
    SentOther,
    SentRecord,
    SentState,
    SourceEnded,
    state_content,
)
from integration_tests.orchestrator.source import KeptStates, Source
from integration_tests.orchestrator.streams import Descriptor, Other, Record, State, Stream, StreamState


@dataclass(frozen=True)
class Platform:
    """A current Airbyte platform.

    `supports_refreshes` is what the destination's metadata says; a connector that was added by its image is taken for
    one that says nothing. `resumes_full_refreshes` is the feature flag platform.enable-resumable-full-refresh, which is
    off by default. `counts_attempts` is true of the platform that was read; what a generation is, is the host's matter,
    so a destination should be right with one that keeps it for all attempts of a job, too.
    """

    supports_refreshes: bool = True
    resumes_full_refreshes: bool = False
    counts_attempts: bool = True

    def environment(self, attempt: int) -> Mapping[str, str]:
        """See `Host.environment`."""
        return {"WORKER_JOB_ATTEMPT": str(attempt)}

    def catalog(self, streams: Sequence[Stream], ids: SyncIds) -> dict[str, Any]:
        """See `Host.catalog`."""
        return {"streams": [self._configured(stream, ids) for stream in streams]}

    def relay(self, source: Source, kept: KeptStates, streams: Sequence[Stream]) -> Iterator[Sent]:
        """See `Host.relay`. Only records and states of the source go through."""
        states = _StateEnricher()
        for message in source.read(kept):
            if isinstance(message, Record):
                yield states.count(message.stream, _record(message))
            elif not isinstance(message, Other):
                yield states.enrich(message)
        yield SourceEnded()
        if source.exit_code:
            return
        for stream in states.streams_without_any(streams):
            yield states.enrich(stream.state("{}"))
        if self.supports_refreshes:
            for stream in streams:
                yield SentOther(line(_complete(stream.descriptor)))

    def _configured(self, stream: Stream, ids: SyncIds) -> dict[str, Any]:
        configured = configured_stream(stream)
        mode = stream.destination_sync_mode
        if not self.supports_refreshes:
            return {**configured, "destination_sync_mode": "overwrite" if mode == "overwrite_dedup" else mode}
        return {
            **configured,
            "destination_sync_mode": {"overwrite": "append", "overwrite_dedup": "append_dedup"}.get(mode, mode),
            "generation_id": ids.generations[stream.descriptor],
            "minimum_generation_id": ids.minimum_generations[stream.descriptor],
            "sync_id": ids.sync_id,
        }


CURRENT_PLATFORM = Platform()
PLATFORM_THAT_RESUMES_FULL_REFRESHES = Platform(resumes_full_refreshes=True)
PLATFORM_THAT_COUNTS_JOBS = Platform(counts_attempts=False)
CUSTOM_CONNECTOR = Platform(supports_refreshes=False)


class _StateEnricher:
    """Numbers the states, adds the source's counts, and knows which streams had none."""

    def __init__(self) -> None:
        self._counts = CountsSinceState()
        self._seen: set[Descriptor] = set()
        self._is_global = False
        self._last_id = 0

    def count(self, stream: Descriptor, content: bytes) -> SentRecord:
        self._counts.add(stream)
        return SentRecord(content, stream)

    def enrich(self, state: State) -> SentState:
        if isinstance(state, StreamState):
            self._seen.add(state.stream)
        else:
            self._is_global = True
        self._last_id += 1
        records = self._counts.take(state)
        content = {**state_content(state), "sourceStats": {"recordCount": float(records)}, "id": self._last_id}
        return SentState(line({"type": "STATE", "state": content}), state, self._last_id, records)

    def streams_without_any(self, streams: Sequence[Stream]) -> list[Stream]:
        """Those that the platform says are complete by an empty state of its own."""
        if self._is_global:
            return []
        return [
            stream
            for stream in streams
            if stream.is_full_refresh and not stream.is_resumable and stream.descriptor not in self._seen
        ]


def _record(record: Record) -> bytes:
    content = {"stream": record.stream.name, "data": written(dict(record.data)), "emitted_at": EMITTED_AT_MS}
    if record.stream.namespace is not None:
        content["namespace"] = record.stream.namespace
    return line({"type": "RECORD", "record": content})


def _complete(stream: Descriptor) -> dict[str, Any]:
    content = {"stream_descriptor": stream.json, "status": "COMPLETE"}
    trace = {"type": "STREAM_STATUS", "emitted_at": float(EMITTED_AT_MS), "stream_status": content}
    return {"type": "TRACE", "trace": trace}
