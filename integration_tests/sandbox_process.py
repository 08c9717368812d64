"""The sandbox as a process of its own, and a client of its API and of its control side."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

import requests

ROOT = Path(__file__).parents[1]
AD_ACCOUNT_ID = "549755885175"
AD_ACCOUNT = f"/v5/ad_accounts/{AD_ACCOUNT_ID}"
LISTS = f"{AD_ACCOUNT}/customer_lists"
AUDIENCES = f"{AD_ACCOUNT}/audiences"


class RunningSandbox:
    """A sandbox in a process of its own. `call` speaks as a client of Pinterest; the rest is the control side's."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "pinterest_sandbox", "--port", "0", "--control", *options]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=without_buffer_setting()
        )
        self.line = _output(self.process.stdout).readline()
        found = re.fullmatch(
            r"pinterest-sandbox listening on (http://127\.0\.0\.1:\d+)/v5 "
            r"\(ad account 549755885175, access token pina_sandbox\)\n",
            self.line,
        )
        if found is None:
            self.process.kill()
            raise AssertionError(self.line + self.process.communicate()[1])
        self.url = found[1]
        self.session = requests.Session()

    @property
    def api_base_url(self) -> str:
        return f"{self.url}/v5"

    def call(self, method: str, path: str, json: object = None, **more: Any) -> requests.Response:
        headers = {"authorization": "Bearer pina_sandbox"}
        return self.session.request(method, self.url + path, json=json, headers=headers, timeout=20, **more)

    def new_list(self, records: str = "a@example.com", name: str = "x") -> str:
        return self._new(LISTS, {"name": name, "records": records})

    def new_audience(self, name: str, list_id: str) -> str:
        rule = {"customer_list_id": list_id}
        return self._new(AUDIENCES, {"name": name, "audience_type": "CUSTOMER_LIST", "rule": rule})

    def new_visitor_audience(self, name: str) -> str:
        return self._new(AUDIENCES, {"name": name, "audience_type": "VISITOR", "rule": {"visitor_source_id": "1"}})

    def add(self, list_id: str, records: str) -> requests.Response:
        return self.call("PATCH", f"{LISTS}/{list_id}", {"operation_type": "ADD", "records": records})

    def fault(self, action: dict[str, object] | str, **plan: object) -> None:
        action = {"kind": action} if isinstance(action, str) else action
        self.control("POST", "/faults", {"action": action, **plan})

    def clear_faults(self) -> None:
        self.control("DELETE", "/faults")

    def wait_for_hits(self, hits: int, timeout_s: float = 60.0) -> None:
        """Until the first plan of faults has struck so many requests, answered or not."""
        give_up_at = time.monotonic() + timeout_s
        while self.control("GET", "/faults")["faults"][0]["hits"] < hits:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)

    def reset(self) -> None:
        self.control("POST", "/reset")

    def change(self, **settings: object) -> None:
        self.control("PATCH", "/settings", settings)

    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock", {"advance_s": seconds})

    def now(self) -> float:
        return float(self.control("GET", "/clock")["now"])

    def new_token(self, **wanted: object) -> str:
        return str(self.control("POST", "/tokens", wanted)["token"])

    def end_token(self, token: str, how: str) -> None:
        self.control("POST", f"/tokens/{token}/{how}")

    def delete_list(self, list_id: str) -> None:
        self.control("DELETE", f"/customer_lists/{list_id}")

    def seen(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """The requests seen, in order of their arrival."""
        query = "?limit=100000" + (f"&endpoint={endpoint}" if endpoint else "")
        requests_seen: list[dict[str, Any]] = self.control("GET", f"/requests{query}")["requests"]
        return sorted(requests_seen, key=lambda request: request["at"])

    def forget_requests(self) -> None:
        self.control("DELETE", "/requests")

    def audiences(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "/audiences")["audiences"]
        return found

    def customer_lists(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "/customer_lists")["customer_lists"]
        return found

    def members(self, list_id: str) -> set[str]:
        found = self.control("GET", f"/customer_lists/{list_id}/members")["members"]
        assert len(found) == len(set(found))
        return set(found)

    def members_of(self, audience: str) -> set[str]:
        """Who is in the one audience of that name."""
        (found,) = (each for each in self.audiences() if each["name"] == audience)
        return self.members(found["rule"]["customer_list_id"])

    def control(self, method: str, path: str, json: object = None) -> Any:
        reply = self.session.request(method, f"{self.url}/_sandbox{path}", json=json, timeout=30)
        assert reply.status_code < 300, reply.text
        return reply.json()

    def stop(self) -> None:
        self.session.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def _new(self, path: str, body: dict[str, object]) -> str:
        reply = self.call("POST", path, body)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["id"])


def without_buffer_setting() -> dict[str, str]:
    """The environment of a child whose lines must come by themselves, not because buffering is switched off."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def _output(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
