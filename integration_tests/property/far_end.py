"""Pinterest's sandbox as a wire, without a socket; and the moments at which a process can die."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, Self
from unittest import mock

import msgspec

from destination_pinterest.api.wire import Lost, Message, Reply, Wire
from integration_tests.property.machine import Clock
from pinterest_sandbox.default_world import STRANGER_ID, USER_ID
from pinterest_sandbox.entities import Audience, CustomerList
from pinterest_sandbox.in_process import InProcess
from pinterest_sandbox.members import member_text
from pinterest_sandbox.profiles import PROFILES, Profile
from pinterest_sandbox.sandbox import Sandbox
from pinterest_sandbox.storage import Memory
from unit_tests.support.sandbox_wire import SandboxWire

AD_ACCOUNT_ID = "549755885175"
API_BASE_URL = "http://127.0.0.1/v5"
_ACCOUNT = f"/v5/ad_accounts/{AD_ACCOUNT_ID}"

People = frozenset[str]


async def _no_latency(_seconds: float) -> None:
    pass


class KilledError(BaseException):
    """The process is no more. Not an Exception: nobody may handle it."""


class Moments:
    """Counts the moments of an attempt, and ends the process at one of them.

    A moment is before and after each request, each write to a disk, each portion of input and each state that comes
    back. `at_death` is called at that very moment: what is done afterwards, while the stack unwinds, never happened.
    """

    def __init__(self, kill_at: int | None, at_death: Callable[[], None]) -> None:
        self.count = 0
        self.is_dead = False
        self._kill_at = kill_at
        self._at_death = at_death

    def comes(self) -> None:
        """
        Raises:
            KilledError: this was it.
        """
        if self.is_dead:
            raise KilledError
        self.count += 1
        if self.count == self._kill_at:
            self.is_dead = True
            self._at_death()
            raise KilledError


class Pinterest:
    """A sandbox of its own.

    `profile` is how it answers what Pinterest leaves open, see pinterest_sandbox.profiles; `sleep` lets latency pass.
    """

    def __init__(
        self,
        clock: Clock,
        profile: Profile = PROFILES["default"],
        sleep: Callable[[float], Awaitable[None]] = _no_latency,
    ) -> None:
        settings = msgspec.structs.replace(profile.settings, tier="none", matching_delay_s=0)
        self._plans = profile.plans
        self._sandbox = Sandbox(
            settings,
            Memory(),
            with_control=True,
            clock=clock.now,
            sleep=sleep,
            chance=random.Random(0),
            plans=profile.plans,
        )
        self._client = InProcess(self._sandbox)
        self._only: str | None = None
        self.wire = SandboxWire(self._client)

    def close(self) -> None:
        self._client.close()

    def within(self, ad_account_id: str) -> Self:
        """The same, seen from one ad account."""
        view = copy(self)
        view._only = ad_account_id
        return view

    def fault(self, action: Mapping[str, Any], **plan: Any) -> None:
        reply = self._client.request("POST", "/_sandbox/faults", {"action": action, **plan})
        assert reply.status == 201, reply.body

    def let(self, ad_account_id: str, *, reads: bool, writes: bool) -> None:
        """Says what the person who signed in may do in an ad account, which is made if it is not there."""
        account = {"name": ad_account_id, "owner_user_id": USER_ID if writes else STRANGER_ID, "country": "US"}
        account |= {"currency": "USD", "roles": {USER_ID: ["ANALYST"]} if reads else {}}
        reply = self._client.request("PUT", f"/_sandbox/ad_accounts/{ad_account_id}", account)
        assert reply.status == 200, reply.body

    def members_in(self, ad_account_id: str, audience: str) -> People | None:
        """Who is in the audience of that name in an ad account; None if there is none."""
        world = self._sandbox.world
        found = [one for one in world.audiences.values() if (one.ad_account_id, one.name) == (ad_account_id, audience)]
        return self.members(found[-1].rule["customer_list_id"]) if found else None

    def audiences_in(self, ad_account_id: str) -> list[str]:
        """The names of the audiences in an ad account."""
        return [one.name for one in self._sandbox.world.audiences.values() if one.ad_account_id == ad_account_id]

    def names(self) -> set[str]:
        """The names of all audiences and customer lists."""
        world = self._sandbox.world
        return {one.name for one in (*world.audiences.values(), *world.customer_lists.values())}

    def no_faults(self) -> None:
        """None but those of the profile."""
        self._client.request("DELETE", "/_sandbox/faults")
        for plan in self._plans:
            reply = self._client.request("POST", "/_sandbox/faults", msgspec.to_builtins(plan))
            assert reply.status == 201, reply.body

    def change(self, **settings: object) -> None:
        """Changes the sandbox's settings; see pinterest_sandbox.settings.Settings."""
        reply = self._client.request("PATCH", "/_sandbox/settings", settings)
        assert reply.status == 200, reply.body

    def add_audience(self, name: str, members: People) -> None:
        """An audience that is there already, made of a list of its own name."""
        body = {"name": name, "records": ",".join(sorted(members)), "list_type": "EMAIL"}
        created = self._client.request("POST", f"{_ACCOUNT}/customer_lists", body).json()
        rule = {"customer_list_id": created["id"]}
        body = {"name": name, "audience_type": "CUSTOMER_LIST", "rule": rule}
        assert self._client.request("POST", f"{_ACCOUNT}/audiences", body).status in (200, 201)

    def list_of(self, audience: str) -> str | None:
        """The id of the list that an audience is made of; if there is none, of the list that it would be made of."""
        made_of = [found.rule["customer_list_id"] for found in self._audiences if found.name == audience]
        if made_of:
            return str(made_of[-1])
        noted = self._newest(lambda found: found.name.startswith(f"{audience} [dp2: ") and self._is_note(found))
        if noted is None:
            return self._newest(lambda found: found.name == audience)
        names = re.search(r"\[dp2: list ([0-9]+) waits\]$", self._sandbox.world.customer_lists[noted].name)
        return noted if names is None else names[1]

    @staticmethod
    def _is_note(customer_list: CustomerList) -> bool:
        """Whether a list's name says which list is in force: another one, or itself, which began with nobody."""
        return customer_list.name.endswith((" waits]", "[dp2: emptied]"))

    def unused_list(self, beginning: str) -> str | None:
        """The id of the newest list of such a name that no audience is made of."""
        used = {found.rule["customer_list_id"] for found in self._audiences}
        return self._newest(lambda found: found.name.startswith(beginning) and found.id not in used)

    def named_twice(self) -> str | None:
        """A name that two audiences, or two customer lists, have."""
        for kind in (self._audiences, self._customer_lists):
            names = Counter(found.name for found in kind)
            if doubled := next((name for name, count in names.items() if count > 1), None):
                return doubled
        return None

    def members(self, list_id: str | None) -> People:
        if list_id is None:
            return frozenset()
        return frozenset(map(member_text, self._sandbox.world.members[list_id]))

    @property
    def _audiences(self) -> list[Audience]:
        every = self._sandbox.world.audiences.values()
        return [found for found in every if self._only in {None, found.ad_account_id}]

    @property
    def _customer_lists(self) -> list[CustomerList]:
        every = self._sandbox.world.customer_lists.values()
        return [found for found in every if self._only in {None, found.ad_account_id}]

    def _newest(self, fits: Callable[[CustomerList], bool]) -> str | None:
        fitting = [found.id for found in self._customer_lists if fits(found)]
        return max(fitting, key=int, default=None)


class WatchedWire:
    """Requests are moments too, one before and one after each. `after_each` is called once one has taken effect."""

    def __init__(self, wire: Wire, moments: Moments, after_each: Callable[[], None]) -> None:
        self._wire = wire
        self._moments = moments
        self._after_each = after_each

    def exchange(self, message: Message) -> Reply | Lost:
        self._moments.comes()
        try:
            return self._wire.exchange(message)
        finally:
            self._after_each()
            self._moments.comes()


@contextmanager
def disk_writes_are(moments: Moments) -> Iterator[None]:
    """Until it ends, each write to a disk is a moment."""

    def fsync(_descriptor: int) -> None:
        if not moments.is_dead:  # What unwinds afterwards writes to a folder that is put back.
            moments.comes()

    with mock.patch.object(os, "fsync", fsync):
        yield
