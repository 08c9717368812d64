"""Holds what a destination said against what it was sent.

Source: StateWithId.kt refuses a state without its id; StateCheckSumCountEventHandler.kt adds both counts up;
VersionedAirbyteStreamFactory.kt bounds a line (airbytehq/airbyte-platform 310e6cb6); the protocol wants a decimal point
in each count (airbyte_protocol.yaml at 776eede; read 2026-11-22).
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.models import AirbyteMessageSerializer

from integration_tests.orchestrator.exact_json import read_exactly
from integration_tests.orchestrator.interruption import Interruption
from integration_tests.orchestrator.sent import Sent, SentRecord, SentState
from integration_tests.orchestrator.state_judgement import StateJudge
from integration_tests.orchestrator.verdict import Status, Verdict

MAX_LINE_CHARACTERS = 20_000_000
# What may answer `write`, and the part of the message that says it.
_PARTS = {"STATE": "state", "TRACE": "trace", "LOG": "log", "CONTROL": "control"}


@dataclass(frozen=True)
class Recording:
    """An attempt as it went: what went in, what came out, and what the feeding itself found.

    `is_fed`: all that the host had went in. `interruption` is one that happened.
    """

    sent: Sequence[Sent]
    is_fed: bool
    source_exit_code: int
    interruption: Interruption | None
    exit_code: int
    lines: Sequence[bytes]
    stderr: bytes
    problems: Sequence[str]
    seconds_to_end: float


def judge(recording: Recording) -> Verdict:
    """What became of an attempt, and what was wrong."""
    problems = list(recording.problems)
    messages, exact_states = _messages(recording, problems)
    states = StateJudge([sent for sent in recording.sent if isinstance(sent, SentState)], problems)
    for state in exact_states:
        states.take(state)
    states.finish(claims_everything=recording.exit_code == 0 and not _was_terminated(recording))
    has_errors = any(message["type"] == "TRACE" and message["trace"]["type"] == "ERROR" for message in messages)
    problems += _problems_of_the_end(recording, has_errors=has_errors)
    if recording.stderr:
        problems.append(f"Standard error is not empty: {recording.stderr[:200]!r}.")
    return Verdict(
        status=_status(recording, has_errors=has_errors),
        exit_code=recording.exit_code,
        sent=tuple(states.sent),
        acknowledged=tuple(states.acknowledged),
        problems=tuple(problems),
        records_sent=Counter(sent.stream for sent in recording.sent if isinstance(sent, SentRecord)),
        counted=states.counted,
        messages=tuple(messages),
        stderr=recording.stderr,
        seconds_to_end=recording.seconds_to_end,
    )


def _messages(recording: Recording, problems: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The messages, and the content of the states among them with numbers as they were written."""
    messages, states = [], []
    for number, line in enumerate(recording.lines, start=1):
        if not line.endswith(b"\n") and recording.exit_code == -signal.SIGKILL:
            continue  # It was killed while it wrote.
        problem = _problem_of_line(line)
        if problem is not None:
            problems.append(f"Line {number} of standard output {problem}")
            continue
        messages.append(json.loads(line))
        if messages[-1]["type"] == "STATE":
            states.append(read_exactly(line)["state"])
    return messages, states


def _problem_of_line(line: bytes) -> str | None:
    if len(line.decode(errors="replace")) > MAX_LINE_CHARACTERS:
        return f"is longer than {MAX_LINE_CHARACTERS} characters."
    try:
        message = json.loads(line)
        AirbyteMessageSerializer.load(message)
        part = _PARTS.get(message["type"])
    except Exception as error:  # noqa: BLE001 - whatever the protocol's own reader stumbles over is the finding
        return f"is no Airbyte message ({type(error).__name__}): {line[:200]!r}."
    if part is None:
        return f"is a {message['type']}, which is no answer to write."
    return None if message.get(part) is not None else f"is a {message['type']} without its content."


def _problems_of_the_end(recording: Recording, *, has_errors: bool) -> list[str]:
    exit_code, interruption = recording.exit_code, recording.interruption
    found = []
    if exit_code == 0 and has_errors:
        found.append("The exit code is 0 after a TRACE ERROR, so that PyAirbyte takes the sync for a success.")
    if exit_code == 0 and interruption is None and not recording.is_fed:
        found.append("The destination ended with exit code 0 before its input did.")
    if exit_code > 0 and not has_errors:
        found.append(f"The exit code is {exit_code} and no TRACE ERROR says why.")
    if exit_code < 0 and -exit_code not in _expected_signals(interruption):
        found.append(f"The destination died of {signal.Signals(-exit_code).name}.")
    if _was_terminated(recording) and exit_code > 0:
        found.append(f"After SIGTERM the exit code is {exit_code}; PyAirbyte accepts 0, and a death by the signal.")
    return found


def _was_terminated(recording: Recording) -> bool:
    return recording.interruption is not None and recording.interruption.how == "SIGTERM"


def _expected_signals(interruption: Interruption | None) -> set[int]:
    if interruption is None:
        return set()
    return {signal.SIGTERM} if interruption.how == "SIGTERM" else {signal.SIGKILL}


def _status(recording: Recording, *, has_errors: bool) -> Status:
    if recording.interruption is not None:
        return "cancelled"
    is_success = recording.exit_code == recording.source_exit_code == 0 and recording.is_fed and not has_errors
    return "succeeded" if is_success else "failed"
