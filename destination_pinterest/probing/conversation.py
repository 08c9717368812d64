"""Asks whoever started the connector before each step, line by line: events go out as log lines, words come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from destination_pinterest.markers import PROBE_PREFIX
from destination_pinterest.probing.questions import Finding
from destination_pinterest.protocol.lines import Lines
from destination_pinterest.wording.probe_text import Step

YES: Final = "yes"
NO: Final = "no"
_PATIENCE_S: Final = 10.0


class LineConversation:
    """Reads `yes` or `no` for each step; anything else, and the end of the input, ends the probe.

    Args:
        log: takes a level and a line for a program.
        lines: the answers.
    """

    def __init__(self, log: Callable[[str, str], None], lines: Lines) -> None:
        self._log = log
        self._lines = lines
        self._waiting: list[str] = []

    def asks(self, step: Step) -> bool | None:
        """See `Conversation.asks`."""
        self._say({"event": "step", "step": step.name, "does": step.does, "writes": step.writes})
        return {YES: True, NO: False}.get(self._answer())

    def tells(self, step: Step, finding: Finding) -> None:
        """See `Conversation.tells`."""
        self._say(
            {
                "event": "learned",
                "step": step.name,
                "says": finding.says,
                "facts": finding.facts,
                "is_conclusive": finding.is_conclusive,
            }
        )

    def _say(self, event: dict[str, Any]) -> None:
        self._log("INFO", PROBE_PREFIX + msgspec.json.encode(event).decode())

    def _answer(self) -> str:
        while not self._waiting:
            chunk = self._lines.read(_PATIENCE_S)
            if chunk is None:
                return ""
            self._waiting = chunk.decode(errors="replace").splitlines()
        return self._waiting.pop(0).strip()
