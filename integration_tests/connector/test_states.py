from __future__ import annotations

import time
from pathlib import Path

from integration_tests.airbyte_messages import address, digests, line, record, sha256, state, stream
from integration_tests.connector_process import Connectors
from integration_tests.sandbox_process import RunningSandbox


def test_a_state_is_out_within_a_second_of_its_flush_while_the_input_stays_open(
    cold_connector: Connectors, sandbox: RunningSandbox
) -> None:
    sync = cold_connector.write(stream("customers"), flush_seconds=0.5)
    assert b"PYTHONUNBUFFERED" not in Path(f"/proc/{sync.process.pid}/environ").read_bytes()
    for number in (1, 2):
        fed_at = time.time()
        sync.feed(record("customers", email=address(number)), state(number, "customers"))
        seen_at = sync.wait_for_state(number).at
        flushed_at = sandbox.seen()[-1]["at"]
        assert flushed_at > fed_at
        assert seen_at - flushed_at < 1.0
        assert sync.process.poll() is None
    assert sync.finish().succeeded().state_ids == [1, 2]
    assert sandbox.members_of("customers") == digests(address(1), address(2))


def test_states_come_back_once_in_order_with_what_they_held_and_counts(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    exact = (
        b'{"type":"STREAM","stream":{"stream_descriptor":{"name":"b","namespace":null},"stream_state":'
        b'{"cursor":123456789012345678901234567890,"price":1.10,"tiny":1e-400,"text":"\\u00e4\\n"}},"id":%d,"x":null}'
    )
    globally = {"shared_state": {"lsn": 9}, "stream_states": []}
    sync = connector.write(stream("a"), stream("b"))
    sync.feed(
        state(1, "a", cursor=0),
        record("a", email="1@example.com"),
        record("b", email="2@example.com"),
        record("a", email="not an address"),
        b'{"type":"STATE","state":' + exact % 2 + b"}\n",
        record("b", email="2@example.com"),
        state(3, "a", cursor=1),
        state(4, "a", cursor=1),
        record("a", email=None),
        line({"type": "STATE", "state": {"type": "GLOBAL", "global": globally, "id": 5}}),
        record("b", email="3@example.com"),
    )
    outcome = sync.finish().succeeded()
    assert outcome.state_ids == [1, 2, 3, 4, 5]
    counts = [tuple(each["destinationStats"].values()) for each in outcome.states]
    assert counts == [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0), (1.0, 1.0)]
    assert outcome.states[2]["stream"]["stream_state"] == {"cursor": 1}
    assert outcome.states[4]["global"] == globally
    raw = next(line.raw for line in outcome.lines if b'"id":2' in line.raw)
    assert raw.startswith(b'{"type":"STATE","state":' + (exact % 2)[:-1])
    assert b'"destinationStats":{"recordCount":1.0,"rejectedRecordCount":0.0}' in raw


def test_a_state_waits_until_pinterest_has_accepted_every_row_before_it(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    slow = sandbox.new_list(name="slow")
    sandbox.fault({"kind": "latency", "seconds": 1.5}, endpoint="customer_lists/update", object_id=slow)
    sync = connector.write(stream("slow"), stream("fast"))
    sync.feed(record("slow", email="a@example.com"), record("fast", email="b@example.com"), state(1, "fast"))
    released_at = sync.wait_for_state(1).at
    (sent,) = sandbox.seen("customer_lists/update")
    assert released_at >= sent["at"] + 1.5
    sync.finish().succeeded()


def test_a_refused_request_holds_back_its_states_and_all_after_them(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sync = connector.write(stream("customers"))
    sync.feed(record("customers", email=address(1)), state(1, "customers"))
    sync.wait_for_state(1)
    refusal = {"kind": "status", "status": 400, "code": 1, "message": f"What is {sha256(address(2))}?"}
    sandbox.fault(refusal, endpoint="customer_lists/update")
    sync.feed(record("customers", email=address(2)), state(2, "customers"))
    sync.wait_for(lambda message: message["type"] == "TRACE")
    outcome = sync.finish()
    assert outcome.error["failure_type"] == "config_error"
    assert "HTTP 400, code 1" in outcome.error["message"]
    assert outcome.state_ids == [1]
    audience = outcome.audience("customers")
    assert (audience["synced"], audience["errored"], outcome.report["status"]) == (1, 1, "failed")


def test_a_line_that_is_no_message_fails_the_sync_with_its_number_and_never_its_content(connector: Connectors) -> None:
    garbage = [b"jane@example.com not json\n", b'{"type":"RECORD","record":{"data":{"email":"jane@example.com"}}}\n']
    for sync, line_4 in [(connector.write(stream(f"customers {len(each)}")), each) for each in garbage]:
        name = f"customers {len(line_4)}"
        sync.feed(record(name, email=address(1)), state(1, name), b"\n").wait_for_state(1)
        outcome = sync.feed(line_4, state(2, name)).finish()
        assert outcome.error["failure_type"] == "system_error"
        assert "Line 4 of the input" in outcome.error["message"]
        assert "jane" not in str(outcome)
        assert outcome.state_ids == [1]


def test_messages_that_a_destination_has_no_use_for_are_passed_over(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sync = connector.write(stream("customers"))
    sync.feed(
        line({"type": "LOG", "log": {"level": "INFO", "message": "hello"}, "record": None}),
        line({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1.5, "stream_status": {}}}),
        line({"type": "OF_A_LATER_PROTOCOL", "state": {"anything": 1}}),
        record("customers", email=address(1)),
        state(1, "customers"),
    )
    assert sync.finish().succeeded().state_ids == [1]


def test_a_stream_that_can_not_be_synced_is_refused_before_anything_is_sent(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    updating = connector.write(stream("customers", destination_sync_mode="update"))
    nameless = connector.write(stream("customers", "id", "phone"))
    for sync, words in ((updating, ("update", "Append", "Overwrite")), (nameless, ("id, phone", "Identity columns"))):
        error = sync.finish().error
        assert error["failure_type"] == "config_error"
        assert [word for word in words if word not in error["message"]] == []
    assert sandbox.seen() == []


def test_a_record_of_a_stream_that_the_catalog_does_not_name_fails_the_sync(connector: Connectors) -> None:
    outcome = connector.write(stream("customers")).feed(record("strangers", email="a@example.com")).finish()
    assert '"strangers"' in outcome.error["message"]
