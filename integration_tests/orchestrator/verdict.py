"""What became of an attempt, as the host sees it, and what the destination did wrong on the way.

Source: the earliest TRACE ERROR decides over a retry (ConnectionManagerWorkflowImpl.kt), one without a failure_type
is a system_error, and so is an exit without any (FailureHelper.kt, airbytehq/airbyte-platform 310e6cb6, read
2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from integration_tests.orchestrator.sent import SentState
from integration_tests.orchestrator.streams import Descriptor

Status = Literal["succeeded", "failed", "cancelled"]


@dataclass(frozen=True)
class Counted:
    """Records of a destination's own counts."""

    accepted: int = 0
    rejected: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.accepted + other.accepted, self.rejected + other.rejected)


@dataclass(frozen=True)
class Verdict:
    """An attempt that is over.

    `problems` are breaches of the protocol, one sentence each; a sync may fail without any. `sent` are the states that
    went out, `acknowledged` those that came back. `records_sent` is by stream, and so is `counted`, its own
    counts in these states; None stands for global ones. `messages` are the destination's, in order.
    `seconds_to_end` is from the end of the input, or from the interruption, to the end of the process.
    """

    status: Status
    exit_code: int
    sent: tuple[SentState, ...]
    acknowledged: tuple[SentState, ...]
    problems: tuple[str, ...]
    records_sent: Mapping[Descriptor, int]
    counted: Mapping[Descriptor | None, Counted]
    messages: tuple[dict[str, Any], ...]
    stderr: bytes
    seconds_to_end: float

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The TRACE ERRORs, earliest first: the first one is what the user is shown."""
        traces = [message["trace"] for message in self.messages if message["type"] == "TRACE"]
        traces = [trace for trace in traces if trace["type"] == "ERROR"]
        return [trace["error"] for trace in sorted(traces, key=lambda trace: trace["emitted_at"])]

    @property
    def failure_type(self) -> str | None:
        """What decides over a retry; None where nothing failed."""
        if self.errors:
            return str(self.errors[0].get("failure_type") or "system_error")
        return "system_error" if self.exit_code > 0 else None

    @property
    def is_retried(self) -> bool:
        """Whether the platform starts another attempt by itself."""
        return self.status == "failed" and self.failure_type != "config_error"

    @property
    def message(self) -> str:
        """What the user is shown of a failure."""
        return str(self.errors[0]["message"]) if self.errors else ""

    @property
    def logs(self) -> list[str]:
        return [message["log"]["message"] for message in self.messages if message["type"] == "LOG"]

    @property
    def warnings(self) -> list[str]:
        logs = [message["log"] for message in self.messages if message["type"] == "LOG"]
        return [log["message"] for log in logs if log["level"] in {"WARN", "ERROR", "FATAL"}]

    @property
    def controls(self) -> list[dict[str, Any]]:
        """The configs that the host is asked to keep."""
        controls = [message["control"] for message in self.messages if message["type"] == "CONTROL"]
        return [control["connectorConfig"]["config"] for control in controls]

    @property
    def acknowledged_ids(self) -> list[int | None]:
        return [state.id for state in self.acknowledged]

    def correct(self) -> Verdict:
        """Itself, if the destination kept to the protocol.

        Raises:
            AssertionError: it did not.
        """
        assert not self.problems, "\n".join([*self.problems, *self.logs[-20:], *map(str, self.errors)])
        return self

    def succeeded(self) -> Verdict:
        """Itself, if the sync went through and the destination kept to the protocol.

        Raises:
            AssertionError: it did not.
        """
        self.correct()
        assert self.status == "succeeded", "\n".join([self.status, *self.logs[-20:], *map(str, self.errors)])
        return self
