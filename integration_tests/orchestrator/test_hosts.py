"""What each host hands over: catalogs, and standard input line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM, CUSTOM_CONNECTOR
from integration_tests.orchestrator.hosts import Host, SyncIds
from integration_tests.orchestrator.pyairbyte import (
    PYAIRBYTE,
    PYAIRBYTE_WITHOUT_CACHE,
    NeverReachesADestinationError,
)
from integration_tests.orchestrator.sent import SourceEnded
from integration_tests.orchestrator.source import EmptySource, KeptStates, Source, scripted
from integration_tests.orchestrator.streams import GlobalState, Other, Stream

TABLE = Stream("table", sync_mode="full_refresh", destination_sync_mode="overwrite")
DEDUPED = Stream("deduped", sync_mode="full_refresh", destination_sync_mode="overwrite_dedup", is_resumable=True)
LOG = Stream("log", namespace="shop")
LINES = Other({"type": "LOG", "log": {"level": "INFO", "message": "hello"}})


def relayed(host: Host, source: Source, *streams: Stream, kept: KeptStates | None = None) -> list[dict[str, Any]]:
    sent = host.relay(source, kept or KeptStates(), streams)
    return [json.loads(each.line) for each in sent if not isinstance(each, SourceEnded)]


def told(message: dict[str, Any]) -> str:
    """What a message is, in a word or two."""
    if message["type"] == "STATE":
        stream = message["state"].get("stream")
        return f"state {stream['stream_descriptor']['name']}" if stream else "state"
    if message["type"] == "TRACE":
        status = message["trace"]["stream_status"]
        return f"{status['status']} {status['stream_descriptor']['name']}"
    return f"row {message['record']['stream']}" if message["type"] == "RECORD" else message["type"]


def modes(host: Host) -> list[str]:
    ids = SyncIds(7, {TABLE.descriptor: 3, DEDUPED.descriptor: 4}, {TABLE.descriptor: 3, DEDUPED.descriptor: 0})
    streams: list[dict[str, Any]] = host.catalog([TABLE, DEDUPED], ids)["streams"]
    keys = ("destination_sync_mode", "generation_id", "minimum_generation_id", "sync_id")
    return [" ".join(str(stream.get(key)) for key in keys) for stream in streams]


def test_only_a_platform_that_refreshes_hides_overwrites_behind_generations() -> None:
    assert modes(CURRENT_PLATFORM) == ["append 3 3 7", "append_dedup 4 0 7"]
    assert modes(CUSTOM_CONNECTOR) == ["overwrite None None None"] * 2
    assert modes(PYAIRBYTE) == modes(PYAIRBYTE_WITHOUT_CACHE) == ["overwrite 1 1 1"] * 2


def test_a_catalog_carries_keys_and_the_object_to_write_to() -> None:
    vips = Stream("vips", primary_key=("id",), destination_sync_mode="soft_delete", destination_object_name="VIPs")
    for host in (CURRENT_PLATFORM, CUSTOM_CONNECTOR, PYAIRBYTE):
        (configured,) = host.catalog([vips], SyncIds(1, {vips.descriptor: 0}, {vips.descriptor: 0}))["streams"]
        assert (configured["primary_key"], configured["destination_object_name"]) == ([["id"]], "VIPs")
        assert (configured["destination_sync_mode"], configured["stream"]["name"]) == ("soft_delete", "vips")


def test_the_platform_passes_records_and_states_and_then_speaks_for_itself() -> None:
    source = scripted(LINES, TABLE.record(email="a"), LOG.record(email="b"), LOG.state("{}"), LOG.status("COMPLETE"))
    said = ["row table", "row log", "state log", "state table"]
    streams = (TABLE, DEDUPED, LOG)
    assert list(map(told, relayed(CUSTOM_CONNECTOR, source, *streams))) == said
    messages = relayed(CURRENT_PLATFORM, source, *streams)
    assert list(map(told, messages)) == [*said, "COMPLETE table", "COMPLETE deduped", "COMPLETE log"]
    assert [message["state"] for message in messages if message["type"] == "STATE"] == [
        {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": "log", "namespace": "shop"}, "stream_state": {}},
            "sourceStats": {"recordCount": 1.0},
            "id": 1,
        },
        {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": "table"}, "stream_state": {}},
            "sourceStats": {"recordCount": 1.0},
            "id": 2,
        },
    ]


def test_after_a_failed_source_or_a_global_state_the_platform_adds_no_state() -> None:
    failed = scripted(TABLE.record(email="a"), exit_code=1)
    assert list(map(told, relayed(CURRENT_PLATFORM, failed, TABLE))) == ["row table"]
    globally = scripted(TABLE.record(email="a"), LOG.record(email="b"), GlobalState('{"shared_state":{"lsn":1.10}}'))
    messages = relayed(CURRENT_PLATFORM, globally, TABLE, LOG)
    assert list(map(told, messages)) == ["row table", "row log", "state", "COMPLETE table", "COMPLETE log"]
    assert messages[2]["state"]["sourceStats"] == {"recordCount": 2.0}


@pytest.mark.parametrize(("resumable", "states"), [(False, ["state table"]), (True, [])])
def test_a_clear_of_everything_looks_like_an_empty_table(resumable: bool, states: list[str]) -> None:
    table = Stream("table", sync_mode="full_refresh", destination_sync_mode="overwrite", is_resumable=resumable)
    cleared = EmptySource((table.descriptor,))
    assert list(map(told, relayed(CUSTOM_CONNECTOR, cleared, table))) == states


def test_a_clear_of_one_stream_brings_its_null_state() -> None:
    kept = KeptStates({LOG.descriptor: '{"cursor":1}'})
    (state,) = relayed(CUSTOM_CONNECTOR, EmptySource((TABLE.descriptor,)), TABLE, kept=kept)
    assert state["state"]["stream"] == {"stream_descriptor": {"name": "table"}}
    kept = KeptStates(all_streams='{"shared_state":{}}')
    (state,) = relayed(CUSTOM_CONNECTOR, EmptySource((TABLE.descriptor,)), TABLE, kept=kept)
    assert state["state"]["global"] == {"stream_states": [{"stream_descriptor": {"name": "table"}}]}


def test_pyairbytes_cache_gives_rows_by_stream_the_last_state_and_then_complete() -> None:
    rows = [LOG.record(Email="a"), LOG.state('{"c":1}'), TABLE.record(Email="b"), LOG.state('{"c":2}'), LINES]
    messages = relayed(PYAIRBYTE, scripted(*rows), TABLE, LOG)
    assert list(map(told, messages)) == ["row table", "COMPLETE table", "row log", "state log", "COMPLETE log"]
    record, state = messages[2], messages[3]["state"]
    assert (record["state"], record["record"]["namespace"], record["record"]["meta"]) == (None, None, None)
    assert record["record"]["emitted_at"] < 10**10
    assert [*record["record"]["data"]] == ["email", "_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta"]
    assert ("id" in state, state["global_"], state["stream"]["stream_state"]) == (False, None, {"c": 2})


def test_pyairbyte_without_a_cache_passes_whatever_the_source_says() -> None:
    source = scripted(LINES, LOG.status("STARTED"), LOG.record(email="a"), GlobalState("{}"), exit_code=1)
    messages = relayed(PYAIRBYTE_WITHOUT_CACHE, source, LOG)
    assert list(map(told, messages)) == ["LOG", "STARTED log", "row log", "state"]
    assert (messages[0]["record"], messages[3]["state"]["global_"]) == (None, {})


def test_what_pyairbytes_cache_can_not_hand_on_is_refused() -> None:
    for source in (scripted(GlobalState("{}")), scripted(exit_code=1)):
        with pytest.raises(NeverReachesADestinationError):
            relayed(PYAIRBYTE, source, LOG)
