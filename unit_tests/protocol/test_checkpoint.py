from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from unit_tests.support.raises import raises

USERS = StreamKey(None, "users")
ORDERS = StreamKey("shop", "orders")


def stream_state(key: StreamKey, **more: Any) -> msgspec.Raw:
    descriptor = {"name": key.name, "namespace": key.namespace}
    return msgspec.Raw(msgspec.json.encode({"type": "STREAM", "stream": {"stream_descriptor": descriptor}, **more}))


def global_state(**more: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode({"type": "GLOBAL", "global": {"stream_states": []}, **more}))


def stats(state: bytes) -> tuple[float, float]:
    counts = json.loads(state)["destinationStats"]
    return counts["recordCount"], counts["rejectedRecordCount"]


def test_a_state_waits_until_everything_before_it_is_safe() -> None:
    ledger = CheckpointLedger()
    ledger.queue_state(stream_state(USERS), 7)
    assert (ledger.release(6), ledger.queued) == ([], 1)
    assert (len(ledger.release(7)), ledger.queued) == (1, 0)
    assert ledger.release(100) == []


def test_a_state_without_records_before_it_is_safe_at_once() -> None:
    ledger = CheckpointLedger()
    ledger.queue_state(stream_state(USERS), 0)
    assert len(ledger.release(0)) == 1


def test_the_blob_comes_back_byte_for_byte_with_the_counts_added_at_its_end() -> None:
    blob = (
        '{"id":7,"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":null},"stream_state":'
        '{"big":123456789012345678901234567890,"price":1.10,"name":"Zoë \\u00e9 \\"q\\"", "e":1E400}},"data":null'
    )
    ledger = CheckpointLedger()
    ledger.queue_state(msgspec.Raw((blob + "}").encode()), 0)
    (released,) = ledger.release(0)
    assert released.decode() == blob + ',"destinationStats":{"recordCount":0.0,"rejectedRecordCount":0.0}}'


def test_stats_that_a_source_sent_are_replaced() -> None:
    ledger = CheckpointLedger()
    ledger.queue_state(stream_state(USERS, destinationStats={"recordCount": 99.0}, sourceStats={"recordCount": 1.0}), 0)
    (released,) = ledger.release(0)
    assert json.loads(released)["sourceStats"] == {"recordCount": 1.0}
    assert stats(released) == (0.0, 0.0)


def test_a_stream_state_counts_only_its_own_stream_since_its_last_state() -> None:
    ledger = CheckpointLedger()
    users, orders = ledger.tally(USERS), ledger.tally(ORDERS)
    users.received, users.rejected, orders.received = 5, 2, 9
    ledger.queue_state(stream_state(USERS), 14)
    users.received += 1
    ledger.queue_state(stream_state(USERS), 15)
    ledger.queue_state(stream_state(ORDERS), 15)
    assert [stats(state) for state in ledger.release(15)] == [(3.0, 2.0), (1.0, 0.0), (9.0, 0.0)]


def test_a_global_state_counts_all_streams() -> None:
    ledger = CheckpointLedger()
    users, orders = ledger.tally(USERS), ledger.tally(ORDERS)
    users.received, users.rejected, orders.received = 5, 2, 9
    ledger.queue_state(global_state(), 14)
    ledger.queue_state(global_state(stream={"stream_descriptor": {"name": "users"}}), 14)
    assert [stats(state) for state in ledger.release(14)] == [(12.0, 2.0), (0.0, 0.0)]


def test_a_global_state_with_a_stream_beside_it_still_counts_all_streams() -> None:
    ledger = CheckpointLedger()
    ledger.tally(USERS).received, ledger.tally(ORDERS).received = 5, 9
    ledger.queue_state(global_state(stream={"stream_descriptor": {"name": "users"}}), 14)
    assert stats(ledger.release(14)[0]) == (14.0, 0.0)


def test_a_state_of_a_stream_that_sent_nothing_counts_nothing() -> None:
    ledger = CheckpointLedger()
    ledger.tally(USERS).received = 5
    ledger.queue_state(stream_state(StreamKey(None, "unheard")), 5)
    assert stats(ledger.release(5)[0]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"data": {"cursor": 1}}, "LEGACY"),
        ({"type": "LEGACY", "data": {}}, "LEGACY"),
        ({"type": "STREAM"}, "STREAM"),
        ({"type": "STREAM", "stream": None}, "STREAM"),
        (None, "no readable"),
        ([], "no readable"),
        ({"type": "STREAM", "stream": {"stream_descriptor": {"name": 5}}}, "no readable"),
    ],
)
def test_a_state_that_is_nobodys_is_refused(state: Any, said: str) -> None:
    with raises(Code.SOURCE_OUTDATED, match=said):
        CheckpointLedger().queue_state(msgspec.Raw(msgspec.json.encode(state)), 0)


