"""What goes into a sync: as the property's, with streams told apart by their namespaces, and states of all streams."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from integration_tests.chaos.setups import ChaosSetup
from integration_tests.orchestrator.sent import Sent, SentOther, SentRecord, SentState, SourceEnded
from integration_tests.orchestrator.source import KeptStates
from integration_tests.orchestrator.streams import (
    Descriptor,
    GlobalState,
    SourceMessage,
    Stream,
    StreamState,
)
from integration_tests.property.audiences import WatchedAudience
from integration_tests.property.far_end import Moments
from integration_tests.property.input import Input, PlacedState
from integration_tests.property.machine import Clock
from integration_tests.property.tables import TableSource


@dataclass(frozen=True)
class GloballyReadSource:
    """A source of change logs with one state for all streams."""

    tables: TableSource

    @property
    def exit_code(self) -> int:
        return self.tables.exit_code

    def read(self, kept: KeptStates) -> Iterator[SourceMessage]:
        """See `Source.read`."""
        states: dict[Descriptor, str] = {}
        for each in json.loads(kept.all_streams or "{}").get("stream_states", ()):
            named = each["stream_descriptor"]
            states[Descriptor(named["name"], named.get("namespace"))] = json.dumps(each["stream_state"])
        for message in self.tables.read(KeptStates(states)):
            if not isinstance(message, StreamState):
                yield message
            elif message.blob is not None:
                states[message.stream] = message.blob
                content = [
                    {"stream_descriptor": stream.json, "stream_state": json.loads(blob)}
                    for stream, blob in states.items()
                ]
                yield GlobalState(json.dumps({"shared_state": {"lsn": len(content)}, "stream_states": content}))


class ChaosInput(Input):
    """The connector's input; `sent` is all that went in, `is_fed` whether that was all there is."""

    def __init__(
        self,
        relayed: Iterator[Sent],
        streams: Sequence[Stream],
        setup: ChaosSetup,
        watched: Mapping[str, Sequence[WatchedAudience]],
        clock: Clock,
        chance: object,
    ) -> None:
        super().__init__(
            self._noted(relayed), streams, setup, {}, Moments(None, lambda: None), clock, chance, stops_after=None
        )
        self._chaotic = setup
        self._led_to = watched
        self._streams = {str(stream.descriptor): stream for stream in streams}
        self.sent: list[Sent] = []
        self.is_fed = False

    def _noted(self, relayed: Iterator[Sent]) -> Iterator[Sent]:
        for sent in relayed:
            if not isinstance(sent, SourceEnded):
                self.sent.append(sent)
            yield sent

    def _take_down(self, sent: SentRecord | SentState | SentOther) -> None:
        if isinstance(sent, SentRecord):
            name = str(sent.stream)
            self._whole.discard(name)
            data = json.loads(sent.line)["record"]["data"]
            row = self._setup.row(self._streams[name], data, self._rows)
            for audience in self._led_to[name]:
                meant = self._chaotic.row_in(audience.name, row, data)
                if meant is not None:
                    audience.sent(meant)
                if meant is row:
                    led = f"{name} to {audience.name}"
                    self.named_anybody[led] = self.named_anybody.get(led, False) or bool(row.people)
            self._rows += 1
        elif isinstance(sent, SentState):
            self._take_state(sent)
        else:
            status = (json.loads(sent.line).get("trace") or {}).get("stream_status") or {}
            if status.get("status") == "COMPLETE":
                self._whole.add(_name(status["stream_descriptor"]))

    def _take_state(self, sent: SentState) -> None:
        self.states.append(PlacedState(sent, self._rows))
        described = json.loads(sent.line)["state"].get("stream")
        if not described:
            return
        name = _name(described["stream_descriptor"])
        blob = described.get("stream_state")
        is_end = not blob or "__ab_full_refresh_sync_complete" in blob or "__ab_no_cursor_state_message" in blob
        if self._streams[name].is_full_refresh and is_end:
            self._whole.add(name)

    def _ended(self) -> None:
        self.is_fed = True
        leading: dict[WatchedAudience, set[str]] = defaultdict(set)
        for name, led_to in self._led_to.items():
            for audience in led_to:
                leading[audience].add(name)
        for audience, names in leading.items():
            if names <= self._whole:
                audience.came_whole()
        if self._setup.knows_refreshes or not self._setup.has_store:
            return
        # Streams that are remembered apart are replaced apart: this host proves the end of full refreshes alone.
        for audience, names in leading.items():
            if names & self._whole and all(
                name in self._whole or not self._streams[name].is_full_refresh for name in names
            ):
                audience.came_whole()


def stream_of(state: SentState) -> str | None:
    """The stream of a state; None if it stands for all."""
    described = json.loads(state.line)["state"].get("stream")
    return _name(described["stream_descriptor"]) if described else None


def _name(descriptor: Mapping[str, str]) -> str:
    return str(Descriptor(descriptor["name"], descriptor.get("namespace")))
