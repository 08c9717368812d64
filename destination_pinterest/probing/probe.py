"""Runs the steps of a probe: each after a yes, none without what it needs, and the audience removed at the end.

A step that can't be answered is said to be so and stops no other. What would fail every other step too, such as a token
that is refused, ends the probe; what was learned until then is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, Protocol

import msgspec

from destination_pinterest.config.learned import recommended
from destination_pinterest.config.pinterest_facts import PinterestFacts, merged
from destination_pinterest.errors import (
    AuthenticationError,
    ConnectorError,
    InterruptedSyncError,
    MissingScopeError,
    PermissionDeniedError,
    RateLimitedError,
)
from destination_pinterest.markers import PROBE_PREFIX
from destination_pinterest.probing.questions import Finding, Questions
from destination_pinterest.wording.probe_text import Step

SCHEMA_VERSION: Final = 1
# What one step meets, the next would meet as well.
_ENDS_ALL: Final = (AuthenticationError, RateLimitedError, InterruptedSyncError)
# Once a step was permitted, a refusal is that of another one, as of a form that not every app may use.
_ENDS_ALL_AT_FIRST: Final = (MissingScopeError, PermissionDeniedError)

_QUESTIONS: Final[Mapping[str, Callable[[Questions], Finding]]] = {
    "list": Questions.make_list,
    "visible": Questions.visible,
    "counters": Questions.counters,
    "size": Questions.size,
    "v2": Questions.v2,
    "removal": Questions.removal,
    "audience": Questions.audience,
    "listing": Questions.listing,
    "names": Questions.names,
    "rule": Questions.rule,
    "headers": Questions.headers,
    "end": Questions.end,
}


class Conversation(Protocol):
    """Whoever is asked before each step, and told afterwards."""

    def asks(self, step: Step) -> bool | None:
        """Says what the step does. Returns whether it may be done; None to end the probe."""

    def tells(self, step: Step, finding: Finding) -> None:
        """Says what was learned."""


class ProbeReport(msgspec.Struct, frozen=True):
    """What a probe has learned. Keys are only ever added.

    Args:
        facts: the text of the setting pinterest_facts; None if nothing was learned.
        learned: the facts of this probe.
        customer_list_ids: the throw-away lists, which stay.
        audience_id: the throw-away audience, if it could not be removed.
        requests: how many requests were sent.
        error, error_code: why the probe ended early; None if it did not.
        recommended: settings that what is known speaks for, each with its value.
    """

    facts: str | None
    learned: dict[str, Any]
    customer_list_ids: list[str]
    audience_id: str | None
    requests: int
    error: str | None = None
    error_code: str | None = None
    status: Literal["succeeded", "failed"] = "succeeded"
    schema_version: int = SCHEMA_VERSION
    recommended: dict[str, str] = msgspec.field(default_factory=dict)
    event: Literal["done"] = "done"

    def as_line(self) -> str:
        """Returns the report as one line for a program."""
        return PROBE_PREFIX + msgspec.json.encode(self).decode()


class Probe:
    """Asks Pinterest what its documentation leaves open.

    Args:
        questions: what is asked.
        conversation: who permits each step.
        host: the host that is asked.
        before: what was learned earlier; it stays where nothing else is learned.
        now: seconds since 1970.
    """

    def __init__(
        self,
        questions: Questions,
        conversation: Conversation,
        *,
        host: str,
        before: PinterestFacts | None,
        now: Callable[[], float],
    ) -> None:
        self._questions = questions
        self._conversation = conversation
        self._host = host
        self._before = before
        self._now = now

    def run(self, steps: Iterable[Step], requests: Callable[[], int]) -> ProbeReport:
        """Runs these steps, and returns what was learned."""
        done: set[str] = set()
        learned: dict[str, Any] = {}
        failure: ConnectorError | None = None
        is_stopped = False
        for step in steps:
            is_end = step.name == "end"
            if (is_end and self._questions.audience_id is None) or (is_stopped and not is_end):
                continue
            lacking = [needed for needed in step.needs if needed not in done]
            if lacking:
                self._conversation.tells(
                    step, Finding(f"Left out: it needs the step {lacking[0]}.", {}, is_conclusive=False)
                )
                continue
            is_wanted = self._conversation.asks(step)
            # Whoever stops is still asked whether the audience is to be removed.
            is_stopped = is_stopped or is_wanted is None
            if not is_wanted:
                continue
            fatal = _ENDS_ALL if done else (*_ENDS_ALL, *_ENDS_ALL_AT_FIRST)
            try:
                finding = self._ask(step, fatal)
            except fatal as error:
                failure = error
                self._conversation.tells(step, Finding(f"Not answered: {error}", {}, is_conclusive=False))
                break
            learned |= finding.facts
            if finding.enables:
                done.add(step.name)
            self._conversation.tells(step, finding)
        return self._report(learned, requests(), failure)

    def _ask(self, step: Step, fatal: tuple[type[ConnectorError], ...]) -> Finding:
        try:
            return _QUESTIONS[step.name](self._questions)
        except fatal:
            raise
        except ConnectorError as error:
            return Finding(f"Not answered: {error}", {}, is_conclusive=False, enables=False)

    def _report(self, learned: dict[str, Any], requests: int, failure: ConnectorError | None) -> ProbeReport:
        day = f"{datetime.fromtimestamp(self._now(), UTC):%Y-%m-%d}"
        facts = merged(self._before, learned, day=day, host=self._host)
        return ProbeReport(
            None if facts is None else facts.as_text(),
            learned,
            self._questions.list_ids,
            self._questions.audience_id,
            requests,
            None if failure is None else str(failure),
            None if failure is None else failure.code,
            "succeeded" if failure is None else "failed",
            recommended=recommended(facts),
        )