def test_a_state_whose_stream_is_no_text_is_refused() -> None:
    broken = b'{"type":"STREAM","stream":{"stream_descriptor":{"name":"\xff"}}}'
    with raises(Code.SOURCE_OUTDATED, match="no readable"):
        CheckpointLedger().queue_state(msgspec.Raw(broken), 0)


@pytest.mark.parametrize(
    "state",
    [b'{"type":"GLOBAL","global":"\xff"}', b'{"type":"GLOBAL","\xff":1}', b'{"type":"GLOBAL","a":{"\xed\xa0\x80":1}}'],
)
def test_a_state_that_is_not_utf8_is_refused_rather_than_altered(state: bytes) -> None:
    ledger = CheckpointLedger()
    with raises(Code.STATE_NOT_TEXT):
        ledger.queue_state(msgspec.Raw(state), 0)
    assert ledger.queued == 0


def test_a_state_comes_back_in_one_line_for_every_host() -> None:
    ledger = CheckpointLedger()
    ledger.queue_state(msgspec.Raw(b'{"type":"GLOBAL",\r"global":{"a":\r[1,\n2], "text":"\\r"}}'), 0)
    (state,) = ledger.release(0)
    assert state.splitlines() == [state]
    assert b'"global":{"a": [1, 2], "text":"\\r"}' in state


def test_integers_of_any_size_come_back_digit_by_digit() -> None:
    digits = b"9" * 10_000
    ledger = CheckpointLedger()
    ledger.queue_state(msgspec.Raw(b'{"type":"GLOBAL","global":{"lsn":' + digits + b',"f":1.10,"e":1e400}}'), 0)
    (state,) = ledger.release(0)
    assert b'"global":{"lsn":' + digits + b',"f":1.10,"e":1e400}' in state


ROW = st.tuples(st.just("row"), st.sampled_from([USERS, ORDERS]), st.booleans())
STATE = st.tuples(st.just("state"), st.sampled_from([USERS, ORDERS, None]), st.none())


@given(
    events=st.lists(st.one_of(ROW, STATE), max_size=40),
    looks=st.lists(st.floats(0, 1), max_size=10),
)
def test_states_leave_in_order_never_early_all_at_the_end_and_their_counts_add_up(
    events: list[tuple[str, StreamKey | None, bool | None]], looks: list[float]
) -> None:
    ledger = CheckpointLedger()
    positions: list[int] = []
    rows = {USERS: 0, ORDERS: 0}
    uncounted = {USERS: 0, ORDERS: 0}
    for kind, key, is_rejected in events:
        if kind == "row" and key is not None:
            tally = ledger.tally(key)
            tally.received += 1
            tally.rejected += bool(is_rejected)
            rows[key] += 1
            uncounted[key] += 1
            continue
        number = len(positions)
        ledger.queue_state(global_state(id=number) if key is None else stream_state(key, id=number), sum(rows.values()))
        positions.append(sum(rows.values()))
        for closed in rows if key is None else [key]:
            uncounted[closed] = 0
    total = sum(rows.values())
    released: list[bytes] = []
    for safe in [*accumulate((int(look * total) for look in looks), max), total]:
        released += ledger.release(safe)
        assert all(position <= safe for position in positions[: len(released)])
        assert all(position > safe for position in positions[len(released) :])
    assert [json.loads(state)["id"] for state in released] == list(range(len(positions)))
    assert sum(sum(stats(state)) for state in released) == total - sum(uncounted.values())


def test_states_of_lost_streams_are_dropped_now_and_later_and_the_others_keep_their_order() -> None:
    ledger = CheckpointLedger()
    for key, position in ((USERS, 1), (ORDERS, 2), (USERS, 3), (ORDERS, 4)):
        ledger.queue_state(stream_state(key, id=position), position)
    ledger.drop([USERS], 2)
    ledger.queue_state(stream_state(USERS, id=5), 5)
    ledger.queue_state(stream_state(ORDERS, id=6), 6)
    assert [json.loads(state)["id"] for state in ledger.release(100)] == [1, 2, 4, 6]


def test_states_that_were_dropped_stay_dropped_though_less_is_lost_later() -> None:
    ledger = CheckpointLedger()
    ledger.drop([USERS], 2)
    ledger.drop([USERS], 4)
    ledger.queue_state(stream_state(USERS), 3)
    assert ledger.queued == 0


def test_global_states_stand_for_lost_streams_too() -> None:
    ledger = CheckpointLedger()
    ledger.queue_state(global_state(id=1), 1)
    ledger.queue_state(global_state(id=2), 3)
    ledger.drop([USERS], 2)
    ledger.queue_state(global_state(id=3), 4)
    assert [json.loads(state)["id"] for state in ledger.release(100)] == [1]
