from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.airbyte_messages import address, digests, record, sha256, state, stream
from integration_tests.connector_process import Connectors, Outcome
from integration_tests.sandbox_process import RunningSandbox

ROWS = 25
LEAVES = "leaves@example.com"
# Each befalls the writes to a list of its own, twice.
FAULTS: dict[str, dict[str, Any]] = {
    "429 with headers": {"kind": "rate_limit", "reset_s": 1},
    "429 without headers": {"kind": "rate_limit", "headers": False},
    "429 with Retry-After": {"kind": "rate_limit", "headers": False, "retry_after_s": 1},
    "500": {"kind": "status", "status": 500},
    "503 for a while": {"kind": "status", "status": 503},
    "502 that is not JSON": {"kind": "not_json", "status": 502},
    "409": {"kind": "status", "status": 409, "code": 12},
    "reset before it took effect": {"kind": "reset_before"},
    "reset after it took effect": {"kind": "reset_after"},
    "answer cut off": {"kind": "truncate", "how": "connection"},
    "body cut short": {"kind": "truncate", "how": "body"},
    "page instead of JSON": {"kind": "not_json"},
}


class FaultySync:
    """One sync into a list for each fault, and what came of it."""

    def __init__(self, sandbox: RunningSandbox, connectors: Connectors) -> None:
        lists = {name: sandbox.new_list(sha256(LEAVES), name) for name in FAULTS}
        for name, action in FAULTS.items():
            sandbox.fault(action, endpoint="customer_lists/update", object_id=lists[name], times=2)
        sync = connectors.write(*(stream(name, "email", "_ab_cdc_deleted_at") for name in FAULTS), batch_size=10)
        for name in FAULTS:
            sync.feed(*(record(name, email=f"{name[:3]}{address(row)}") for row in range(ROWS)))
            sync.feed(record(name, email=LEAVES, _ab_cdc_deleted_at="2026-11-22"))
        sync.feed(*(state(number, name) for number, name in enumerate(FAULTS)))
        self.outcome: Outcome = sync.finish().succeeded()
        self.members = {name: sandbox.members(list_id) for name, list_id in lists.items()}
        plans = sandbox.control("GET", "/faults")["faults"]
        self.hits = {name: plan["hits"] for name, plan in zip(FAULTS, plans, strict=True)}


@pytest.fixture(scope="module")
def faulty_sync(shared_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultySync]:
    shared_sandbox.reset()
    connectors = Connectors(tmp_path_factory.mktemp("faulty"), shared_sandbox.api_base_url)
    yield FaultySync(shared_sandbox, connectors)
    connectors.stop()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_leaves_the_list_exact_and_is_reported_as_retries(
    faulty_sync: FaultySync, fault: str
) -> None:
    assert faulty_sync.hits[fault] == 2
    assert faulty_sync.members[fault] == digests(*(f"{fault[:3]}{address(row)}" for row in range(ROWS)))
    audience = faulty_sync.outcome.audience(fault)
    assert (audience["retries"], audience["synced"], audience["errored"]) == (2, ROWS + 1, 0)


def test_faults_that_pass_hold_back_no_state_for_good_and_each_is_logged(faulty_sync: FaultySync) -> None:
    outcome = faulty_sync.outcome
    assert outcome.state_ids == list(range(len(FAULTS)))
    retries = 2 * len(FAULTS)
    assert outcome.report["retries"] == retries
    assert len([text for text in outcome.texts if " Trying again in " in text]) == retries


