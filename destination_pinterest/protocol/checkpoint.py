"""The checkpoint ledger: queues each state until everything before it is safe, then releases states in order.

A state is returned as it arrived, byte for byte where it matters (`id`, big integers, 1.10), with the platform's counts
added: how many records of the stream came since its previous state, and how many of them were rejected.

Source: docs.airbyte.com partner-certified destinations; the orchestrator adds the two counts and compares them with the
source's (airbytehq/airbyte-platform 310e6cb6, StateCheckSumCountEventHandler.kt, read 2026-11-22). It counts states by
stream, and a destination may leave some out (StatsTracker.kt at 12dbc7c0, read 2026-11-27).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ProtocolError
from destination_pinterest.protocol.catalog import StreamKey

NOTHING: Final = msgspec.Raw(b"null")
# Between values, JSON may have line ends, at which hosts end a message; within texts it can't.
_ONE_LINE: Final = bytes.maketrans(b"\r\n", b"  ")
# What msgspec raises for bytes of another type than expected; text that is not UTF-8 raises no DecodeError.
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class StreamDescriptor(msgspec.Struct, frozen=True):
    """Which stream a message is about."""

    name: str
    namespace: str | None = None


class StreamState(msgspec.Struct, frozen=True):
    """The part of a state that says which stream it belongs to."""

    type: str | None = None
    stream: DescribedStream | None = None


class DescribedStream(msgspec.Struct, frozen=True):
    """The part of `state.stream` that is read; `stream_state` as it came, null if it is missing."""

    stream_descriptor: StreamDescriptor
    stream_state: msgspec.Raw = NOTHING


class StreamTally:
    """Counts of one stream's records since its last state. Updated directly, since every row passes here."""

    __slots__ = ("received", "rejected")

    def __init__(self) -> None:
        self.received = 0
        self.rejected = 0


class _QueuedState(msgspec.Struct, frozen=True):
    """A state; `stream` is None if it is global."""

    position: int
    state: bytes
    stream: StreamKey | None


class CheckpointLedger:
    """Queues states with their counts and releases them once they are safe.

    A position is the number of records (of all streams) that came before. A state at position 7 is safe once each of
    the first seven records is accepted by Pinterest or counted as rejected.
    """

    def __init__(self) -> None:
        self._tallies: dict[StreamKey, StreamTally] = {}
        self._queued: deque[_QueuedState] = deque()
        self._dropped_behind: dict[StreamKey, int] = {}

    def tally(self, stream: StreamKey) -> StreamTally:
        """Returns the running counts of one stream; the same object on every call."""
        return self._tallies.setdefault(stream, StreamTally())

    def queue_state(self, state: msgspec.Raw, position: int) -> DescribedStream | None:
        """Queues a state that came after `position` records, and closes its counts.

        Returns:
            The state's stream; None if it is a global state.

        Raises:
            ProtocolError: the state has the legacy form, or is not text.
        """
        owner = decode_state_owner(state)
        _check_is_text(state)
        stream: StreamKey | None = None
        if owner.stream is None or owner.type == "GLOBAL":
            tallies = list(self._tallies.values())
        else:
            descriptor = owner.stream.stream_descriptor
            stream = StreamKey(descriptor.namespace, descriptor.name)
            tallies = [self.tally(stream)]
        queued = _QueuedState(position, _with_counts(state, tallies), stream)
        if self._is_wanted(queued):
            self._queued.append(queued)
        for tally in tallies:
            tally.received = tally.rejected = 0
        return owner.stream

    def drop(self, streams: Iterable[StreamKey], position: int) -> None:
        """Drops, now and later, the states of streams that come after more than `position` records.

        Global states behind it are dropped too, since they stand for all streams. The states of other streams keep
        their order: hosts hold states against each other by stream.
        """
        for stream in streams:
            self._dropped_behind[stream] = min(position, self._dropped_behind.get(stream, position))
        self._queued = deque(filter(self._is_wanted, self._queued))

    def _is_wanted(self, queued: _QueuedState) -> bool:
        if not self._dropped_behind:
            return True
        if queued.stream is None:
            return queued.position <= min(self._dropped_behind.values())
        return queued.position <= self._dropped_behind.get(queued.stream, queued.position)

    def release(self, watermark: int) -> list[bytes]:
        """Returns the states before which every record is safe, oldest first, as the content of `state`."""
        released = []
        while self._queued and self._queued[0].position <= watermark:
            released.append(self._queued.popleft().state)
        return released

    @property
    def queued(self) -> int:
        """How many states are queued."""
        return len(self._queued)


def _check_is_text(state: msgspec.Raw) -> None:
    """Raises ProtocolError for what is not UTF-8: no host could read it again, and each would alter it otherwise."""
    try:
        bytes(state).decode()
    except UnicodeDecodeError:
        raise ProtocolError(
            Code.STATE_NOT_TEXT,
            "A STATE message is not UTF-8, so it can't be returned as it came. Correct the cursor's value where the "
            "data comes from.",
        ) from None


def _with_counts(state: msgspec.Raw, tallies: list[StreamTally]) -> bytes:
    rejected = sum(tally.rejected for tally in tallies)
    accepted = sum(tally.received for tally in tallies) - rejected
    # The protocol wants a decimal point in each count.
    content = msgspec.json.decode(bytes(state).translate(_ONE_LINE), type=dict[str, msgspec.Raw])
    content["destinationStats"] = msgspec.Raw(
        f'{{"recordCount":{accepted}.0,"rejectedRecordCount":{rejected}.0}}'.encode()
    )
    return msgspec.json.encode(content)


def decode_state_owner(raw: msgspec.Raw) -> StreamState:
    """Returns the part of a state that says which stream it belongs to.

    Raises:
        ProtocolError: the state has the legacy form or names no stream.
    """
    try:
        owner = msgspec.json.decode(raw, type=StreamState)
    except UNREADABLE:
        raise ProtocolError(
            Code.SOURCE_OUTDATED, "A STATE message has no readable `state`. Update the source connector."
        ) from None
    if owner.type == "GLOBAL" or (owner.type == "STREAM" and owner.stream is not None):
        return owner
    raise ProtocolError(
        Code.SOURCE_OUTDATED,
        f"The source sends states of type {owner.type or 'LEGACY'}, which no current platform uses. Update the source "
        "connector to one that sends STREAM or GLOBAL states.",
    )
