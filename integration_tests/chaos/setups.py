"""What a story's connection is like: what the property's connections are, and how it signs in, waits and remembers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from integration_tests.orchestrator.streams import Stream
from integration_tests.property.model import Row
from integration_tests.property.setups import Setup

SEGMENT = "segment"
SEGMENTS = ("gold", "silver")


@dataclass(frozen=True)
class ChaosSetup(Setup):
    """A connection.

    `store`: where memberships are remembered; `signs_in`: by OAuth, whose tokens are renewed, instead of a pasted
    token; `tier`: Pinterest's limits; `is_too_small`: at first no audience is made of lists as small as these;
    `global_states`: the source has one state for all streams; `answers_in_s`: how long Pinterest takes for a request,
    on which it depends how many are sent at once; `also_in`: further ad accounts; `by_column`: whether rows name their
    audiences, which are SEGMENTS; `profile`: see pinterest_sandbox.profiles.
    """

    store: Literal["none", "folder", "bucket"] = "none"
    signs_in: bool = False
    tier: Literal["none", "standard", "trial"] = "none"
    is_too_small: bool = False
    retry_hours: float = 1.0
    global_states: bool = False
    answers_in_s: float = 0.0
    also_in: tuple[str, ...] = ()
    by_column: bool = False
    profile: str = "default"

    def audiences_of(self, stream: Stream) -> tuple[str, ...]:
        """The names of all audiences that a stream leads to."""
        return SEGMENTS if self.by_column else (self.audience_of(stream),)

    def audience_of(self, stream: Stream) -> str:
        if self.shares:
            return "shared"
        return f"{stream.namespace} {stream.name}" if self._names_namespaces else stream.name

    def settings(self) -> dict[str, Any]:
        name = "{namespace} {stream}" if self._names_namespaces else "{stream}"
        settings = {
            **super().settings(),
            "audience_name": "shared" if self.shares else name,
            "access_tier": self.tier,
            "retry_hours": self.retry_hours,
        }
        if self.also_in:
            settings["also_in_ad_accounts"] = list(self.also_in)
        if self.by_column:
            settings |= {"audience_name": f"{{{SEGMENT}}}", "audience_column": SEGMENT}
        return settings

    def row(self, stream: Stream, data: dict[str, Any], position: int) -> Row:
        row = super().row(stream, data, position)
        return Row(row.position, str(stream.descriptor), row.key, row.is_in, row.people)

    def row_in(self, audience: str, row: Row, data: dict[str, Any]) -> Row | None:
        """What a row means for one of its stream's audiences; None if nothing."""
        if not self.by_column or row.is_in is None or audience in (data.get(SEGMENT) or ()):
            return row
        # It has left this one, or was never in it.
        return None if row.key is None else Row(row.position, row.stream, row.key, False, frozenset())

    @property
    def _names_namespaces(self) -> bool:
        """Whether the names alone don't tell the streams apart."""
        return any(count > 1 for count in Counter(shape.stream.name for shape in self.shapes).values())
