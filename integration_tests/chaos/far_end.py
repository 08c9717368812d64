"""Pinterest as a story knows it: what comes late is told apart from what the connector did."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from integration_tests.property.far_end import AD_ACCOUNT_ID, Pinterest
from integration_tests.property.machine import Clock
from integration_tests.property.tables import EVERYBODY
from pinterest_sandbox.in_process import BrokenAnswerError
from pinterest_sandbox.members import member_text
from pinterest_sandbox.profiles import Profile

_ACCOUNT = f"/v5/ad_accounts/{AD_ACCOUNT_ID}"
Answered = tuple[str, int, dict[str, str], bytes]


class ChaoticPinterest(Pinterest):
    """A sandbox of its own.

    `disturbed`: by list, whom a request that came late put in or took out, until a later one says again; `late_ids`:
    what was created late; `derailed`: audiences whose rule was changed late; `meddled_with`: those that somebody has
    renamed or removed, whose lists may keep the name that others get.
    """

    def __init__(self, clock: Clock, profile: Profile) -> None:
        super().__init__(clock, profile, self._let_pass)
        self._clock = clock
        self.disturbed: dict[str, set[str]] = defaultdict(set)
        self.late_ids: set[str] = set()
        self.derailed: set[str] = set()
        self.meddled_with: set[str] = set()
        self.requests = 0

    async def _let_pass(self, seconds: float) -> None:
        self._clock.pass_by(seconds)

    @property
    def world(self) -> Any:
        return self._sandbox.world

    @property
    def _lateness(self) -> Any:
        return self._sandbox._api._state.lateness

    def exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """One request, as the connector's process sent it."""
        self.catch_up()
        self.requests += 1
        try:
            reply = self._client.request(method, target, body=body, token=None, headers=headers)
        except ConnectionResetError:
            answered: Answered = ("reset", 0, {}, b"")
        except BrokenAnswerError:
            answered = ("cut", 0, {}, b"")
        else:
            answered = ("answer", reply.status, dict(reply.headers), reply.body)
        if method == "PATCH" and "/customer_lists/" in target and answered[1] == 200:
            named = json.loads(body)["records"].split(",")
            self.disturbed[target.rpartition("/")[2]].difference_update(named)
        return answered

    def catch_up(self) -> None:
        """Lets happen what is due by now, and keeps in mind what it changed."""
        world = self.world
        members = {list_id: set(held) for list_id, held in world.members.items()}
        rules = {audience.id: dict(audience.rule) for audience in world.audiences.values()}
        self._lateness.catch_up()
        for list_id, held in world.members.items():
            if list_id not in members:
                self.late_ids.add(list_id)
            changed = set(held) ^ members.get(list_id, set())
            self.disturbed[list_id] |= set(map(member_text, changed)) & EVERYBODY
        for audience in world.audiences.values():
            if audience.id not in rules:
                self.late_ids.add(audience.id)
            elif audience.rule != rules[audience.id]:
                self.derailed.add(audience.name)

    def let_everything_come(self) -> None:
        """Nothing is late any more."""
        self._lateness._hidden.clear()
        self.catch_up()

    def named_twice(self) -> str | None:
        """A name that two audiences have, or a list that two audiences are made of; what came late does not count."""
        seen: set[str] = set()
        for audience in self._audiences:
            if audience.id in self.late_ids:
                continue
            for label in (
                f'the audience "{audience.name}"',
                f"an audience of list {audience.rule['customer_list_id']}",
            ):
                if label in seen:
                    return label
                seen.add(label)
        return self._list_named_twice()

    def _list_named_twice(self) -> str | None:
        seen: set[str] = set()
        for found in self._customer_lists:
            if found.id in self.late_ids or found.name.partition(" [")[0] in self.meddled_with:
                continue
            if found.name in seen:
                return f'the list "{found.name}"'
            seen.add(found.name)
        return None

    def spend_writes(self, count: int) -> None:
        """Somebody else uses up some of the day's writes."""
        quota = self._sandbox._api._state.quota
        for _ in range(count):
            quota.spend("ads_write", "1234567", "sandbox")

    def token(self, kind: str, **wanted: object) -> dict[str, Any]:
        reply = self._client.request("POST", "/_sandbox/tokens", {"kind": kind, **wanted})
        assert reply.status == 201, reply.body
        return dict(reply.json())

    def lives(self, refresh_token: str) -> bool:
        """Whether a refresh token can still be used."""
        token = self.world.refresh_tokens.get(refresh_token)
        return token is not None and not token.revoked and token.expires_at > self.world.now()

    def audience_named(self, name: str) -> Any:
        return next((found for found in self._audiences if found.name == name), None)

    def rename(self, name: str, other: str) -> bool:
        """A user renames an audience in Ads Manager."""
        found = self.audience_named(name)
        if found is not None:
            found.name = other
            self.world.save(found)
        return found is not None

    def remove(self, name: str) -> bool:
        """A user removes an audience in Ads Manager."""
        found = self.audience_named(name)
        if found is not None:
            self.world.drop_audience(found)
        return found is not None
