"""Decides whether a stream is complete. The end of the input proves nothing: it follows success and failure alike.

Proof, if no record of the stream follows, is:

- the status COMPLETE, which hosts that support refreshes send once the source has succeeded; from these hosts, nothing
else counts; - from other hosts, for a full refresh that can't be resumed, the empty state that a platform injects for a
stream without states of its own, once the source has succeeded; - from other hosts, for a full refresh, a source's own
end marker as the stream's last state. This proof is weak: the CDK also writes `__ab_no_cursor_state_message` for a
stream that broke off, and then fails, which such a host does not pass on. So it is a setting, and a status INCOMPLETE
cancels every proof.

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
    """Collects the proofs that streams are complete.

    Args:
        streams: the streams to watch.
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
        """The streams whose messages are wanted."""
        return frozenset(self._streams)

    def is_complete(self, stream: StreamKey) -> bool:
        """Whether the stream is proven to be complete."""
        return stream in self._by_status or (stream in self._by_state and stream not in self._broken)

    def on_record(self, stream: StreamKey) -> None:
        """Takes note of another record, so that earlier proof does not count."""
        self._by_status.discard(stream)
        self._by_state.discard(stream)

    def on_status(self, trace: msgspec.Raw) -> None:
        """Takes the `trace` of a TRACE message; ignores it unless it is a stream's status."""
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

    def on_state(self, described: DescribedStream) -> None:
        """Takes the `stream` of a STATE message; a stream's last state decides."""
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
