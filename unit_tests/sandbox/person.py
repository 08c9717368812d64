"""Somebody who uses a sandbox, and the clock on its wall."""

from __future__ import annotations

from typing import Any

from pinterest_sandbox.default_world import AD_ACCOUNT_ID
from pinterest_sandbox.in_process import InProcess, Reply
from pinterest_sandbox.sandbox import Sandbox

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

    def new_list(self, records: str = "a@example.com", name: str = "list", **more: object) -> dict[str, Any]:
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
