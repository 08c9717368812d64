"""This project's connector in each host: one sync each, looked at from several sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integration_tests.airbyte_messages import address, digests
from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM, CUSTOM_CONNECTOR
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE, PYAIRBYTE_WITHOUT_CACHE
from integration_tests.orchestrator.source import scripted
from integration_tests.orchestrator.streams import GlobalState, Other, Stream
from integration_tests.orchestrator.verdict import Counted, Verdict
from integration_tests.sandbox_process import RunningSandbox

EXACT = '{"cursor":123456789012345678901234567890,"price":1.10,"zero":-0.0,"far":1e400,"text":"\\u00e4 \\ud83d\\ude00"}'
EU, US = Stream("members", namespace="eu"), Stream("members", namespace="us")
LEADS, QUIET = Stream("leads", columns=("id", "email")), Stream("quiet")
TABLE = Stream("table", sync_mode="full_refresh", destination_sync_mode="append")
# A host's patience before it says that a state is stuck.
PATIENCE_S = 60.0

Connector = Callable[..., Destination]


@pytest.fixture(scope="module")
def platform_sync(connector: Connector) -> Verdict:
    """A sync of five streams on the current platform."""
    source = scripted(
        *(EU.record(email=address(1)), US.record(email=address(2)), EU.state(EXACT), LEADS.state("{}")),
        *(LEADS.record(id=1, email=address(3)), LEADS.record(id=2, email="nobody"), US.record(email=address(1))),
        *(TABLE.record(email=address(4)), LEADS.state('{"cursor":1.10}'), US.state('{"cursor":1}')),
        *(LEADS.record(id=3, email=None), EU.record(email=address(5)), EU.state('{"cursor":-0.0}')),
        *(LEADS.state('{"cursor":2}'), TABLE.record(email="also nobody"), TABLE.record(email=address(4))),
    )
    streams = [EU, US, LEADS, QUIET, TABLE]
    return Connection(CURRENT_PLATFORM, connector(), streams).job(source).attempt(hold_open_s=PATIENCE_S)


@pytest.fixture(scope="module")
def global_sync(connector: Connector) -> Verdict:
    """A sync of two streams with states for both at once, from a database's log."""
    orders, people = Stream("orders of all"), Stream("people of all")
    states = [
        GlobalState(f'{{"shared_state":{EXACT},"stream_states":[{{"stream_descriptor":{{"name":"{orders.name}"}}}}]}}'),
        GlobalState('{"shared_state":{"lsn":2.50},"stream_states":[]}'),
    ]
    source = scripted(
        *(orders.record(email=address(1)), people.record(email=address(2)), people.record(email="nobody"), states[0]),
        *(states[0], people.record(email=address(3)), states[1]),
    )
    return Connection(CURRENT_PLATFORM, connector(), [orders, people]).job(source).attempt(hold_open_s=PATIENCE_S)


def test_the_platform_gets_every_state_back_exactly_once_and_in_order(platform_sync: Verdict) -> None:
    assert platform_sync.succeeded().acknowledged_ids == [1, 2, 3, 4, 5, 6, 7]


def test_counts_add_up_per_stream(platform_sync: Verdict) -> None:
    assert platform_sync.counted == {
        EU.descriptor: Counted(2, 0),
        US.descriptor: Counted(2, 0),
        LEADS.descriptor: Counted(1, 2),
        TABLE.descriptor: Counted(2, 1),
    }


def test_two_streams_of_one_name_share_an_audience(platform_sync: Verdict, pinterest: RunningSandbox) -> None:
    platform_sync.succeeded()
    assert pinterest.members_of("members") == digests(address(1), address(2), address(5))
    assert pinterest.members_of("leads") == digests(address(3))


def test_the_state_that_the_platform_adds_for_a_full_refresh_comes_back(
    platform_sync: Verdict, pinterest: RunningSandbox
) -> None:
    assert platform_sync.succeeded().acknowledged[-1].state == TABLE.state("{}")
    assert pinterest.members_of("table") == digests(address(4))


def test_a_stream_that_never_sends_leaves_nothing_behind(platform_sync: Verdict, pinterest: RunningSandbox) -> None:
    platform_sync.succeeded()
    assert "quiet" not in {found["name"] for found in (*pinterest.audiences(), *pinterest.customer_lists())}


