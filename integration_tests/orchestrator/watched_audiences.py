"""Audiences that exist before a sync, and who was in them at every moment of it, seen from Pinterest's side."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import requests

from integration_tests.airbyte_messages import address, sha256
from integration_tests.connector_process import REPORT
from integration_tests.orchestrator.interruption import Moment, Progress
from integration_tests.orchestrator.verdict import Verdict
from integration_tests.sandbox_process import RunningSandbox

People = frozenset[str]
# Between two looks, at memberships and at what a fault has struck. A switch leaves nothing between the two lists that a
# look could miss; a mixture would stay for as long as a list is filled.
_LOOK_EVERY_S = 0.1


def people(numbers: Iterable[int]) -> People:
    """The digests of the persons of these numbers."""
    return frozenset(sha256(address(number)) for number in numbers)


def audience_with(pinterest: RunningSandbox, name: str, members: People) -> str:
    """The id of a new audience, made of a list of its own name."""
    return pinterest.new_audience(name, pinterest.new_list(",".join(sorted(members)), name))


def list_of(pinterest: RunningSandbox, audience: str) -> str:
    """The id of the list that the one audience of that name is made of."""
    (found,) = (each for each in pinterest.audiences() if each["name"] == audience)
    list_id: str = found["rule"]["customer_list_id"]
    return list_id


def generations_of(pinterest: RunningSandbox, audience: str) -> list[dict[str, Any]]:
    """The customer lists that were made to replace the audience's, used or left over."""
    return [found for found in pinterest.customer_lists() if found["name"].startswith(f"{audience} [")]


def left_over_of(pinterest: RunningSandbox, audience: str) -> set[str]:
    """The ids of those that no audience is made of."""
    used = {found["rule"].get("customer_list_id") for found in pinterest.audiences()}
    return {found["id"] for found in generations_of(pinterest, audience)} - used


def reported_left_over(verdict: Verdict, audience: str) -> set[str]:
    """The ids of the lists without an audience that the sync's report names, each once."""
    (report,) = (json.loads(text.removeprefix(REPORT)) for text in verdict.logs if text.startswith(REPORT))
    (found,) = (each for each in report["audiences"] if each["audience"] == audience)
    ids: list[str] = found["left_over_customer_list_ids"]
    assert len(ids) == len(set(ids))
    return set(ids)


def struck(pinterest: RunningSandbox, hits: int = 1) -> Moment:
    """The one plan of faults has struck so many requests. Asked only now and then."""
    asked_at = 0.0

    def has_struck(_: Progress) -> bool:
        nonlocal asked_at
        if time.monotonic() - asked_at < _LOOK_EVERY_S:
            return False
        asked_at = time.monotonic()
        plan: dict[str, Any] = pinterest.control("GET", "/faults")["faults"][0]
        return bool(plan["hits"] >= hits)

    return has_struck


class Watch:
    """Looks at audiences as long as the `with` block lasts; `seen` holds every membership that each had."""

    def __init__(self, pinterest: RunningSandbox, *audiences: str) -> None:
        self._url = f"{pinterest.url}/_sandbox"
        self._audiences: Sequence[str] = audiences
        self._is_over = threading.Event()
        self._looker = threading.Thread(target=self._look_until_over, daemon=True)
        self._failure: Exception | None = None
        self.looks = 0
        self.seen: dict[str, set[People]] = {name: set() for name in audiences}

    def __enter__(self) -> Self:
        with requests.Session() as session:
            self._look(session)  # A sync may be through before the thread has looked for the first time.
        self._looker.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._is_over.set()
        self._looker.join(timeout=30)
        if error is None and self._failure is not None:
            raise self._failure

    def _look_until_over(self) -> None:
        try:
            with requests.Session() as session:
                while not self._is_over.wait(_LOOK_EVERY_S):
                    self._look(session)
                self._look(session)
        except Exception as error:  # noqa: BLE001 - raised again where the test is
            self._failure = error

    def _look(self, session: requests.Session) -> None:
        for found in self._get(session, "/audiences")["audiences"]:
            if found["name"] in self.seen:
                list_id = found["rule"]["customer_list_id"]
                members = self._get(session, f"/customer_lists/{list_id}/members")["members"]
                self.seen[found["name"]].add(frozenset(members))
        self.looks += 1

    def _get(self, session: requests.Session, path: str) -> Any:
        reply = session.get(self._url + path, timeout=30)
        reply.raise_for_status()
        return reply.json()
