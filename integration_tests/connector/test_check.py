from __future__ import annotations

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


def test_a_check_succeeds_naming_the_account_and_the_person(connector: Connectors, sandbox: RunningSandbox) -> None:
    outcome = connector.check().succeeded()
    assert [line.message["type"] for line in outcome.lines] == ["LOG", "CONNECTION_STATUS"]
    assert outcome.connection_status == {
        "status": "SUCCEEDED",
        "message": 'Connected to the ad account "Sandbox Ad Account" (549755885175) as sandbox_business.',
    }
    assert (sandbox.audiences(), sandbox.customer_lists()) == ([], [])


def static(token: str) -> dict[str, Any]:
    return {"credentials": {"auth_method": "access_token", "access_token": token}}


def oauth(**changes: Any) -> dict[str, Any]:
    return {"credentials": {**OAUTH, **changes}}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param(static("pina_garbage"), ["Make a new one", "HTTP 401"], id="garbage token"),
        pytest.param({"ad_account_id": "1"}, ["no such ad account", "HTTP 404"], id="unknown ad account"),
        pytest.param({"ad_account_id": "549755885999"}, ["role Admin or Audience", "HTTP 403"], id="foreign account"),
        pytest.param({"ad_account_id": "549755885176"}, ["ANALYST", "role Admin or Audience"], id="wrong role"),
        pytest.param({"ad_account_id": "VIP", "batch_size": 0}, ["up to 18 digits", "`batch_size`"], id="settings"),
        pytest.param(
            {"identity_columns": [{"column": "e", "identifier": "LR_ID", "format": "sha256"}]},
            ["'e'", "does not exist"],
            id="format that does not exist",
        ),
        pytest.param(oauth(client_secret="wrong"), ["the app's ID and secret"], id="wrong app secret"),
    ],
)
def test_a_check_says_what_to_change(connector: Connectors, settings: dict[str, Any], said: list[str]) -> None:
    outcome = connector.check(**settings)
    message = failure(outcome)
    assert [words for words in said if words not in message] == []
    assert outcome.controls == []
    secrets = [value for key, value in settings.get("credentials", {}).items() if key != "auth_method"]
    assert [secret for secret in secrets if secret in str(outcome)] == []


def test_an_expired_token_has_to_be_made_anew(connector: Connectors, sandbox: RunningSandbox) -> None:
    sandbox.end_token("pina_sandbox", "expire")
    assert "it is expired (30 days after it was made)" in failure(connector.check())


def test_an_expired_refresh_token_means_signing_in_again(connector: Connectors, sandbox: RunningSandbox) -> None:
    sandbox.end_token("pinr_sandbox", "expire")
    assert "60 days without a sync" in failure(connector.check(credentials=OAUTH))


@pytest.mark.parametrize(
    ("kind", "granted", "missing"),
    [
        ("access", ["ads:read", "user_accounts:read"], "ads:write"),
        ("access", ["ads:write", "user_accounts:read"], "ads:read"),
        ("refresh", ["ads:read", "user_accounts:read"], "ads:write"),
    ],
)
def test_a_missing_scope_is_named(
    connector: Connectors, sandbox: RunningSandbox, kind: str, granted: list[str], missing: str
) -> None:
    token = sandbox.new_token(kind=kind, scopes=granted)
    outcome = connector.check(**(static(token) if kind == "access" else oauth(refresh_token=token)))
    message = failure(outcome)
    assert f"not granted {missing}:" in message or f"not include the scope {missing}." in message


def test_a_token_without_user_accounts_is_good_enough(connector: Connectors, sandbox: RunningSandbox) -> None:
    token = sandbox.new_token(scopes=["ads:read", "ads:write"])
    outcome = connector.check(**static(token)).succeeded()
    assert outcome.connection_status["message"] == 'Connected to the ad account "Sandbox Ad Account" (549755885175).'


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
    assert "Given up after" in message