def test_global_states_come_back_exactly_and_count_all_streams(global_sync: Verdict) -> None:
    assert global_sync.succeeded().acknowledged_ids == [1, 2, 3]
    assert [state.records for state in global_sync.acknowledged] == [3, 0, 1]
    assert global_sync.counted == {None: Counted(3, 1)}


def test_a_custom_connector_syncs_without_ids_and_completion(connector: Connector, pinterest: RunningSandbox) -> None:
    table = Stream("table by image", sync_mode="full_refresh", destination_sync_mode="append")
    log = Stream("log by image", destination_sync_mode="append")
    source = scripted(table.record(email=address(1)), log.record(email=address(2)), log.state(EXACT))
    job = Connection(CUSTOM_CONNECTOR, connector(), [table, log]).job(source)
    verdict = job.attempt(hold_open_s=PATIENCE_S).succeeded()
    assert [state.state for state in verdict.acknowledged] == [log.state(EXACT), table.state("{}")]
    assert pinterest.members_of(table.name) == digests(address(1))
    assert pinterest.members_of(log.name) == digests(address(2))


def test_pyairbytes_cache_brings_nulls_seconds_and_columns_of_its_own(
    connector: Connector, pinterest: RunningSandbox
) -> None:
    first, second = Stream("first cached"), Stream("second cached", sync_mode="full_refresh")
    source = scripted(
        *(first.record(Email=address(1)), second.record(EMAIL=address(2)), first.record(email="nobody")),
        *(first.state(EXACT), second.state('{"__ab_full_refresh_sync_complete":true}')),
    )
    verdict = Connection(PYAIRBYTE, connector(), [first, second]).job(source).attempt(hold_open_s=PATIENCE_S)
    assert verdict.succeeded().counted == {first.descriptor: Counted(1, 1), second.descriptor: Counted(1, 0)}
    assert pinterest.members_of(first.name) == digests(address(1))
    assert pinterest.members_of(second.name) == digests(address(2))


def test_what_pyairbyte_passes_of_a_sources_talk_is_ignored_quietly(
    connector: Connector, pinterest: RunningSandbox
) -> None:
    log = Stream("log as it comes", namespace="shop")
    estimate = {"type": "STREAM", "name": log.name, "namespace": log.namespace, "row_estimate": 1, "byte_estimate": 9}
    failure = {"message": "A page was read again.", "failure_type": "transient_error"}
    kept_config = {"type": "CONNECTOR_CONFIG", "emitted_at": 1.5, "connectorConfig": {"config": {"token": "s3cret"}}}
    talk: list[dict[str, Any]] = [
        {"type": "LOG", "log": {"level": "WARN", "message": "The source's own words."}},
        {"type": "TRACE", "trace": {"type": "ESTIMATE", "emitted_at": 1.5, "estimate": estimate}},
        {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1.5, "error": failure}},
        {"type": "TRACE", "trace": {"type": "ANALYTICS", "emitted_at": 1.5, "analytics": {"type": "pages"}}},
        {"type": "CONTROL", "control": kept_config},
        {"type": "OF_A_LATER_PROTOCOL", "later": {"type": "STATE"}, "state": {"stream": "anything"}},
    ]
    both = GlobalState(f'{{"shared_state":{EXACT},"stream_states":[]}}')
    source = scripted(
        *(log.status("STARTED"), *(Other(message) for message in talk), log.record(email=address(1))),
        *(log.status("RUNNING"), log.state('{"cursor":1}'), *(Other(message) for message in talk)),
        *(log.record(email=address(2)), both, log.status("COMPLETE")),
    )
    verdict = Connection(PYAIRBYTE_WITHOUT_CACHE, connector(), [log]).job(source).attempt(hold_open_s=PATIENCE_S)
    assert [state.state for state in verdict.succeeded().acknowledged] == [log.state('{"cursor":1}'), both]
    assert pinterest.members_of(log.name) == digests(address(1), address(2))
    assert (verdict.controls, verdict.errors, verdict.warnings) == ([], [], [])
    assert [word for word in ("own words", "s3cret", "A page") if word in str(verdict.messages)] == []
