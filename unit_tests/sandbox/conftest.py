from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pinterest_sandbox.default_world import AD_ACCOUNT_ID
from pinterest_sandbox.in_process import InProcess, Reply
from pinterest_sandbox.sandbox import Sandbox
from pinterest_sandbox.settings import Settings
from pinterest_sandbox.storage import Memory, Sqlite

LISTS = f"/v5/ad_accounts/{AD_ACCOUNT_ID}/customer_lists"
AUDIENCES = f"/v5/ad_accounts/{AD_ACCOUNT_ID}/audiences"


class FakeClock:
    """A wall clock that only moves when it is told to, or when something sleeps."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Person:
    """Somebody who uses a sandbox: the calls that most tests need, by name."""

    def __init__(self, sandbox: Sandbox, client: InProcess) -> None:
        self.sandbox = sandbox
        self.world = sandbox.world
        self.call = client.request

    def new_list(self, records: str = "a@example.com", name: str = "list", **more: Any) -> dict[str, Any]:
        return self._ok(self.call("POST", LISTS, {"name": name, "records": records, **more}))

    def get_list(self, list_id: str) -> dict[str, Any]:
        return self._ok(self.call("GET", f"{LISTS}/{list_id}"))

    def patch_list(self, list_id: str, operation: str, records: str) -> Reply:
        return self.call("PATCH", f"{LISTS}/{list_id}", {"operation_type": operation, "records": records})

    def new_audience(self, list_id: str, name: str = "audience") -> dict[str, Any]:
        body = {"name": name, "audience_type": "CUSTOMER_LIST", "rule": {"customer_list_id": list_id}}
        return self._ok(self.call("POST", AUDIENCES, body))

    def get_audience(self, audience_id: str) -> dict[str, Any]:
        return self._ok(self.call("GET", f"{AUDIENCES}/{audience_id}"))

    def members(self, list_id: str) -> set[str]:
        return set(self._ok(self.call("GET", f"/_sandbox/customer_lists/{list_id}/members"))["members"])

    def settings(self, **changes: object) -> None:
        self._ok(self.call("PATCH", "/_sandbox/settings", changes))

    def fault(self, action: dict[str, object], **plan: object) -> int:
        reply = self.call("POST", "/_sandbox/faults", {"action": action, **plan})
        assert reply.status == 201, reply.body
        return int(reply.json()["id"])

    def token(self, **wanted: object) -> str:
        reply = self.call("POST", "/_sandbox/tokens", wanted)
        assert reply.status == 201, reply.body
        return str(reply.json()["token"])

    def seen(self) -> list[dict[str, Any]]:
        return list(self._ok(self.call("GET", "/_sandbox/requests"))["requests"])

    @staticmethod
    def _ok(reply: Reply) -> dict[str, Any]:
        assert reply.status == 200, reply.body
        return dict(reply.json())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def start(clock: FakeClock) -> Iterator[Callable[..., Person]]:
    """Starts a sandbox with settings; `store` and `with_control` may be given too."""
    clients = []

    def start_one(store: Memory | Sqlite | None = None, *, with_control: bool = True, **settings: Any) -> Person:
        sandbox = Sandbox(
            Settings(**settings),
            store or Memory(),
            with_control=with_control,
            clock=clock,
            sleep=clock.sleep,
            chance=random.Random(1),
        )
        client = InProcess(sandbox)
        clients.append(client)
        return Person(sandbox, client)

    yield start_one
    for client in clients:
        client.close()


@pytest.fixture
def person(start: Callable[..., Person]) -> Person:
    return start()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Callable[[], Sqlite]]:
    """Opens the test's one database file, and closes what was opened before."""
    opened: list[Sqlite] = []

    def open_again() -> Sqlite:
        for store in opened:
            store.close()
        opened.append(Sqlite(str(tmp_path / "world.db")))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


def enough_people(count: int = 400) -> str:
    return ",".join(f"person{number}@example.com" for number in range(count))
