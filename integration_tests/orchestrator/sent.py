"""What goes into a destination's standard input, line by line, and what is known of each line.

Source: ParallelStreamStatsTracker.kt: a state's count is what came since the state before it (read 2026-11-22).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec

from integration_tests.orchestrator.streams import Descriptor, GlobalState, LegacyState, State, StreamState


@dataclass(frozen=True)
class SentRecord:
    """A row as it went out."""

    line: bytes
    stream: Descriptor


@dataclass(frozen=True)
class SentState:
    """A state as it went out. `records` came since the state before it: of its stream, or of all for a global one."""

    line: bytes
    state: State
    id: int | None
    records: int


@dataclass(frozen=True)
class SentOther:
    """Anything else that goes out."""

    line: bytes


@dataclass(frozen=True)
class SourceEnded:
    """Nothing goes out: from here on the host speaks for itself."""


Sent = SentRecord | SentState | SentOther | SourceEnded


class CountsSinceState:
    """Records of each stream since its last state."""

    def __init__(self) -> None:
        self._counts: Counter[Descriptor] = Counter()

    def add(self, stream: Descriptor) -> None:
        self._counts[stream] += 1

    def take(self, state: State) -> int:
        """The count that belongs to a state; the next one starts from zero."""
        if isinstance(state, StreamState):
            return self._counts.pop(state.stream, 0)
        total = self._counts.total()
        self._counts.clear()
        return total


def state_content(state: State) -> dict[str, Any]:
    """The content of `state` without nulls, but for a blob that says null."""
    if isinstance(state, GlobalState):
        return {"type": "GLOBAL", "global": msgspec.Raw(state.content.encode())}
    if isinstance(state, LegacyState):
        return {"type": "LEGACY", "data": msgspec.Raw(state.data.encode())}
    stream: dict[str, Any] = {"stream_descriptor": state.stream.json}
    if state.blob is not None:
        stream["stream_state"] = msgspec.Raw(state.blob.encode())
    return {"type": "STREAM", "stream": stream}
