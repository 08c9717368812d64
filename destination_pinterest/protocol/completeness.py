"""Whether all of a stream has come. The end of the input proves nothing: it comes on success, failure and cancel alike.

What proves it, if no record of the stream follows:

- the status COMPLETE, which hosts that know of refreshes send once the source has ended well; from these, nothing else
  counts;
- from other hosts, for a full refresh that can't be resumed, the empty state that a platform injects for a stream
  without states of its own, once the source has ended well;
- from other hosts, for a full refresh, a source's own end marker as the stream's last state. How much that is worth is
  doubtful: the CDK writes `__ab_no_cursor_state_message` also for a stream that broke off, and then fails, which such a
  host does not pass on. So it is a setting, and a status INCOMPLETE takes every proof back.

Source: airbytehq/airbyte-platform 310e6cb6, StreamStatusCompletionTracker.kt and MissingStateInjector.kt;
airbytehq/airbyte-python-cdk 9cc7b80, checkpoint_reader.py; airbyte-cdk 7.39.1, concurrent_read_processor.py (read and
run 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.protocol.checkpoint import UNREADABLE, DescribedStream, StreamDescriptor

_END_MARKERS: Final = ("__ab_full_refresh_sync_complete", "__ab_no_cursor_state_message")


class _StreamStatus(msgspec.Struct, frozen=True):
    stream_descriptor: StreamDescriptor
    status: str


class _Trace(msgspec.Struct, frozen=True):
    type: str
    stream_status: _StreamStatus | None = None


class Completeness:
    """Collects proofs.

    Args:
        streams: those of which somebody will ask.
        trust_end_markers: whether a source's own end marker is a proof.
    """

    def __init__(self, streams: Iterable[ConfiguredStream], *, trust_end_markers: bool) -> None:
        self._streams = {stream.key: stream for stream in streams}
        self._trust_end_markers = trust_end_markers
        self._by_status: set[StreamKey] = set()
        self._by_state: set[StreamKey] = set()
        self._broken: set[StreamKey] = set()

    @property
    def watched(self) -> frozenset[StreamKey]:
        """The streams whose messages are to be told."""
        return frozenset(self._streams)

    def is_complete(self, stream: StreamKey) -> bool:
        """Whether all of the stream is proven to have come."""
        return stream in self._by_status or (stream in self._by_state and stream not in self._broken)

    def record_came(self, stream: StreamKey) -> None:
        """There was more to come: what seemed to be the end was none."""
        self._by_status.discard(stream)
        self._by_state.discard(stream)

    def status_came(self, trace: msgspec.Raw) -> None:
        """Takes the `trace` of a TRACE message; one that is no stream's status says nothing here."""
        try:
            content = msgspec.json.decode(trace, type=_Trace)
        except UNREADABLE:
            return
        if content.type != "STREAM_STATUS" or content.stream_status is None:
            return
        stream = _key(content.stream_status.stream_descriptor)
        if content.stream_status.status == "COMPLETE":
            self._by_status.add(stream)
        elif content.stream_status.status == "INCOMPLETE":
            self._by_status.discard(stream)
            self._broken.add(stream)

    def state_came(self, described: DescribedStream) -> None:
        """Takes the `stream` of a STATE message; a stream's last one decides."""
        key = _key(described.stream_descriptor)
        stream = self._streams.get(key)
        if stream is not None and self._is_proof(stream, described.stream_state):
            self._by_state.add(key)
        else:
            self._by_state.discard(key)

    def _is_proof(self, stream: ConfiguredStream, stream_state: msgspec.Raw) -> bool:
        if stream.has_generation or stream.sync_mode != "full_refresh":
            return False
        try:
            content = msgspec.json.decode(stream_state, type=dict[str, msgspec.Raw] | None)
        except UNREADABLE:
            return False
        if not content:
            return not stream.is_resumable
        is_marked = any(bytes(content.get(marker, b"")) == b"true" for marker in _END_MARKERS)
        return is_marked and self._trust_end_markers


def _key(descriptor: StreamDescriptor) -> StreamKey:
    return StreamKey(descriptor.namespace, descriptor.name)
