"""What a story's connection is like: what the property's connections are, and how it signs in, waits and remembers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from integration_tests.orchestrator.streams import Stream
from integration_tests.property.model import Row
from integration_tests.property.setups import Setup


@dataclass(frozen=True)
class ChaosSetup(Setup):
    """A connection.

    `store`: where memberships are remembered; `signs_in`: by OAuth, whose tokens are renewed, instead of a pasted
    token; `tier`: Pinterest's limits; `is_too_small`: at first no audience is made of lists as small as these;
    `global_states`: the source has one state for all streams; `answers_in_s`: how long Pinterest takes for a request,
    on which it depends how many are sent at once.
    """

    store: Literal["none", "folder", "bucket"] = "none"
    signs_in: bool = False
    tier: Literal["none", "standard", "trial"] = "none"
    is_too_small: bool = False
    retry_hours: float = 1.0
    global_states: bool = False
    answers_in_s: float = 0.0

    def audience_of(self, stream: Stream) -> str:
        if self.shares:
            return "shared"
        return f"{stream.namespace} {stream.name}" if self._names_namespaces else stream.name

    def settings(self) -> dict[str, Any]:
        name = "{namespace} {stream}" if self._names_namespaces else "{stream}"
        return {
            **super().settings(),
            "audience_name": "shared" if self.shares else name,
            "access_tier": self.tier,
            "retry_hours": self.retry_hours,
        }

    def row(self, stream: Stream, data: dict[str, Any], position: int) -> Row:
        row = super().row(stream, data, position)
        return Row(row.position, str(stream.descriptor), row.key, row.is_in, row.people)

    @property
    def _names_namespaces(self) -> bool:
        """Whether the names alone don't tell the streams apart."""
        return any(count > 1 for count in Counter(shape.stream.name for shape in self.shapes).values())
