from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from integration_tests.airbyte_messages import address, digests, record, sha256, state, stream
from integration_tests.connector_process import Connector, Connectors
from integration_tests.sandbox_process import RunningSandbox
from unit_tests.support.webhook import webhook


def changes(count: int) -> list[tuple[str, bool]]:
    """A log of changes: who, and whether they leave."""
    chance = random.Random(11)
    return [(address(chance.randrange(count // 4)), chance.random() < 0.4) for _ in range(count)]


def feed_changes(sync: Connector, log: list[tuple[str, bool]], start: int) -> None:
    """The log from `start` on, with a state after every hundred changes that says how far it went."""
    for number, (email, gone) in enumerate(log[start:], start=start + 1):
        sync.feed(record("customers", email=email, _ab_cdc_deleted_at="2026-11-22" if gone else None))
        if number % 100 == 0:
            sync.feed(state(number, "customers", cursor=number))


def test_after_a_kill_in_mid_sync_a_run_from_the_last_state_makes_the_list_exact(
    cold_connector: Connectors, sandbox: RunningSandbox
) -> None:
    sandbox.change(latency_ms=80)
    log = changes(2_000)
    streams = stream("customers", "email", "_ab_cdc_deleted_at")
    killed = cold_connector.write(streams, batch_size=30)
    feed_changes(killed, log, 0)
    killed.wait_for(lambda message: message["type"] == "STATE", times=3)
    killed.process.kill()
    outcome = killed.finish()
    assert outcome.exit_code == -signal.SIGKILL
    reached = outcome.states[-1]["stream"]["stream_state"]["cursor"]
    assert 300 <= reached < len(log)
    sent_before = len(sandbox.seen("customer_lists/update"))
    again = cold_connector.write(streams, batch_size=30)
    feed_changes(again, log, reached)
    assert again.finish().succeeded().state_ids == list(range(reached + 100, len(log) + 1, 100))
    expected: set[str] = set()
    for email, gone in log:
        (expected.discard if gone else expected.add)(sha256(email))
    assert sandbox.members_of("customers") == expected
    assert len(sandbox.customer_lists()) == 1
    assert 0 < sent_before < len(sandbox.seen("customer_lists/update"))


def test_sigterm_sends_what_was_read_returns_its_states_and_is_what_the_process_dies_of(
    cold_connector: Connectors, sandbox: RunningSandbox
) -> None:
    sync = cold_connector.write(stream("customers"), flush_seconds=600)
    sync.feed(state(0, "customers")).wait_for_state(0)
    sync.feed(*(record("customers", email=address(number)) for number in range(50)), state(1, "customers"))
    sync.wait_until_read().process.send_signal(signal.SIGTERM)
    sync.wait_for_state(1)
    outcome = sync.finish()
    assert outcome.exit_code == -signal.SIGTERM
    assert (outcome.errors, outcome.state_ids) == ([], [0, 1])
    (customers,) = sandbox.customer_lists()
    assert sandbox.members(customers["id"]) == digests(*map(address, range(50)))


def test_sigterm_ends_a_sync_whose_requests_hang_within_its_grace_without_their_states(
    cold_connector: Connectors, sandbox: RunningSandbox
) -> None:
    sandbox.new_list(name="customers")
    sandbox.fault({"kind": "latency", "seconds": 60}, endpoint="customer_lists/update")
    with webhook() as server:
        sync = cold_connector.write(stream("customers"), notify_url=f"http://{server.host}/")
        sync.feed(record("customers", email=address(1)), state(1, "customers"))
        sandbox.wait_for_hits(1)
        sync.process.send_signal(signal.SIGTERM)
        asked_at = time.monotonic()
        outcome = sync.finish()
    assert time.monotonic() - asked_at < 10
    assert (outcome.exit_code, outcome.states) == (-signal.SIGTERM, [])
    assert [each.json()["status"] for each in server.posted] == ["stopped"]


def test_a_host_that_stops_listening_ends_the_sync_as_a_failure_and_without_noise(
    cold_connector: Connectors, sandbox: RunningSandbox
) -> None:
    sync = cold_connector.write(stream("customers"))
    sync.stop_listening_at_the_next_line()
    sync.feed(state(1, "customers"), record("customers", email=address(1)), state(2, "customers"))
    outcome = sync.finish(stderr=b"")
    assert outcome.exit_code == 1


def test_an_input_that_ends_with_nothing_in_it_succeeds_and_creates_nothing(
    cold_connector: Connectors, sandbox: RunningSandbox
) -> None:
    outcome = cold_connector.write(stream("customers")).finish().succeeded()
    assert (outcome.states, sandbox.customer_lists(), sandbox.audiences()) == ([], [], [])
    assert outcome.report["status"] == "succeeded"
    assert outcome.audience("customers")["entered"] == 0


def test_sigterm_before_the_first_row_is_death_at_once_and_without_a_word(
    cold_connector: Connectors, sandbox: RunningSandbox
) -> None:
    sandbox.fault({"kind": "latency", "seconds": 60}, endpoint="audiences/list")
    with webhook() as server:
        sync = cold_connector.write(stream("customers"), notify_url=f"http://{server.host}/")
        sandbox.wait_for_hits(1)
        asked_at = time.monotonic()
        sync.process.send_signal(signal.SIGTERM)
        outcome = sync.finish()
    assert time.monotonic() - asked_at < 5
    assert (outcome.exit_code, outcome.errors, outcome.states) == (-signal.SIGTERM, [], [])
    assert [each.json()["status"] for each in server.posted] == ["stopped"]


@pytest.fixture
def store(tmp_path: Path) -> dict[str, Any]:
    folder = tmp_path / "store"
    folder.mkdir()
    return {"membership_store": {"store_type": "local", "path": str(folder), "store_key": "a key for tests only"}}


def leases(store: dict[str, Any]) -> list[Any]:
    """The lease of each ledger."""
    folder = Path(store["membership_store"]["path"])
    return [json.loads(path.read_bytes())["manifest"]["lease"] for path in folder.glob("*/manifest.json")]


def wait_for_lease(store: dict[str, Any]) -> None:
    give_up_at = time.monotonic() + 60
    while leases(store) in ([], [None]):
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


@pytest.mark.parametrize("moment", ["start-up", "reading", "settling", "finishing", "report"])
def test_sigterm_gives_the_store_back_whatever_the_sync_is_doing(
    cold_connector: Connectors, sandbox: RunningSandbox, store: dict[str, Any], moment: str
) -> None:
    slow = {
        "start-up": "audiences/create",
        "settling": "customer_lists/update",
        "finishing": "audiences/create",
        "report": "customer_lists/get",
    }
    if moment in ("start-up", "settling"):
        sandbox.new_list(name="customers")
    if moment in slow:
        sandbox.fault({"kind": "latency", "seconds": 60}, endpoint=slow[moment])
    sync = cold_connector.write(stream("customers"), **store)
    if moment != "start-up":
        wait_for_lease(store)
        sync.feed(*(record("customers", email=address(number)) for number in range(50)), state(1, "customers"))
        sync.wait_until_read()
    if moment not in ("start-up", "reading"):
        sync.close()
    if moment in slow:
        sandbox.wait_for_hits(1)
    assert leases(store) != [None]
    asked_at = time.monotonic()
    sync.process.send_signal(signal.SIGTERM)
    outcome = sync.finish()
    assert time.monotonic() - asked_at < 9
    assert outcome.exit_code == -signal.SIGTERM
    assert leases(store) == [None]


def test_what_a_killed_sync_left_on_the_disk_is_removed_by_the_next(
    cold_connector: Connectors, store: dict[str, Any]
) -> None:
    temporary = cold_connector.own_files / "tmp"
    killed = cold_connector.write(stream("customers"), **store)
    wait_for_lease(store)
    killed.process.kill()
    killed.finish()
    (left,) = temporary.iterdir()
    store["membership_store"]["path"] += "/other"
    Path(store["membership_store"]["path"]).mkdir()
    following = cold_connector.write(stream("customers"), **store)
    wait_for_lease(store)
    assert not left.exists()
    following.finish().succeeded()
    assert list(temporary.iterdir()) == []


def test_after_a_kill_in_mid_settlement_states_have_come_back_and_the_next_run_sends_the_rest(
    cold_connector: Connectors, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    """With a membership store. It waits a minute until the lease of the killed process has expired."""
    sandbox.change(latency_ms=80)
    count, batch, most_requests_a_slice = 3_000, 10, 64
    settings = {
        "membership_store": {"store_type": "local", "path": str(tmp_path), "store_key": "a key for tests alone"},
        "batch_size": batch,
    }

    def begin(reached: int) -> Connector:
        sync = cold_connector.write(stream("customers"), **settings)
        for number in range(reached, count, 100):
            rows = (record("customers", email=address(each)) for each in range(number, number + 100))
            sync.feed(*rows, state(number + 100, "customers"))
        return sync.close()

    killed = begin(0)
    killed.wait_for(lambda message: message["type"] == "STATE", times=3)
    killed.process.kill()
    outcome = killed.finish()
    assert outcome.exit_code == -signal.SIGKILL
    reached = outcome.state_ids[-1]
    assert outcome.state_ids == list(range(100, reached + 1, 100))
    (customers,) = sandbox.customer_lists()
    arrived = sandbox.members(customers["id"])
    assert digests(*map(address, range(reached))) <= arrived
    assert len(arrived) < count
    sandbox.forget_requests()
    assert begin(reached).finish().succeeded().state_ids == list(range(reached + 100, count + 1, 100))
    assert sandbox.members_of("customers") == digests(*map(address, range(count)))
    sent = sum(request["identifiers"] for request in sandbox.seen("customer_lists/update"))
    assert count - len(arrived) <= sent <= count - len(arrived) + most_requests_a_slice * batch
