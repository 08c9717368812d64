"""Unmistakable people and secrets go through success, every error and a crash; then everything is searched for them."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from integration_tests.airbyte_messages import digests, record, sha256, state, stream
from integration_tests.connector_process import Connector, Connectors, Outcome
from integration_tests.sandbox_process import RunningSandbox

EMAIL = "Canary.Kanarienvogel+finch@Example.com"
HASHED = sha256(EMAIL.lower())
IDFA = "CA9A12F0-CA9A-4CA9-ACA9-CA9A12F0CA9A"
GAID = "ca9a12f1-ca9a-4ca9-aca9-ca9a12f1ca9a"
RAMP = "XYcanaryliverampidentity0042"
NO_ADDRESS = "canary without an at sign"
OTHER_COLUMN = "Canary Lane 42"
ROW = {"email": [EMAIL, NO_ADDRESS], "idfa": IDFA, "gaid": GAID, "ramp": RAMP, "street": OTHER_COLUMN}
COLUMNS = [
    {"column": "email", "identifier": "EMAIL", "format": "plain"},
    {"column": "idfa", "identifier": "IDFA"},
    {"column": "gaid", "identifier": "GAID"},
    {"column": "ramp", "identifier": "LR_ID"},
]
# What people are known by, in clear: it must not even reach Pinterest. IDs that are sent as given are not of these.
PLAIN = [EMAIL, IDFA, GAID, NO_ADDRESS, OTHER_COLUMN]
# What stands for people at Pinterest: nobody else is to have it.
SENT = [HASHED, sha256(IDFA.lower()), sha256(GAID), RAMP]
ACCESS_TOKEN = "pina_canary_access_token"
CLIENT_SECRET = "canary-client-secret"
PASSWORD = "canary-password-of-a-newer-version"
SECRETS = [ACCESS_TOKEN, CLIENT_SECRET, "pinr_canary_refresh", PASSWORD]
UNKNOWN_SETTINGS = {"password": PASSWORD, "tunnel_method": {"tunnel_user_password": PASSWORD, "keys": [PASSWORD]}}

SIDE_BY_SIDE = 4

# Python reads this module when it starts. It stands for a fault that nobody has thought of, quoting what it choked on:
# in the exception, not in the line that raises it, which is source code and belongs into a stack trace.
CRASH = """
import {module} as module
quoted = {quoted!r}
original = {target}
def crash(*arguments, **named):
    if {condition}:
        raise RuntimeError(quoted, arguments)
    return original(*arguments, **named)
{target} = crash
"""


@dataclass(frozen=True)
class Scenario:
    """A run that goes its own way: what befalls the writes to its list, what is fed, what it must end with."""

    ends_with: str
    fault: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    rest: bytes = b""
    crash: str | None = None
    act: Callable[[Connector], None] = lambda _: None


def quoting(status: int, code: int = 0) -> dict[str, Any]:
    """A refusal that quotes what it refuses."""
    message = f"{status}: cannot read {EMAIL}, {HASHED}, {IDFA} of the owner of {ACCESS_TOKEN}"
    if status != 413:  # That is halved: of a request that holds one identifier, no other can be quoted.
        message += f" and {RAMP}"
    return {"kind": "status", "status": status, "code": code, "message": message}


def terminate(sync: Connector) -> None:
    sync.wait_until_read()
    time.sleep(0.5)
    sync.process.send_signal(signal.SIGTERM)


SCENARIOS = {
    "success": Scenario(""),
    "refused": Scenario("config_error", quoting(400, 1)),
    "not authenticated": Scenario("config_error", quoting(401, 2)),
    "not permitted": Scenario("config_error", quoting(403, 29)),
    "not found": Scenario("config_error", quoting(404, 50)),
    "too large": Scenario("config_error", quoting(413)),
    "limited until tomorrow": Scenario(
        "transient_error", {**quoting(429, 8), "headers": {"retry-after": "86400", "x-ratelimit-limit": EMAIL}}
    ),
    "down": Scenario("transient_error", quoting(500)),
    "retried": Scenario("", {**quoting(503), "times": 1}),
    "moved": Scenario("system_error", {**quoting(302), "headers": {"location": f"http://127.0.0.1:9/?{EMAIL}"}}),
    "reset": Scenario("transient_error", {"kind": "reset_after"}),
    "cut off": Scenario("transient_error", {"kind": "truncate"}),
    "page": Scenario("transient_error", {"kind": "not_json"}),
    "unreachable": Scenario("transient_error", settings={"api_base_url": "http://127.0.0.1:9/v5"}),
    "garbage line": Scenario("system_error", rest=f'{{"type": "RECORD", "record": "{EMAIL}"\n'.encode()),
    "garbage message": Scenario("system_error", rest=f'{{"type": "RECORD", "record": ["{EMAIL}"]}}\n'.encode()),
    "wrong setting": Scenario("config_error", settings={"batch_size": PASSWORD, "retry_hours": PASSWORD}),
    "wrong sign-in": Scenario("config_error", settings={"credentials": {"auth_method": PASSWORD}}),
    "terminated": Scenario("", {"kind": "latency", "seconds": 60}, act=terminate),
    "crash while reading": Scenario(
        "system_error",
        crash=CRASH.format(
            module="select", target="module.select", condition="len(arguments[0]) == 2", quoted=[*PLAIN, *SENT]
        ),
    ),
    "crash while sending": Scenario(
        "system_error",
        crash=CRASH.format(
            module="http.client as client, http",
            target="module.client.HTTPConnection.send",
            condition="b'operation_type' in arguments[1]",
            quoted=[*PLAIN, *SECRETS],
        ),
    ),
}


@dataclass(frozen=True)
class Traces:
    """What a run has left."""

    outcome: Outcome
    files: dict[str, bytes]


class Runs:
    """All scenarios, a few at a time, run against one sandbox, each into a list of its own."""

    def __init__(self, sandbox: RunningSandbox, folder: Path) -> None:
        self._sandbox = sandbox
        sandbox.reset()
        sandbox.control("PUT", "/apps/1234567", {"client_secret": CLIENT_SECRET})
        sandbox.new_token(token=ACCESS_TOKEN)
        self._connectors = {
            name: Connectors(folder / str(number), sandbox.api_base_url) for number, name in enumerate(SCENARIOS)
        }
        try:
            self.traces = self._run()
        finally:
            for connectors in self._connectors.values():
                connectors.stop()
        self.secrets = [*SECRETS, *self._tokens()]
        self.bodies = [request["body"] for request in sandbox.seen() if request["body"]]
        self.lists = {found["name"]: sandbox.members(found["id"]) for found in sandbox.customer_lists()}

    def _run(self) -> dict[str, Traces]:
        with ThreadPoolExecutor(SIDE_BY_SIDE) as side_by_side:
            return dict(zip(SCENARIOS, side_by_side.map(self._run_one, SCENARIOS), strict=True))

    def _run_one(self, name: str) -> Traces:
        sync = self._start(name, SCENARIOS[name])
        SCENARIOS[name].act(sync)
        return Traces(sync.finish(), self._files(name))

    def _start(self, name: str, scenario: Scenario) -> Connector:
        list_id = self._sandbox.new_list(sha256("a@example.com"), name)
        if scenario.fault:
            plan = {"times": scenario.fault.get("times")}
            action = {key: value for key, value in scenario.fault.items() if key != "times"}
            self._sandbox.fault(action, endpoint="customer_lists/update", object_id=list_id, **plan)
        refresh_token = self._sandbox.new_token(kind="refresh", token=f"pinr_canary_refresh_{list_id}")
        credentials = {
            "auth_method": "oauth2.0",
            "client_id": "1234567",
            "client_secret": CLIENT_SECRET,
            "refresh_token": refresh_token,
        }
        if name in {"not authenticated", "refused", "crash while sending"}:
            credentials = {"auth_method": "access_token", "access_token": ACCESS_TOKEN}
        connectors = self._connectors[name]
        settings = {
            **UNKNOWN_SETTINGS,
            "credentials": {**credentials, "password": PASSWORD},
            "identity_columns": COLUMNS,
            "retry_hours": 1.5 / 3600,
            **(scenario.settings or {}),
        }
        environment = {}
        if scenario.crash:
            modules = [str(connectors.given_module("sitecustomize", scenario.crash)), os.environ.get("PYTHONPATH", "")]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, modules))
        arguments = connectors.write_arguments(stream(name, *ROW), **settings)
        sync = connectors.start(*arguments, environment=environment)
        return sync.feed(record(name, **ROW), scenario.rest, state(1, name))

    def _files(self, name: str) -> dict[str, bytes]:
        own = self._connectors[name].own_files
        return {str(path): path.read_bytes() for path in own.rglob("*") if path.is_file()}

    def _tokens(self) -> list[str]:
        tokens = self._sandbox.control("GET", "/tokens")
        every = [*tokens["access_tokens"], *tokens["refresh_tokens"]]
        return [token["token"] for token in every if token["token"] not in {"pina_sandbox", "pinr_sandbox"}]


@pytest.fixture(scope="module")
def runs(shared_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(shared_sandbox, tmp_path_factory.mktemp("canary"))


def found_in(content: bytes, needles: list[str]) -> list[str]:
    """Which of the needles are there, in any letter case, escape or packing that somebody might have put them in."""
    haystack = content.lower()
    disguises = (str, quote, json.dumps, lambda text: base64.b64encode(text.encode()).decode(), lambda text: text[:-3])
    return [
        needle
        for needle in needles
        if any(disguise(needle).strip('"').lower().encode() in haystack for disguise in disguises)
    ]


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_person_and_no_secret_is_in_any_output_or_file(runs: Runs, name: str) -> None:
    outcome, files = runs.traces[name].outcome, runs.traces[name].files
    config_for_the_platform = [line for line in outcome.lines if line.message["type"] == "CONTROL"]
    said = [line for line in outcome.lines if line not in config_for_the_platform]
    forbidden = [*PLAIN, *SENT, *runs.secrets]
    assert found_in(b"".join(line.raw for line in said), forbidden) == []
    assert found_in(b"".join(line.raw for line in config_for_the_platform), [*PLAIN, *SENT]) == []
    assert outcome.stderr == b""
    assert {path: found for path, content in files.items() if (found := found_in(content, forbidden))} == {}


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_run_ends_as_it_is_meant_to(runs: Runs, name: str) -> None:
    outcome, kind = runs.traces[name].outcome, SCENARIOS[name].ends_with
    assert [error["failure_type"] for error in outcome.errors] == ([kind] if kind else [])
    assert outcome.exit_code == (1 if kind else -signal.SIGTERM if name == "terminated" else 0)
    assert outcome.state_ids == ([] if kind or name == "terminated" else [1])


def test_no_plain_identifier_and_no_password_is_in_any_request_to_pinterest(runs: Runs) -> None:
    assert len(runs.bodies) > len(SCENARIOS)
    assert [found_in(body.encode(), [*PLAIN, PASSWORD]) for body in runs.bodies if found_in(body.encode(), PLAIN)] == []
    assert [body for body in runs.bodies if ACCESS_TOKEN in body] == []
    expected = {sha256("a@example.com"), HASHED, RAMP, *digests(IDFA.lower(), GAID)}
    assert (runs.lists["success"], runs.lists["retried"]) == (expected, expected)


def test_the_crash_is_told_with_its_place_and_without_what_it_quoted(runs: Runs) -> None:
    for name in ("crash while reading", "crash while sending"):
        error = runs.traces[name].outcome.error
        assert "fault of its own (RuntimeError)" in error["message"]
        assert error["internal_message"] == "RuntimeError"
        assert "destination_pinterest/sync.py" in error["stack_trace"]


def test_the_search_finds_what_it_looks_for() -> None:
    for disguised in (EMAIL, EMAIL.upper(), quote(EMAIL), base64.b64encode(EMAIL.encode()).decode(), EMAIL[:-3]):
        assert found_in(f"x{disguised}y".encode(), PLAIN) == [EMAIL]
    assert found_in(b"nobody", [*PLAIN, *SENT, *SECRETS]) == []
