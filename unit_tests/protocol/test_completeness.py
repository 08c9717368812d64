from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.protocol.checkpoint import DescribedStream, decode_state_owner
from destination_pinterest.protocol.completeness import Completeness

USERS = StreamKey(None, "users")
ORDERS = StreamKey("shop", "orders")


def plan(stream: StreamKey = USERS, **more: Any) -> ConfiguredStream:
    return ConfiguredStream(stream, (), **{"sync_mode": "full_refresh", "destination_sync_mode": "overwrite", **more})


def raw(content: Any) -> msgspec.Raw:
    return msgspec.Raw(content if isinstance(content, bytes) else json.dumps(content).encode())


def status(stream: StreamKey, word: str) -> msgspec.Raw:
    descriptor = {"name": stream.name, "namespace": stream.namespace}
    return raw({"type": "STREAM_STATUS", "stream_status": {"stream_descriptor": descriptor, "status": word}})


def state(stream: StreamKey, blob: str) -> DescribedStream:
    descriptor = json.dumps({"name": stream.name, "namespace": stream.namespace})
    text = f'{{"type":"STREAM","stream":{{"stream_descriptor":{descriptor},"stream_state":{blob}}}}}'
    return described_in(raw(text.encode()))


def described_in(state: msgspec.Raw) -> DescribedStream:
    described = decode_state_owner(state).stream
    assert described is not None
    return described


@pytest.fixture
def completeness() -> Completeness:
    return Completeness([plan(), plan(ORDERS)], trust_end_markers=True)


def test_nothing_is_complete_by_itself(completeness: Completeness) -> None:
    assert not completeness.is_complete(USERS)


def test_the_status_complete_proves_it_for_its_stream_alone(completeness: Completeness) -> None:
    completeness.on_status(status(ORDERS, "COMPLETE"))
    assert completeness.is_complete(ORDERS)
    assert not completeness.is_complete(USERS)
    assert not completeness.is_complete(StreamKey(None, "orders"))


@pytest.mark.parametrize("word", ["STARTED", "RUNNING", "INCOMPLETE"])
def test_other_statuses_prove_nothing(completeness: Completeness, word: str) -> None:
    completeness.on_status(status(USERS, word))
    assert not completeness.is_complete(USERS)


def test_incomplete_takes_complete_back(completeness: Completeness) -> None:
    completeness.on_status(status(USERS, "COMPLETE"))
    completeness.on_status(status(USERS, "INCOMPLETE"))
    assert not completeness.is_complete(USERS)


@pytest.mark.parametrize(
    "trace",
    [
        {"type": "ERROR", "error": {"message": "no"}},
        {"type": "ESTIMATE", "estimate": {}},
        {"type": "STREAM_STATUS", "stream_status": None},
        {"type": "STREAM_STATUS", "stream_status": {"status": "COMPLETE"}},
        {},
        None,
        b'"\xff"',
    ],
)
def test_other_traces_say_nothing(completeness: Completeness, trace: Any) -> None:
    completeness.on_status(raw(trace))
    assert not completeness.is_complete(USERS)


@pytest.mark.parametrize(
    "blob",
    [
        "{}",
        "null",
        '{"__ab_full_refresh_sync_complete":true}',
        '{"__ab_no_cursor_state_message": true, "page": 7}',
    ],
)
def test_the_end_state_of_a_full_refresh_proves_it(completeness: Completeness, blob: str) -> None:
    completeness.on_state(state(USERS, blob))
    assert completeness.is_complete(USERS)


def test_a_state_without_content_counts_as_empty(completeness: Completeness) -> None:
    completeness.on_state(described_in(raw({"type": "STREAM", "stream": {"stream_descriptor": {"name": "users"}}})))
    assert completeness.is_complete(USERS)


@pytest.mark.parametrize(
    "blob",
    [
        '{"cursor":"2026-11-22"}',
        '{"__ab_full_refresh_sync_complete":false}',
        '{"__ab_no_cursor_state_message":"true"}',
        "[]",
        '"complete"',
        '{"page":1e400}',
    ],
)
def test_other_states_of_a_full_refresh_prove_nothing(completeness: Completeness, blob: str) -> None:
    completeness.on_state(state(USERS, blob))
    assert not completeness.is_complete(USERS)


@pytest.mark.parametrize("blob", ["{}", '{"__ab_full_refresh_sync_complete":true}'])
@pytest.mark.parametrize(
    "more",
    [
        {"sync_mode": "incremental"},
        {"generation_id": 7, "minimum_generation_id": 7, "sync_id": 12},
        {"generation_id": 7, "minimum_generation_id": 0, "sync_id": 12},
    ],
)
def test_no_state_proves_it_for_an_incremental_stream_or_on_a_host_that_tells_of_the_end(
    blob: str, more: dict[str, Any]
) -> None:
    completeness = Completeness([plan(**more)], trust_end_markers=True)
    completeness.on_state(state(USERS, blob))
    assert not completeness.is_complete(USERS)
    completeness.on_status(status(USERS, "COMPLETE"))
    assert completeness.is_complete(USERS)


def test_the_state_of_a_stream_that_the_catalog_does_not_name_proves_nothing(completeness: Completeness) -> None:
    completeness.on_state(state(StreamKey(None, "other"), "{}"))
    assert not completeness.is_complete(StreamKey(None, "other"))


def test_an_empty_state_of_a_stream_that_can_be_resumed_is_its_own() -> None:
    completeness = Completeness([plan(is_resumable=True)], trust_end_markers=True)
    completeness.on_state(state(USERS, "{}"))
    assert not completeness.is_complete(USERS)
    completeness.on_state(state(USERS, '{"__ab_full_refresh_sync_complete":true}'))
    assert completeness.is_complete(USERS)


def test_end_markers_prove_nothing_where_the_settings_say_so() -> None:
    completeness = Completeness([plan()], trust_end_markers=False)
    completeness.on_state(state(USERS, '{"__ab_no_cursor_state_message":true}'))
    assert not completeness.is_complete(USERS)
    completeness.on_state(state(USERS, "{}"))
    assert completeness.is_complete(USERS)


@pytest.mark.parametrize("marker_first", [True, False])
def test_incomplete_outweighs_the_marker_that_the_cdk_writes_all_the_same(
    completeness: Completeness, marker_first: bool
) -> None:
    marker = state(USERS, '{"__ab_no_cursor_state_message":true}')
    if marker_first:
        completeness.on_state(marker)
    completeness.on_status(status(USERS, "INCOMPLETE"))
    completeness.on_state(marker)
    assert not completeness.is_complete(USERS)
    completeness.on_status(status(USERS, "COMPLETE"))
    assert completeness.is_complete(USERS)


def test_a_record_after_the_proof_shows_that_it_was_none(completeness: Completeness) -> None:
    completeness.on_state(state(USERS, "{}"))
    completeness.on_record(USERS)
    assert not completeness.is_complete(USERS)
    completeness.on_status(status(USERS, "COMPLETE"))
    completeness.on_record(ORDERS)
    assert completeness.is_complete(USERS)
    completeness.on_record(USERS)
    assert not completeness.is_complete(USERS)


def test_a_streams_last_state_decides(completeness: Completeness) -> None:
    completeness.on_state(state(USERS, "{}"))
    completeness.on_state(state(USERS, '{"page":2}'))
    assert not completeness.is_complete(USERS)


def test_a_state_does_not_take_the_status_back(completeness: Completeness) -> None:
    completeness.on_status(status(USERS, "COMPLETE"))
    completeness.on_state(state(USERS, '{"page":2}'))
    assert completeness.is_complete(USERS)
