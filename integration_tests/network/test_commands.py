"""The whole connector against far ends that no sandbox could be: each command ends, and says why."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.markers import CONFIG_PATH_VARIABLE
from integration_tests.airbyte_messages import OAUTH, address, config, digests, record, state, stream
from integration_tests.connector_process import Connectors, Outcome
from integration_tests.network.conftest import MakeFarEnd
from integration_tests.network.far_ends import Behaviour, Line, http, refusing_tunnels
from integration_tests.sandbox_process import RunningSandbox

ACCOUNT = json.dumps({"id": "549755885175", "name": "Shop", "permissions": ["ADMIN"]}).encode()
OTHER = {"id": "1", "name": "Visitors", "audience_type": "VISITOR"}
DEEP = b'{"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}"


@pytest.fixture
def connectors(tmp_path: Path) -> Iterator[Connectors]:
    connectors = Connectors(tmp_path, "https://api.pinterest.com/v5")
    yield connectors
    connectors.stop()


def always(status: int, body: bytes, *headers: str) -> Behaviour:
    return lambda line, head: line.sendall(http(status, body, *headers))


def pages(page: Callable[[int], dict[str, Any]]) -> Behaviour:
    """An ad account whose listings are these pages, from page 1 on, and without a list to write to."""
    numbers = count(1)

    def behave(line: Line, head: str) -> None:
        asked = head.partition("\r\n")[0]
        if asked.startswith("PATCH"):
            line.sendall(http(404, b"{}"))
        elif "page_size" in asked:
            line.sendall(http(200, json.dumps(page(next(numbers))).encode()))
        else:
            line.sendall(http(200, ACCOUNT))

    return behave


HOSTILE: dict[str, tuple[Behaviour, str]] = {
    "a bomb": (always(200, gzip.compress(b" " * 200 * 2**20), "Content-Encoding: gzip"), "PIN-API-011"),
    "depth": (always(200, DEEP), "PIN-API-008"),
    "depth in an error": (always(403, DEEP), "PIN-AUTH-006"),
    "another ad account": (always(200, b'{"id":"1"}'), "PIN-API-010"),
    "no object": (always(200, b"[]"), "PIN-API-008"),
    "empty pages": (pages(lambda number: {"items": [], "bookmark": str(number)}), "PIN-API-011"),
    "the same page": (pages(lambda number: {"items": [OTHER], "bookmark": str(number)}), "PIN-API-011"),
    "long bookmarks": (pages(lambda _: {"items": [], "bookmark": "x" * 10_000}), "PIN-API-008"),
}


@pytest.mark.parametrize("what", [name for name in HOSTILE if name != "the same page"])
def test_a_check_answers_whatever_the_far_end_does(far_end: MakeFarEnd, connectors: Connectors, what: str) -> None:
    behaviour, code = HOSTILE[what]
    outcome = connectors.check(api_base_url=f"http://127.0.0.1:{far_end(behaviour).port}/v5")
    assert (outcome.exit_code, outcome.errors) == (0, [])
    assert outcome.connection_status["status"] == "FAILED"
    assert outcome.connection_status["message"].startswith(f"{code}: ")


def run(connectors: Connectors, command: str, **settings: Any) -> Outcome:
    if command == "write":
        sync = connectors.write(stream("customers"), **settings)
        return sync.feed(record("customers", email=address(1)), state(1, "customers")).finish()
    return connectors.start(command, *connectors.check_arguments(**settings)[1:]).finish()


@pytest.mark.parametrize("command", ["discover", "audiences", "write"])
@pytest.mark.parametrize("what", [name for name in HOSTILE if name != "another ad account"])
def test_a_command_ends_with_a_typed_error_whatever_the_far_end_does(
    far_end: MakeFarEnd, connectors: Connectors, command: str, what: str
) -> None:
    behaviour, code = HOSTILE[what]
    outcome = run(connectors, command, api_base_url=f"http://127.0.0.1:{far_end(behaviour).port}/v5")
    assert outcome.error["message"].startswith(f"{code}: ")
    assert outcome.states == []


@pytest.mark.parametrize("command", ["check", "discover", "write"])
@pytest.mark.parametrize(("status", "code"), [(407, "PIN-NET-004"), (403, "PIN-NET-005")])
def test_a_proxy_that_refuses_is_a_config_error_at_once(
    *, far_end: MakeFarEnd, connectors: Connectors, command: str, status: int, code: str
) -> None:
    proxy = far_end(refusing_tunnels(status))
    environment = {"HTTPS_PROXY": f"http://somebody:s3cret@127.0.0.1:{proxy.port}"}
    given = connectors.given(config("https://api.pinterest.com/v5"))
    catalog = ["--catalog", connectors.given({"streams": [stream("customers")]})] if command == "write" else []
    outcome = connectors.start(command, "--config", given, *catalog, environment=environment).finish()
    if command == "check":
        message = outcome.connection_status["message"]
    else:
        message = outcome.error["message"]
        assert outcome.error["failure_type"] == "config_error"
    assert message.startswith(f"{code}: The proxy http://127.0.0.1:{proxy.port} ")
    assert f"api.pinterest.com:443 (HTTP {status})" in message
    assert "s3cret" not in str([line.raw for line in outcome.lines])
    assert len(proxy.heads) == 1


def test_certificates_that_are_not_there_are_named_by_a_check(connectors: Connectors) -> None:
    given = connectors.given(config("https://api.pinterest.com/v5"))
    environment = {"SSL_CERT_FILE": "/nowhere/authority.pem", "REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}
    outcome = connectors.start("check", "--config", given, environment=environment).finish()
    message = outcome.connection_status["message"]
    assert message.startswith("PIN-NET-006: The certificates in /nowhere/authority.pem, which SSL_CERT_FILE names, ")


def kept_by(connector: Connectors) -> dict[str, Any]:
    """The credentials that a check leaves."""
    (kept,) = connector.check(credentials=OAUTH).succeeded().controls
    credentials: dict[str, Any] = kept["credentials"]
    return credentials


@pytest.mark.parametrize("how", ["503", "refused", "hangs up"])
def test_a_renewal_that_is_not_needed_yet_never_costs_a_sync(
    connector: Connectors, sandbox: RunningSandbox, how: str
) -> None:
    credentials = kept_by(connector)
    credentials["refresh_token_expires_at"] = credentials["access_token_expires_at"] - 86_400
    fault: dict[str, Any] = {
        "503": {"kind": "status", "status": 503},
        "refused": {"kind": "status", "status": 401, "code": 2},
        "hangs up": {"kind": "reset_before"},
    }[how]
    sandbox.fault(fault, endpoint="oauth/token")
    sync = connector.write(stream("customers"), credentials=credentials)
    outcome = sync.feed(record("customers", email=address(1)), state(1, "customers")).finish().succeeded()
    assert sandbox.members_of("customers") == digests(address(1))
    assert outcome.state_ids == [1]
    (warning,) = (text for text in outcome.texts if "could not be renewed, which is not needed yet" in text)
    assert "PIN-" in warning


@pytest.mark.parametrize("moment", [0, -5, 1e300, 10**300])
def test_a_config_with_an_absurd_time_works_again(connector: Connectors, sandbox: RunningSandbox, moment: Any) -> None:
    credentials = {**kept_by(connector), "access_token_expires_at": moment, "refresh_token_expires_at": moment}
    connector.check(credentials=credentials).succeeded()


def test_a_lost_race_for_a_renewal_is_tried_again_once_where_settings_are_read_anew(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    before = kept_by(connector)
    sandbox.end_token(before["access_token"], "revoke")
    sandbox.end_token(before["refresh_token"], "revoke")
    arguments = connector.write_arguments(stream("customers"), credentials=before)
    kinds = []
    for attempt in ("0", "1"):
        outcome = connector.start(*arguments, environment={"WORKER_JOB_ATTEMPT": attempt}).finish()
        kinds.append((outcome.error["failure_type"], outcome.error["message"].partition(": ")[0]))
        assert "sign in again" in outcome.error["message"].lower()
    assert kinds == [("transient_error", "PIN-AUTH-008"), ("config_error", "PIN-AUTH-002")]


def test_a_sign_in_that_another_run_has_renewed_is_found_in_the_config_file(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    before = kept_by(connector)
    sandbox.end_token(before["access_token"], "revoke")
    (after,) = connector.check(credentials=before).succeeded().controls
    kept = connector.given(after)
    arguments = connector.write_arguments(stream("customers"), credentials=before)
    sync = connector.start(*arguments, environment={CONFIG_PATH_VARIABLE: kept})
    outcome = sync.feed(record("customers", email=address(1)), state(1, "customers")).finish().succeeded()
    assert outcome.state_ids == [1]
    assert outcome.controls == []
