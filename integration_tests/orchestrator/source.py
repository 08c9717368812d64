"""Sources: what they say, given the states that earlier attempts left, and how they end.

A real source continues where its state says. A scripted one finds that place in its script, so that a resumed attempt
needs no script of its own. A test with a table behind it writes its own `Source` instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from integration_tests.orchestrator.streams import (
    Descriptor,
    GlobalState,
    Record,
    SourceMessage,
    StreamState,
)


@dataclass(frozen=True)
class KeptStates:
    """The states that were acknowledged and kept: JSON texts, per stream, and for all streams at once."""

    streams: Mapping[Descriptor, str] = field(default_factory=dict)
    all_streams: str | None = None


class Source(Protocol):
    """Something to read from."""

    @property
    def exit_code(self) -> int:
        """How it ends, after its last message."""

    def read(self, kept: KeptStates) -> Iterator[SourceMessage]:
        """What it says when it continues from these states."""


@dataclass(frozen=True)
class ScriptedSource:
    """Says what the script holds after the kept states, and ends.

    It continues after the first state that equals the kept one, so the states of one script should differ; where they
    don't, it says more than is needed and never less. A kept state that the script does not hold, such as one of an
    earlier job, comes before all of it.
    """

    script: tuple[SourceMessage, ...]
    exit_code: int = 0

    def read(self, kept: KeptStates) -> Iterator[SourceMessage]:
        """See `Source.read`."""
        script = self._after_global(kept.all_streams)
        done = {stream: self._position_of(StreamState(stream, blob)) for stream, blob in kept.streams.items()}
        for position, message in script:
            if not isinstance(message, Record | StreamState) or position > done.get(message.stream, -1):
                yield message

    def _after_global(self, content: str | None) -> list[tuple[int, SourceMessage]]:
        start = -1 if content is None else self._position_of(GlobalState(content))
        return list(enumerate(self.script))[start + 1 :]

    def _position_of(self, state: StreamState | GlobalState) -> int:
        return self.script.index(state) if state in self.script else -1


def scripted(*messages: SourceMessage, exit_code: int = 0) -> ScriptedSource:
    """A source that says this."""
    return ScriptedSource(messages, exit_code)


@dataclass(frozen=True)
class EmptySource:
    """The source of a clear: no rows, and a null state for each cleared stream if any stream still has a state.

    The platform forgets the states of the cleared streams before it reads, so a clear of all streams brings no state of
    its own. Source: EmptyAirbyteSource.kt, AttemptHandler.kt (read 2026-11-22).
    """

    cleared: tuple[Descriptor, ...]
    exit_code: int = 0

    def read(self, kept: KeptStates) -> Iterator[SourceMessage]:
        """See `Source.read`."""
        if kept.all_streams is not None:
            states = [{"stream_descriptor": stream.json} for stream in self.cleared]
            yield GlobalState(json.dumps({"stream_states": states}))
        elif kept.streams:
            for stream in self.cleared:
                yield StreamState(stream, None)
