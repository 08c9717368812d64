"""PyAirbyte: 1 for every id, no state ids, and messages that name every key there is, nearly all of them null.

Source: airbyte 0.71.3: _message_iterators.py, shared/catalog_providers.py, destinations/base.py, _executors/base.py
(read 2026-11-22); airbyte-protocol-models, whose `model_dump_json` writes `global_` (run 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integration_tests.orchestrator.exact_json import line, written
from integration_tests.orchestrator.hosts import EMITTED_AT_MS, EMITTED_AT_S, SyncIds, configured_stream
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
from integration_tests.orchestrator.streams import (
    Descriptor,
    GlobalState,
    LegacyState,
    Other,
    Record,
    State,
    Stream,
    StreamState,
)

_NULLS = dict.fromkeys(
    ("log", "spec", "connectionStatus", "catalog", "record", "state", "trace", "control", "destination_catalog")
)


class NeverReachesADestinationError(Exception):
    """PyAirbyte itself stumbles over this."""


@dataclass(frozen=True)
class PyAirbyte:
    """The Python library.

    With a cache the source is read first, so that a source that fails never reaches the destination; the rows come from
    the cache, stream by stream, in lower-case columns beside the cache's own. Without, the source's messages pass as
    they are, those of no concern to a destination included. Whatever runs PyAirbyte again continues from its states.
    """

    cache: bool = True
    resumes_full_refreshes: bool = True
    counts_attempts: bool = True

    def environment(self, attempt: int) -> Mapping[str, str]:
        """See `Host.environment`."""
        return {}

    def catalog(self, streams: Sequence[Stream], ids: SyncIds) -> dict[str, Any]:
        """See `Host.catalog`. The job's ids never come here."""
        ones = {"generation_id": 1, "minimum_generation_id": 1, "sync_id": 1}
        return {"streams": [{**configured_stream(stream), **ones} for stream in streams]}

    def relay(self, source: Source, kept: KeptStates, streams: Sequence[Stream]) -> Iterator[Sent]:
        """See `Host.relay`.

        Raises:
            NeverReachesADestinationError: by way of a cache, a state that is no stream's own and whatever a source says
                that fails.
        """
        return self._from_cache(source, kept, streams) if self.cache else self._as_it_comes(source, kept)

    @staticmethod
    def _from_cache(source: Source, kept: KeptStates, streams: Sequence[Stream]) -> Iterator[Sent]:
        rows: dict[Descriptor, list[Record]] = {stream.descriptor: [] for stream in streams}
        last: dict[Descriptor, StreamState] = {}
        for message in source.read(kept):
            if isinstance(message, Record):
                rows[message.stream].append(message)
            elif isinstance(message, StreamState):
                last[message.stream] = message
            elif isinstance(message, GlobalState | LegacyState):
                raise NeverReachesADestinationError(
                    f"PyAirbyte's cache hands on states of streams only, and here is {message}."
                )
        if source.exit_code:
            raise NeverReachesADestinationError(
                "PyAirbyte fills its cache first, so this source's failure ends it before a destination starts."
            )
        for stream in streams:
            without_namespace = Descriptor(stream.name)
            for row in rows[stream.descriptor]:
                yield SentRecord(_record(without_namespace, _cached(row.data), EMITTED_AT_S), without_namespace)
            if stream.descriptor in last:
                state = StreamState(without_namespace, last[stream.descriptor].blob)
                yield _state(state, len(rows[stream.descriptor]))
            if stream is streams[-1]:
                yield SourceEnded()
            yield SentOther(_complete(without_namespace))

    @staticmethod
    def _as_it_comes(source: Source, kept: KeptStates) -> Iterator[Sent]:
        counts = CountsSinceState()
        for message in source.read(kept):
            if isinstance(message, Record):
                counts.add(message.stream)
                content = _record(message.stream, message.data, EMITTED_AT_MS)
                yield SentRecord(content, message.stream)
            elif isinstance(message, Other):
                yield SentOther(_line(message.message))
            else:
                yield _state(message, counts.take(message))
        yield SourceEnded()


PYAIRBYTE = PyAirbyte()
PYAIRBYTE_WITHOUT_CACHE = PyAirbyte(cache=False)


def _line(message: Mapping[str, Any]) -> bytes:
    return line({**_NULLS, **message})


def _complete(stream: Descriptor) -> bytes:
    content = {"stream_descriptor": {"name": stream.name, "namespace": None}, "status": "COMPLETE", "reasons": None}
    trace = {"type": "STREAM_STATUS", "emitted_at": EMITTED_AT_S + 0.25, "stream_status": content}
    return _line({"type": "TRACE", "trace": {**trace, "estimate": None, "error": None, "analytics": None}})


def _record(stream: Descriptor, data: Mapping[str, Any], emitted_at: int) -> bytes:
    described = {"namespace": stream.namespace, "stream": stream.name, "meta": None, "file_reference": None}
    return _line({"type": "RECORD", "record": {**described, "data": written(dict(data)), "emitted_at": emitted_at}})


def _state(state: State, records: int) -> SentState:
    content = dict.fromkeys(("stream", "global_", "data", "sourceStats", "destinationStats"))
    content |= {key.replace("global", "global_"): value for key, value in state_content(state).items()}
    return SentState(_line({"type": "STATE", "state": content}), state, None, records)


def _cached(data: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it comes out of PyAirbyte's cache."""
    return {
        **{column.lower(): value for column, value in data.items()},
        "_airbyte_raw_id": "01JD0000000000000000000000",
        "_airbyte_extracted_at": "2025-11-24T16:00:00+00:00",
        "_airbyte_meta": {},
    }
