from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from integration_tests.airbyte_messages import OAUTH
from integration_tests.connector_process import Connector, Connectors, Outcome
from integration_tests.sandbox_process import RunningSandbox


def failure(outcome: Outcome) -> str:
    """The message of a check that failed as checks fail: with a status, not with an exit code or a trace."""
    assert (outcome.exit_code, outcome.errors) == (0, [])
    assert {line.message["type"] for line in outcome.lines} <= {"LOG", "CONTROL", "CONNECTION_STATUS"}
    assert outcome.lines[-1].message["type"] == "CONNECTION_STATUS"
    status = outcome.connection_status
    assert status["status"] == "FAILED"
    return str(status["message"])


# The other ad account that the sandbox's person reaches.
SISTER = '"Sandbox Sister Account" (549755885176)'
OWN = '"Sandbox Europe" (549755885180), "Sandbox Asia" (549755885190)'


def test_a_check_succeeds_naming_the_account_and_the_person(connector: Connectors, sandbox: RunningSandbox) -> None:
    outcome = connector.check().succeeded()
    assert [line.message["type"] for line in outcome.lines] == ["LOG", "CONNECTION_STATUS"]
    assert outcome.connection_status == {
        "status": "SUCCEEDED",
        "message": 'Connected to the ad account "Sandbox Ad Account" (549755885175) as sandbox_business. '
        f"The sign-in also reaches {SISTER}, {OWN}.",
    }
    assert (sandbox.audiences(), sandbox.customer_lists()) == ([], [])


def static(token: str) -> dict[str, Any]:
    return {"credentials": {"auth_method": "access_token", "access_token": token}}


def oauth(**changes: Any) -> dict[str, Any]:
    return {"credentials": {**OAUTH, **changes}}


def new_token(sandbox: RunningSandbox, **wanted: Any) -> dict[str, Any]:
    token = sandbox.new_token(**wanted)
    return oauth(refresh_token=token) if wanted.get("kind") == "refresh" else static(token)


def without(scope: str) -> list[str]:
    return [granted for granted in ("ads:read", "ads:write", "user_accounts:read") if granted != scope]


# What is wrong, and the words that say so.
FAILURES: dict[str, tuple[Callable[[RunningSandbox], dict[str, Any]], list[str]]] = {
    "garbage token": (lambda _: static("pina_garbage"), ["Make a new one", "HTTP 401"]),
    "expired token": (
        lambda sandbox: new_token(sandbox, expires_in_s=0),
        ["it is expired (30 days after it was made)", "HTTP 401"],
    ),
    "expired refresh token": (
        lambda sandbox: new_token(sandbox, kind="refresh", expires_in_s=0),
        ["60 days without a sync", "Sign in again"],
    ),
    "wrong app secret": (lambda _: oauth(client_secret="wrong"), ["the app's ID and secret"]),
    "token that may not write": (
        lambda sandbox: new_token(sandbox, scopes=without("ads:write")),
        ["not granted ads:write."],
    ),
    "token that may not read": (
        lambda sandbox: new_token(sandbox, scopes=without("ads:read")),
        ["not granted ads:read."],
    ),
    "sign-in that may not write": (
        lambda sandbox: new_token(sandbox, kind="refresh", scopes=without("ads:write")),
        ["not include the scope ads:write."],
    ),
    "unknown ad account": (lambda _: {"ad_account_id": "1"}, ["reach the ad account 1;", SISTER, "HTTP 404"]),
    "foreign ad account": (
        lambda _: {"ad_account_id": "549755885999"},
        ["reach the ad account 549755885999;", SISTER, "role Admin or Audience", "HTTP 403"],
    ),
    "wrong role": (lambda _: {"ad_account_id": "549755885176"}, ["ANALYST", "role Admin or Audience"]),
    "settings": (lambda _: {"ad_account_id": "VIP", "batch_size": 0}, ["up to 18 digits", "`batch_size`"]),
    "format that does not exist": (
        lambda _: {"identity_columns": [{"column": "e", "identifier": "LR_ID", "format": "sha256"}]},
        ["'e'", "does not exist"],
    ),
}


@dataclass(frozen=True)
class FailedCheck:
    """The settings of a check, and what came of it."""

    settings: dict[str, Any]
    outcome: Outcome


@pytest.fixture(scope="module")
def failed_checks(
    shared_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, FailedCheck]]:
    """All checks that fail, a few at a time, since most of their time goes into starting."""
    shared_sandbox.reset()
    settings = {name: prepare(shared_sandbox) for name, (prepare, _) in FAILURES.items()}
    connectors = Connectors(tmp_path_factory.mktemp("checks"), shared_sandbox.api_base_url)
    arguments = [connectors.check_arguments(**each) for each in settings.values()]
    with ThreadPoolExecutor(3) as side_by_side:
        outcomes = side_by_side.map(lambda words: connectors.start(*words).finish(), arguments)
        yield {name: FailedCheck(settings[name], outcome) for name, outcome in zip(settings, outcomes, strict=True)}
    connectors.stop()


@pytest.mark.parametrize("name", FAILURES)
def test_a_check_says_what_to_change_and_shows_no_secret(failed_checks: dict[str, FailedCheck], name: str) -> None:
    failed = failed_checks[name]
    message = failure(failed.outcome)
    assert [words for words in FAILURES[name][1] if words not in message] == []
    credentials = failed.settings.get("credentials", {})
    secrets = [value for key, value in credentials.items() if key != "auth_method"]
    said = [line.raw for line in failed.outcome.lines if line.message["type"] != "CONTROL"]
    assert [secret for secret in secrets if secret in str(said)] == []


def test_a_token_without_user_accounts_is_good_enough(connector: Connectors, sandbox: RunningSandbox) -> None:
    token = sandbox.new_token(scopes=["ads:read", "ads:write"])
    outcome = connector.check(**static(token)).succeeded()
    assert outcome.connection_status["message"] == (
        f'Connected to the ad account "Sandbox Ad Account" (549755885175). The sign-in also reaches {SISTER}, {OWN}.'
    )


def test_a_refreshed_sign_in_goes_to_the_platform_whole_and_before_the_answer(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    outcome = connector.check(credentials={**OAUTH, "kept_by": "the platform"}, of_a_newer_version=[1, 2]).succeeded()
    kinds = [line.message["type"] for line in outcome.lines]
    assert kinds.index("CONTROL") < kinds.index("CONNECTION_STATUS")
    (kept,) = outcome.controls
    assert (kept["of_a_newer_version"], kept["credentials"]["kept_by"]) == ([1, 2], "the platform")
    assert (kept["ad_account_id"], kept["api_base_url"]) == ("549755885175", sandbox.api_base_url)
    tokens = sandbox.control("GET", "/tokens")
    alive = [token["token"] for token in tokens["refresh_tokens"] if not token["revoked"]]
    assert [kept["credentials"]["refresh_token"]] == alive
    assert kept["credentials"]["access_token"] in [token["token"] for token in tokens["access_tokens"]]
    assert "The sign-in ends on " in outcome.connection_status["message"]
    assert connector.check(**kept).succeeded().controls == []


def test_a_server_that_can_not_be_reached_is_tried_for_a_while_and_then_named(
    check_of_a_dead_server: Connector,
) -> None:
    message = failure(check_of_a_dead_server.finish())
    assert "can't be reached (connection refused)" in message
    assert "check the network" in message
    assert "given up after" in message
