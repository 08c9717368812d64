from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
import requests

ROOT = Path(__file__).parents[2]
LISTS = "/v5/ad_accounts/549755885175/customer_lists"


class RunningSandbox:
    """A sandbox in a process of its own, and a client that talks to it over its port."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "pinterest_sandbox", "--port", "0", "--control", *options]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_without_buffer_setting()
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

    def call(self, method: str, path: str, json: object = None, **more: Any) -> requests.Response:
        headers = {"authorization": "Bearer pina_sandbox"}
        return self.session.request(method, self.url + path, json=json, headers=headers, timeout=20, **more)

    def new_list(self, records: str = "a@example.com") -> str:
        reply = self.call("POST", LISTS, {"name": "x", "records": records})
        assert reply.status_code == 200, reply.text
        return str(reply.json()["id"])

    def add(self, list_id: str, records: str) -> requests.Response:
        return self.call("PATCH", f"{LISTS}/{list_id}", {"operation_type": "ADD", "records": records})

    def members(self, list_id: str) -> set[str]:
        reply = self.call("GET", f"/_sandbox/customer_lists/{list_id}/members")
        assert reply.status_code == 200, reply.text
        return set(reply.json()["members"])

    def fault(self, action: dict[str, object], **plan: object) -> None:
        assert self.call("POST", "/_sandbox/faults", {"action": action, **plan}).status_code == 201

    def stop(self) -> None:
        self.session.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def _output(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def _without_buffer_setting() -> dict[str, str]:
    """The line must come by itself, not because the environment switched buffering off."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


@pytest.fixture
def run() -> Iterator[Callable[..., RunningSandbox]]:
    """Starts sandboxes; they end with the test."""
    running: list[RunningSandbox] = []

    def run_one(*options: str) -> RunningSandbox:
        running.append(RunningSandbox(*options))
        return running[-1]

    yield run_one
    for sandbox in running:
        sandbox.stop()


@pytest.fixture
def sandbox(run: Callable[..., RunningSandbox]) -> RunningSandbox:
    return run()
