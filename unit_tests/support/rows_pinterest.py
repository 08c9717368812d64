"""A sandbox that a sync talks to without a socket, and who is in its lists, in rows or without."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any, Final

from requests.structures import CaseInsensitiveDict

from destination_pinterest.api.wire import Lost, Message, Reply
from pinterest_sandbox.in_process import InProcess
from pinterest_sandbox.members import member_text
from pinterest_sandbox.profiles import PROFILES
from pinterest_sandbox.sandbox import Sandbox
from pinterest_sandbox.settings import Settings
from pinterest_sandbox.storage import Memory
from unit_tests.support.clock import Clock
from unit_tests.support.sandbox_wire import SandboxWire

BARE: Final = "records"


async def _no_latency(_seconds: float) -> None:
    pass


class RowsPinterest:
    """Use it as a context manager. Thread-safe as a wire."""

    def __init__(self, clock: Clock, *, profile: str = "default", **settings: Any) -> None:
        given = {"tier": "none", "matching_delay_s": 0, "records_v2": "accept", **settings}
        chosen = Settings(**given) if profile == "default" else PROFILES[profile].settings
        self._sandbox = Sandbox(
            chosen, Memory(), with_control=True, clock=clock.now, sleep=_no_latency, chance=random.Random(0)
        )
        self._client = InProcess(self._sandbox)
        self._wire = SandboxWire(self._client)
        self._lock = threading.Lock()
        self.asked: list[Message] = []
        # Says which requests fail, with this status and without any effect.
        self.fails: Callable[[Message], bool] = lambda _: False
        self.status = 500

    def __enter__(self) -> RowsPinterest:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def open_wire(self, *_: object, **__: object) -> RowsPinterest:
        """The wire: itself."""
        return self

    def exchange(self, message: Message) -> Reply | Lost:
        """See Wire."""
        with self._lock:
            self.asked.append(message)
            if self.fails(message):
                return Reply(self.status, CaseInsensitiveDict(), b"{}", 0.0)
            return self._wire.exchange(message)

    def change(self, **settings: object) -> None:
        """Changes the sandbox's settings."""
        reply = self._client.request("PATCH", "/_sandbox/settings", settings)
        assert reply.status == 200, reply.body

    def list_of(self, audience: str) -> str:
        """The customer list of an audience; if there is none, the newest list of that name."""
        world = self._sandbox.world
        made_of = [one.rule["customer_list_id"] for one in world.audiences.values() if one.name == audience]
        return str(made_of[-1] if made_of else max(one.id for one in world.customer_lists.values()))

    def rows_of(self, audience: str) -> set[tuple[tuple[str, str], ...]]:
        """The rows of its list that are no bare members."""
        return set(self._sandbox.world.rows[self.list_of(audience)])

    def identifiers_of(self, audience: str) -> set[str]:
        """Every identifier that somebody in its list is known by."""
        list_id = self.list_of(audience)
        bare = map(member_text, self._sandbox.world.members[list_id])
        return {*bare, *(value for row in self._sandbox.world.rows[list_id] for _, value in row)}

    def writes(self) -> list[tuple[str, str]]:
        """What was written to customer lists: the form, and the operation."""
        bodies = [
            (message, message.body or b"")
            for message in self.asked
            if message.method in {"POST", "PATCH"} and "/customer_lists" in message.path
        ]
        return [
            ("records_v2" if b'"records_v2"' in body else BARE, "REMOVE" if b'"REMOVE"' in body else "ADD")
            for _, body in bodies
        ]