def test_when_everything_fails_now_and_then_the_list_is_as_if_rows_were_applied_one_by_one(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    chance = random.Random(7)
    for seed, kind in enumerate(("reset_before", "reset_after", "truncate", "not_json")):
        sandbox.fault(kind, probability=0.06, seed=seed)
    sandbox.fault({"kind": "latency", "seconds": 0.1}, probability=0.5, seed=9)
    expected: set[str] = set()
    sync = connector.write(stream("customers", "email", "_ab_cdc_deleted_at"), batch_size=20)
    for number in range(200):
        email, gone = address(chance.randrange(60)), chance.random() < 0.4
        (expected.discard if gone else expected.add)(sha256(email))
        sync.feed(record("customers", email=email, _ab_cdc_deleted_at="2026-11-22" if gone else None))
        if number % 50 == 49:
            sync.feed(state(number, "customers"))
    outcome = sync.finish().succeeded()
    assert sandbox.members_of("customers") == expected
    assert outcome.state_ids == [49, 99, 149, 199]
    assert outcome.report["retries"] > 0
    assert (len(sandbox.customer_lists()), len(sandbox.audiences())) == (1, 1)


def test_lists_whose_writes_come_too_fast_are_written_to_one_at_a_time(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sandbox.new_list(sha256(address(0)), "customers")
    sandbox.change(tier="standard", object_spacing_ms=200, latency_ms=150)
    sync = connector.write(stream("customers"), access_tier="standard", batch_size=10)
    sync.feed(*(record("customers", email=address(number)) for number in range(40)), state(1, "customers"))
    outcome = sync.finish().succeeded()
    assert sandbox.members_of("customers") == digests(*map(address, range(40)))
    audience = outcome.audience("customers")
    assert audience["retries"] == len([seen for seen in sandbox.seen() if seen["status"] == 429]) >= 1
    assert any("so they went one at a time" in note for note in audience["notes"])


@pytest.mark.parametrize("status", [413, 400])
def test_requests_that_are_too_large_are_halved_until_they_fit_and_stay_small(
    connector: Connectors, sandbox: RunningSandbox, status: int
) -> None:
    sandbox.fault({"kind": "too_large", "limit": 300, "status": status})
    sync = connector.write(stream("customers"), batch_size=1_000)
    people = [address(number) for number in range(3_500)]
    sync.feed(*(record("customers", email=email) for email in people), state(1, "customers"))
    outcome = sync.finish().succeeded()
    assert sandbox.members_of("customers") == digests(*people)
    assert outcome.state_ids == [1]
    refused = [seen["identifiers"] for seen in sandbox.seen() if seen["status"] == status]
    accepted = [seen["identifiers"] for seen in sandbox.seen() if seen["identifiers"] and seen["status"] == 200]
    assert refused[:2] == [1_000, 500]
    assert len(refused) <= 2 + 4  # What was under way already when the first answer came may be refused as well.
    assert max(accepted) == 250


def test_a_list_that_vanishes_fails_the_sync_and_the_next_one_says_what_to_do(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    audience_id = sandbox.new_audience("customers", sandbox.new_list(name="customers"))
    sync = connector.write(stream("customers"))
    sync.feed(record("customers", email=address(1)), state(1, "customers")).wait_for_state(1)
    sandbox.fault("delete_list", endpoint="customer_lists/update")
    outcome = sync.feed(record("customers", email=address(2)), state(2, "customers")).finish()
    assert outcome.error["failure_type"] == "config_error"
    assert "no such customer list" in outcome.error["message"]
    assert outcome.state_ids == [1]
    again = connector.write(stream("customers")).finish()
    assert again.error["failure_type"] == "config_error"
    assert f'The audience "customers" ({audience_id})' in again.error["message"]
    assert "Remove or rename the audience" in again.error["message"]


def test_a_fault_that_does_not_pass_fails_the_sync_when_the_retry_time_is_over(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sandbox.fault({"kind": "status", "status": 503}, endpoint="customer_lists/update")
    list_id = sandbox.new_list(name="customers")
    sync = connector.write(stream("customers"), retry_hours=1.2 / 3600)
    outcome = sync.feed(record("customers", email=address(1)), state(1, "customers")).finish()
    assert outcome.error["failure_type"] == "transient_error"
    assert "given up after 2 attempts" in outcome.error["message"]
    assert (outcome.states, sandbox.members(list_id)) == ([], {"a@example.com"})
