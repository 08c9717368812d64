"""Holds the states that came back against those that were sent: each once, in order, exact, and with true counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integration_tests.orchestrator.exact_json import Number, read_exactly, without_nulls
from integration_tests.orchestrator.sent import SentState
from integration_tests.orchestrator.streams import Descriptor, StreamState
from integration_tests.orchestrator.verdict import Counted

_COUNTS = ("recordCount", "rejectedRecordCount")
_WITHIN = {"global", "global_", "data", "destinationStats"}


class StateJudge:
    """Takes states as they come back; what is wrong with them goes into `problems`."""

    def __init__(self, sent: Sequence[SentState], problems: list[str]) -> None:
        self.sent = sent
        self._problems = problems
        self.acknowledged: list[SentState] = []
        self.counted: dict[Descriptor | None, Counted] = {}
        self._contents = [read_exactly(state.line)["state"] for state in sent]
        self._positions = {state.id: position for position, state in enumerate(sent) if state.id is not None}
        self._returned: set[int] = set()

    def take(self, content: dict[str, Any]) -> None:
        """A state that came back: the content of `state`, read exactly."""
        position = self._position_of(content)
        if position is None:
            return
        name = self._name(position)
        if position in self._returned:
            self._problems.append(f"{name} came back twice.")
            return
        if any(later > position for later in self._returned):
            self._problems.append(f"{name} came back after {self._name(max(self._returned), 'state')}.")
        self._returned.add(position)
        self.acknowledged.append(self.sent[position])
        self._compare(name, content, self._contents[position])
        self._count(name, content.get("destinationStats"), self.sent[position])

    def finish(self, *, claims_everything: bool) -> None:
        """No more states come. A destination that ends well claims that everything that it was sent is safe."""
        for position in range(len(self.sent)):
            if position not in self._returned:
                if claims_everything:
                    self._problems.append(f"{self._name(position)} never came back.")
                elif overtaking := self._overtaking(position):
                    later = self._name(max(overtaking), "state")
                    self._problems.append(f"{self._name(position)} never came back, and {later} did.")

    def _overtaking(self, position: int) -> list[int]:
        """The later states that came back and stand for the same stream, or one of them for all.

        Source: airbytehq/airbyte-platform 12dbc7c0, StatsTracker.kt (read 2026-11-27): states are counted by stream,
        and a destination may leave some out; those of another stream are no matter of theirs.
        """
        owner = self._owner(position)
        later = [each for each in self._returned if each > position]
        return [each for each in later if None in {owner, self._owner(each)} or self._owner(each) == owner]

    def _owner(self, position: int) -> Descriptor | None:
        state = self.sent[position].state
        return state.stream if isinstance(state, StreamState) else None

    def _position_of(self, content: dict[str, Any]) -> int | None:
        if not self._positions:
            return self._position_of_equal(content)
        id_ = content.get("id")
        if id_ is None:
            self._problems.append(f"A state came back without its id: {_shown(content)}.")
            return None
        position = self._positions.get(int(id_.token)) if isinstance(id_, Number) and id_.token.isdigit() else None
        if position is None:
            self._problems.append(f"A state came back with the id {id_!r}, which was never sent.")
        return position

    def _position_of_equal(self, content: dict[str, Any]) -> int | None:
        """Which one it is for a host that gives no ids."""
        equal = [position for position, sent in enumerate(self._contents) if _essence(sent) == _essence(content)]
        if not equal:
            self._problems.append(f"A state came back that was never sent: {_shown(content)}.")
            return None
        return next((position for position in equal if position not in self._returned), equal[0])

    def _compare(self, name: str, content: dict[str, Any], sent: dict[str, Any]) -> None:
        for back, gone in zip(_essence(content), _essence(sent), strict=True):
            if back != gone:
                self._problems.append(f"{name} came back as {back!r}, and {gone!r} was sent.")

    def _count(self, name: str, stats: Any, sent: SentState) -> None:
        tokens = {key: stats[key] for key in _COUNTS if stats.get(key) is not None} if isinstance(stats, dict) else {}
        if "recordCount" not in tokens:
            self._problems.append(f"{name} came back without a recordCount in destinationStats.")
            return
        for key, token in tokens.items():
            if not isinstance(token, Number):
                self._problems.append(f"{name} has {token!r} for a {key}, which is no number.")
                return
            if not token.has_decimal_point:
                self._problems.append(f"{name} has {token} for a {key}, without the decimal point that it must have.")
        accepted, rejected = (float(tokens[key].token) if key in tokens else 0.0 for key in _COUNTS)
        if accepted + rejected != sent.records:
            self._problems.append(
                f"{name} counts {accepted:g} accepted and {rejected:g} rejected records, and {sent.records} were sent."
            )
        owner = sent.state.stream if isinstance(sent.state, StreamState) else None
        self.counted[owner] = self.counted.get(owner, Counted()) + Counted(int(accepted), int(rejected))

    def _name(self, position: int, word: str = "State") -> str:
        state = self.sent[position]
        owner = state.state.stream if isinstance(state.state, StreamState) else "all streams"
        return f"{word} {position + 1 if state.id is None else state.id} of {owner}"


def _blob(content: dict[str, Any]) -> object:
    """What only the source understands, where even a null says something."""
    described = content.get("stream")
    if isinstance(described, dict):
        return described.get("stream_state")
    return content.get("global", content.get("global_", content.get("data")))


def _essence(content: dict[str, Any]) -> tuple[object, object]:
    """The blob, and what is around it but for the counts, which the destination adds."""
    envelope = {key: value for key, value in content.items() if key not in _WITHIN}
    if isinstance(content.get("stream"), dict):
        envelope["stream"] = {key: value for key, value in content["stream"].items() if key != "stream_state"}
    return _blob(content), without_nulls(envelope)


def _shown(content: dict[str, Any]) -> str:
    return repr(without_nulls(content))
