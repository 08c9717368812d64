from __future__ import annotations

import signal

import pytest

from integration_tests.airbyte_messages import OAUTH, address, digests, record, state, stream
from integration_tests.connector_process import Connectors
from integration_tests.sandbox_process import RunningSandbox


def test_a_token_that_expires_in_mid_sync_is_refreshed_once_for_all_requests_in_flight(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    names = [f"list {number}" for number in range(6)]
    for name in names:
        sandbox.new_audience(name, sandbox.new_list(name=name))
    expired = {"kind": "status", "status": 401, "code": 2, "message": "Authentication failed."}
    sandbox.fault({"kind": "latency", "seconds": 0.8}, endpoint="customer_lists/update")
    sandbox.fault(expired, endpoint="customer_lists/update", times=len(names))
    credentials = {**OAUTH, "access_token": sandbox.new_token(), "access_token_expires_at": 9_999_999_999}
    sync = connector.write(*(stream(name) for name in names), credentials=credentials)
    sync.feed(*(record(name, email=address(1)) for name in names), state(1, names[0]))
    outcome = sync.finish().succeeded()
    sent = sandbox.seen("customer_lists/update")
    assert sorted(request["status"] for request in sent) == [200] * len(names) + [401] * len(names)
    (refresh,) = sandbox.seen("oauth/token")
    assert all(request["at"] < refresh["at"] for request in sent if request["status"] == 401)
    kinds = [line.message["type"] for line in outcome.lines]
    assert (kinds.count("CONTROL"), kinds.count("STATE")) == (1, 1)
    assert kinds.index("CONTROL") < kinds.index("STATE")
    told_at = outcome.lines[kinds.index("CONTROL")].at
    # Read by a thread of this process, which may be late; the requests before it took longer than that.
    assert told_at < min(request["at"] for request in sent if request["status"] == 200) + 0.5
    for name in names:
        assert sandbox.members_of(name) == {"a@example.com", *digests(address(1))}
    (kept,) = outcome.controls
    assert kept["credentials"]["refresh_token"] != OAUTH["refresh_token"]
    assert kept["credentials"]["client_secret"] == OAUTH["client_secret"]


def test_a_static_token_that_expires_in_mid_sync_is_a_config_error_that_says_what_to_do(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sync = connector.write(stream("customers"))
    sync.feed(record("customers", email=address(1)), state(1, "customers")).wait_for_state(1)
    sandbox.end_token("pina_sandbox", "expire")
    outcome = sync.feed(record("customers", email=address(2)), state(2, "customers")).finish()
    assert outcome.error["failure_type"] == "config_error"
    assert "Make a new one (My apps at developers.pinterest.com" in outcome.error["message"]
    assert outcome.state_ids == [1]


def test_a_sign_in_whose_renewal_was_lost_on_the_way_says_so(connector: Connectors, sandbox: RunningSandbox) -> None:
    sandbox.fault("reset_after", endpoint="oauth/token", times=1)
    sync = connector.write(stream("customers"), credentials=OAUTH)
    outcome = sync.feed(record("customers", email=address(1)), state(1, "customers")).finish()
    assert outcome.error["failure_type"] == "config_error"
    assert "an answer to a refresh was lost" in outcome.error["message"]
    assert "Sign in again" in outcome.error["message"]
    assert (outcome.states, outcome.controls) == ([], [])


@pytest.mark.parametrize("command", ["check", "write"])
def test_a_sign_in_that_is_being_renewed_at_sigterm_is_handed_over_first(
    cold_connector: Connectors, sandbox: RunningSandbox, command: str
) -> None:
    sandbox.fault({"kind": "latency", "seconds": 1.5}, endpoint="oauth/token")
    if command == "check":
        run = cold_connector.start(*cold_connector.check_arguments(credentials=OAUTH))
    else:
        run = cold_connector.write(stream("customers"), credentials=OAUTH)
    sandbox.wait_for_hits(1)
    run.process.send_signal(signal.SIGTERM)
    outcome = run.finish()
    assert outcome.exit_code == -signal.SIGTERM
    (kept,) = outcome.controls
    assert kept["credentials"]["refresh_token"] != OAUTH["refresh_token"]
    assert cold_connector.check(credentials=kept["credentials"]).connection_status["status"] == "SUCCEEDED"
