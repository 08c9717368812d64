"""What goes into a sync, in portions of chance, and what is known of it: each row's meaning, each state's place."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from integration_tests.orchestrator.sent import Sent, SentOther, SentRecord, SentState, SourceEnded
from integration_tests.orchestrator.streams import Stream
from integration_tests.property.audiences import BrokenPromiseError, WatchedAudience
from integration_tests.property.far_end import Moments
from integration_tests.property.machine import Clock
from integration_tests.property.setups import Setup

_LARGEST_PORTION = 8
# Some portions come late: a batch's age, or an epoch of the membership store, is over by then.
_DELAYS_S = (0.0,) * 8 + (6.0, 601.0)


@dataclass(frozen=True)
class PlacedState:
    """A state, and how many rows came before it."""

    state: SentState
    position: int

    @property
    def stream(self) -> str:
        """The name of the state's stream."""
        name: str = json.loads(self.state.line)["state"]["stream"]["stream_descriptor"]["name"]
        return name

    def is_in(self, returned: bytes) -> bool:
        """Whether it is what came back, whatever was counted."""
        content = json.loads(returned)
        del content["destinationStats"]
        sent = json.loads(self.state.line)["state"]
        return {key: value for key, value in sent.items() if value is not None or key in content} == content

    def check(self, returned: bytes) -> None:
        """
        Raises:
            BrokenPromiseError: what came back does not have the counts of the state's rows.
        """
        counts = json.loads(returned)["destinationStats"]
        if counts["recordCount"] + counts["rejectedRecordCount"] != self.state.records:
            raise BrokenPromiseError(f"{self.state.records} rows were counted as {counts}")


class Input:
    """The connector's input: see protocol.lines.Lines."""

    def __init__(
        self,
        relayed: Iterator[Sent],
        streams: Sequence[Stream],
        setup: Setup,
        watched: Mapping[str, WatchedAudience],
        moments: Moments,
        clock: Clock,
        chance: random.Random,
        *,
        stops_after: int | None,
    ) -> None:
        self._relayed = (sent for sent in relayed if not isinstance(sent, SourceEnded))
        self._streams = {stream.name: stream for stream in streams}
        self._setup = setup
        self._watched = watched
        self._moments = moments
        self._clock = clock
        self._chance = chance
        self._portions_left = stops_after
        self._rows = 0
        self._whole: set[str] = set()
        self.states: list[PlacedState] = []
        # Of each stream that had a row: whether any of its rows named anybody.
        self.named_anybody: dict[str, bool] = {}
        self.stop: Callable[[], object] = lambda: None

    def read(self, timeout_s: float) -> bytes | None:
        """A portion of lines; None at the end."""
        self._moments.comes()
        self._clock.pass_by(self._chance.choice(_DELAYS_S))
        if self._portions_left == 0:
            self.stop()
        if self._portions_left is not None:
            self._portions_left -= 1
        portion = list(islice(self._relayed, self._chance.randint(1, _LARGEST_PORTION)))
        if not portion:
            self._ended()
            return None
        for sent in portion:
            self._take_down(sent)
        return b"".join(sent.line for sent in portion)

    def wake(self) -> None:
        """Nobody waits here."""

    def _take_down(self, sent: SentRecord | SentState | SentOther) -> None:
        if isinstance(sent, SentRecord):
            stream = self._streams[sent.stream.name]
            self._whole.discard(stream.name)
            data = json.loads(sent.line)["record"]["data"]
            row = self._setup.row(stream, data, self._rows)
            self._watched[stream.name].sent(row)
            self.named_anybody[stream.name] = self.named_anybody.get(stream.name, False) or bool(row.people)
            self._rows += 1
        elif isinstance(sent, SentState):
            self._take_state(sent)
        elif isinstance(sent, SentOther):
            status = (json.loads(sent.line).get("trace") or {}).get("stream_status") or {}
            if status.get("status") == "COMPLETE":
                self._whole.add(status["stream_descriptor"]["name"])

    def _take_state(self, sent: SentState) -> None:
        self.states.append(PlacedState(sent, self._rows))
        described = json.loads(sent.line)["state"].get("stream") or {}
        stream = self._streams[described["stream_descriptor"]["name"]]
        blob = described.get("stream_state")
        is_end = not blob or "__ab_full_refresh_sync_complete" in blob or "__ab_no_cursor_state_message" in blob
        if stream.is_full_refresh and is_end:
            self._whole.add(stream.name)

    def _ended(self) -> None:
        for audience in set(self._watched.values()):
            leading = {name for name, watched in self._watched.items() if watched is audience}
            if leading <= self._whole:
                audience.came_whole()
