"""One attempt: starts a destination, feeds it what its host relays, interrupts it if asked to, and has it judged.

The host's own order is kept: what the source says, then what the host adds, then the end of the input whatever came
before (ReplicationTask.kt, airbytehq/airbyte-platform 310e6cb6, read 2026-11-22).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from integration_tests.orchestrator.interruption import Interruption
from integration_tests.orchestrator.judgement import Recording, judge
from integration_tests.orchestrator.process import WATCHDOG_S, DestinationProcess, StartedProcess, start_executable
from integration_tests.orchestrator.sent import Sent, SentRecord, SentState, SourceEnded
from integration_tests.orchestrator.verdict import Verdict


@dataclass(frozen=True)
class Destination:
    """A destination's executable with its config. What a host hands over as files lies in `folder`.

    `starts` makes a process of arguments and environment.
    """

    argv: Sequence[str]
    config: Mapping[str, Any]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    starts: Callable[[Sequence[str], Mapping[str, str]], StartedProcess] = start_executable

    def start(self, catalog: Mapping[str, Any], environment: Mapping[str, str]) -> DestinationProcess:
        """Its `write` command, with what its host adds to the environment."""
        paths = self._file(self.config), self._file(catalog)
        arguments = ["write", "--config", str(paths[0]), "--catalog", str(paths[1])]
        return DestinationProcess(self.starts([*self.argv, *arguments], {**self.environment, **environment}))

    def _file(self, content: Mapping[str, Any]) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{len(list(self.folder.iterdir()))}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path


def run_attempt(
    destination: Destination,
    catalog: Mapping[str, Any],
    relayed: Iterable[Sent],
    *,
    environment: Mapping[str, str] = MappingProxyType({}),
    source_exit_code: int = 0,
    interruption: Interruption | None = None,
    hold_open_s: float | None = None,
) -> Verdict:
    """Runs a destination once, with what its host adds to the environment.

    With `hold_open_s` the input stays open until every state has come back; that one has not in that time is a problem.
    """
    process = destination.start(catalog, environment)
    try:
        return _Attempt(process, source_exit_code, interruption).run(relayed, hold_open_s)
    finally:
        process.close()


class _Attempt:
    """A destination that is being fed."""

    def __init__(self, process: DestinationProcess, source_exit_code: int, interruption: Interruption | None) -> None:
        self._process = process
        self._source_exit_code = source_exit_code
        self._interruption = interruption
        self._sent: list[Sent] = []
        self._problems: list[str] = []
        self.records_sent = 0

    @property
    def states_returned(self) -> int:
        return self._process.states_returned

    @property
    def has_read_everything(self) -> bool:
        return self._process.has_read_everything

    def run(self, relayed: Iterable[Sent], hold_open_s: float | None) -> Verdict:
        is_fed = self._feed(relayed)
        if is_fed and hold_open_s is not None:
            is_fed = self._await_states(hold_open_s)
        if self._interruption is None or self._interruption.after_end:
            self._process.end_input()
        interruption = self._interruption if self._interruption and self._await_moment(self._interruption) else None
        ended_at = time.monotonic()
        if interruption is not None:
            self._interrupt(interruption)
        self._process.wait()
        seconds_to_end = time.monotonic() - ended_at
        if self._process.was_overdue:
            self._problems.append(f"The destination had not ended after {WATCHDOG_S:.0f} s and was killed.")
        return judge(
            Recording(
                sent=self._sent,
                is_fed=is_fed,
                source_exit_code=self._source_exit_code,
                interruption=interruption,
                exit_code=self._process.close(),
                lines=self._process.lines,
                stderr=bytes(self._process.stderr),
                problems=self._problems,
                seconds_to_end=seconds_to_end,
            )
        )

    def _feed(self, relayed: Iterable[Sent]) -> bool:
        """Whether all of it went out."""
        for sent in relayed:
            if self._stops_before(sent):
                return False
            if isinstance(sent, SourceEnded):
                continue
            if not self._process.write(sent.line, unless=self._is_killed_in_mid_line):
                return False
            self._sent.append(sent)
            self.records_sent += isinstance(sent, SentRecord)
        return True

    def _stops_before(self, sent: Sent) -> bool:
        if self._interruption is None:
            return False
        if isinstance(sent, SourceEnded):
            return not self._interruption.after_end
        return self._interruption.stops_before_next(self)

    def _is_killed_in_mid_line(self) -> bool:
        interruption = self._interruption
        return interruption is not None and interruption.how == "kill" and interruption.stops_before_next(self)

    def _await_states(self, timeout_s: float) -> bool:
        """Whether the destination lives on to see the end of its input."""
        states = sum(isinstance(sent, SentState) for sent in self._sent)
        are_out = self._process.wait_until(lambda: self.states_returned >= states, timeout_s)
        if not are_out and self._process.is_running:
            self._problems.append(
                f"Only {self.states_returned} of {states} states were out {timeout_s:g} s after the last message, with "
                "the input still open: the others wait for its end, or in a buffer."
            )
        return self._process.is_running

    def _await_moment(self, interruption: Interruption) -> bool:
        """Whether it came before the destination ended by itself."""
        if not self._process.wait_until(lambda: interruption.is_due(self), WATCHDOG_S / 2) and self._process.is_running:
            self._problems.append("The destination stood still: the moment to interrupt it did not come.")
        return self._process.is_running

    def _interrupt(self, interruption: Interruption) -> None:
        if interruption.how == "kill":
            self._process.kill()
        elif interruption.how == "SIGTERM":
            self._process.terminate()
        else:
            self._process.end_input()
            if interruption.grace_s is not None and not self._process.wait(interruption.grace_s):
                self._process.kill()
