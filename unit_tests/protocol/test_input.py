from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.protocol.checkpoint import NOTHING, CheckpointLedger
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.input import Input, MessageDecoder, RowRun, cached_name
from unit_tests.support.examples import examples
from unit_tests.support.raises import raises

CANARY = "canary.person@example.com"


def record(stream: str = "users", namespace: Any = None, **data: Any) -> bytes:
    return json.dumps({"type": "RECORD", "record": {"stream": stream, "namespace": namespace, "data": data}}).encode()


def with_email(json_text: bytes) -> bytes:
    """A record whose email is written so."""
    return b'{"type":"RECORD","record":{"stream":"users","data":{"other":1,"email":' + json_text + b"}}}"


def with_other(json_text: bytes) -> bytes:
    """A record with a column that nobody asked for, written so."""
    return b'{"type":"RECORD","record":{"stream":"users","data":{"other":' + json_text + b',"email":"x"}}}'


def emails(*lines: bytes) -> list[object]:
    decoder = MessageDecoder(["email"])
    read = decoder.reader_of("email")
    return [read(message.record.data) for message in decoder.decode(b"\n".join(lines) + b"\n")]


def test_a_record_has_its_stream_its_namespace_and_exactly_the_columns_that_were_asked_for() -> None:
    decoder = MessageDecoder(["email", "gaid"])
    (message,) = decoder.decode(record("users", "shop", email="a", other={"deep": [1]}, gaid=["b"]) + b"\n")
    assert (message.type, message.record.stream, message.record.namespace) == ("RECORD", "users", "shop")
    assert decoder.reader(["gaid", "email"])(message.record.data) == (["b"], "a")
    assert decoder.reader(["email"])(message.record.data) == ("a",)


def test_null_and_absent_are_both_none() -> None:
    assert emails(record(email=None), record(gaid="x"), record()) == [None, None, None]


def test_a_column_that_was_not_asked_for_has_no_reader() -> None:
    with pytest.raises(KeyError):
        MessageDecoder(["email"]).reader(["gaid"])


def test_columns_may_have_any_name_that_json_writes_plainly() -> None:
    columns = ["", "c0", "e-mail", "Größe", "a b", "type", "__struct_fields__"]
    decoder = MessageDecoder([*columns, "c0"])
    (message,) = decoder.decode(record(**{column: number for number, column in enumerate(columns)}) + b"\n")
    assert decoder.reader(columns)(message.record.data) == tuple(range(len(columns)))


def test_messages_full_of_nulls_are_told_by_their_type() -> None:
    empty = dict.fromkeys(["record", "state", "log", "trace", "control", "spec", "catalog", "connectionStatus"])
    state = {**empty, "type": "STATE", "state": {"type": "STREAM"}}
    log = {**empty, "type": "LOG", "log": {"level": "INFO", "message": "x"}}
    row = {
        **empty,
        "type": "RECORD",
        "record": {"stream": "users", "namespace": None, "data": {"email": "a"}, "meta": None},
    }
    decoder = MessageDecoder(["email"])
    found = decoder.decode(b"".join(json.dumps(message).encode() + b"\n" for message in (state, log, row)))
    assert [message.type for message in found] == ["STATE", "LOG", "RECORD"]
    assert [bytes(message.state) for message in found] == [b'{"type": "STREAM"}', b"null", b"null"]
    assert found[0].record is None
    assert found[2].record.stream == "users"


def test_a_states_json_is_kept_as_it_came() -> None:
    blob = b'{ "id": 7, "n": 123456789012345678901234567890, "p": 1.10, "u": "\\u00e9 \xc3\xa9" }'
    (message,) = MessageDecoder(["email"]).decode(b'{"type":"STATE","state":' + blob + b"}\n")
    assert bytes(message.state) == blob


def test_a_message_without_a_state_has_nothing_for_it() -> None:
    (message,) = MessageDecoder(["email"]).decode(b'{"type":"LOG"}\n')
    assert bytes(message.state) == bytes(NOTHING) == b"null"


def test_blank_lines_and_carriage_returns_are_passed_over() -> None:
    lines = b"\n".join([record(email="a") + b"\r", b"", b"  \t ", b"\r", record(email="b")])
    assert emails(lines) == ["a", "b"]


@pytest.mark.parametrize(
    "line",
    [
        f"{CANARY} is no JSON".encode(),
        f'{{"type":"RECORD","record":{{"stream":"users","data":{{"email":"{CANARY}"'.encode(),
        f'["{CANARY}"]'.encode(),
        f'"{CANARY}"'.encode(),
        f'{{"email":"{CANARY}"}}'.encode(),
        f'{{"type":null,"email":"{CANARY}"}}'.encode(),
        f'{{"type":"RECORD","record":{{"stream":["{CANARY}"],"data":{{}}}}}}'.encode(),
        f'{{"type":"RECORD","record":{{"stream":{{"a":"{CANARY}"}},"data":{{}}}}}}'.encode(),
        f'{{"type":"RECORD","record":{{"stream":"users","namespace":["{CANARY}"],"data":{{}}}}}}'.encode(),
        f'{{"type":["{CANARY}"],"record":{{"stream":"users","data":{{}}}}}}'.encode(),
        f'{{"type":"RECORD","record":{{"stream":"users","data":"{CANARY}"}}}}'.encode(),
        f'{{"type":"RECORD","record":{{"stream":"users","data":["{CANARY}"]}}}}'.encode(),
        f'{{"type":"RECORD","record":{{"stream":"users","email":"{CANARY}"}}}}'.encode(),
        f'{{"type":"RECORD","record":{{"stream":"users","data":null,"email":"{CANARY}"}}}}'.encode(),
        f'{{"type":"STATE","state":{{"cursor":NaN,"email":"{CANARY}"}}}}'.encode(),
        b"\xef\xbb\xbf" + record(email=CANARY),
        with_email(b'"' + CANARY.encode() + b'\xff"'),
        with_email(b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_a_line_that_is_no_message_fails_with_its_number_and_not_its_content(line: bytes) -> None:
    decoder = MessageDecoder(["email"])
    decoder.decode(b"\n".join([record(email="a"), b"", record(email="b")]) + b"\n")
    chunk = b"\n".join([record(email="c"), b"\r", line, record(email="d")]) + b"\n"
    with raises(Code.LINE_NOT_A_MESSAGE) as caught:
        decoder.decode(chunk)
    assert "Line 6 of the input is not an Airbyte message" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_line_that_is_nested_too_deep_says_so() -> None:
    nested = b"[" * 100_000 + b"]" * 100_000
    state = b'{"type":"STATE","state":{"type":"GLOBAL","global":' + nested + b"}}"
    for line in (with_email(nested), with_other(nested), state):
        with raises(Code.LINE_NOT_A_MESSAGE, match="Line 1 of the input .* nested too deep"):
            emails(line)


def test_a_byte_order_mark_at_the_beginning_is_read_past() -> None:
    decoder = MessageDecoder(["email"])
    first, second = decoder.decode(b"\xef\xbb\xbf" + record(email="a") + b"\n" + record(email="b") + b"\n")
    assert (first.type, second.type) == ("RECORD", "RECORD")
    with raises(Code.LINE_NOT_A_MESSAGE, match="Line 3"):
        decoder.decode(b"\xef\xbb\xbf" + record(email="c") + b"\n")


def test_a_line_that_is_only_too_long_says_so_with_its_number_and_the_limit() -> None:
    decoder = MessageDecoder(["email"], max_line_bytes=1_000)
    decoder.decode(record(email="a") + b"\n" + record(email="b") + b"\n")
    with raises(Code.LINE_TOO_LONG, match="Line 3 of the input is longer than 1,000 bytes") as caught:
        decoder.decode(record(email=CANARY * 100)[:1_001])
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"STATE","state":{"type":"GLOBAL","global":"\\ud800"}}',
        b'{"type":"STATE","\\ud800":1,"state":{"type":"GLOBAL","global":1}}',
    ],
)
def test_a_state_with_half_of_a_surrogate_pair_is_refused_rather_than_altered(line: bytes) -> None:
    with raises(Code.STATE_NOT_TEXT, match="state on line 2 "):
        emails(record(email="a"), line)


def test_a_line_deep_in_a_chunk_is_named_rightly() -> None:
    decoder = MessageDecoder(["email"])
    good = (record(email="a") + b"\n") * 5000
    with raises(Code.LINE_NOT_A_MESSAGE, match="Line 10001 "):
        decoder.decode(good + b"\r\n" * 5000 + b"garbage\n" + good)


def test_numbers_count_on_over_chunks_that_needed_patience() -> None:
    decoder = MessageDecoder(["email"])
    decoder.decode(with_email(b'"\\ud800"') + b"\n" + record(email="a") + b"\n")
    with raises(Code.LINE_NOT_A_MESSAGE, match="Line 3 "):
        decoder.decode(b"garbage")


def test_half_a_surrogate_pair_costs_its_own_value_and_nothing_else() -> None:
    lines = [record(email="a"), with_email(b'"b\\uD800"'), with_other(b'"\\udfff"'), record(email="c")]
    assert emails(*lines) == ["a", "b\uffff", "x", "c"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\\ud800"', "\\ud800"),
        (rb'"\\\ud800"', "\\\uffff"),
        (rb'"\ud800\ud83d\ude00\udc00"', "\uffff\U0001f600\uffff"),
    ],
)
def test_pairs_and_escaped_backslashes_beside_halves_stay_as_they_are(written: bytes, read: str) -> None:
    assert emails(
        with_other(rb'"\udead"'),
        b'{"type":"RECORD","record":{"stream":"users","data":{"email":' + written + b',"x":"\\ud800"}}}',
    ) == ["x", read]


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" * 5000, b"NaN", b"Infinity", b"-Infinity"])
def test_a_number_beyond_floats_costs_its_own_value_and_nothing_else(number: bytes) -> None:
    before, value, unneeded, after = emails(
        record(email="a"), with_email(number), with_other(number), record(email="b")
    )
    assert (before, unneeded, after) == ("a", "x", "b")
    assert isinstance(value, float)
    assert not math.isfinite(value)


def test_patience_keeps_the_stream_and_the_namespace() -> None:
    line = b'{"type":"RECORD","record":{"stream":"users","namespace":"shop","data":{"email":1e999}}}\n'
    (message,) = MessageDecoder(["email"]).decode(line)
    assert (message.type, message.record.stream, message.record.namespace) == ("RECORD", "users", "shop")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
DATA = st.dictionaries(st.sampled_from(["email", "gaid", "other", "e\u0301"]) | st.text(max_size=4), VALUES, max_size=6)


@settings(max_examples=examples(50), deadline=None)
@given(
    rows=st.lists(st.tuples(st.text(max_size=5), st.none() | st.text(max_size=3), DATA), max_size=6),
    ascii_only=st.booleans(),
)
def test_rows_are_read_as_pythons_own_parser_reads_them(
    rows: list[tuple[str, str | None, dict[str, Any]]], ascii_only: bool
) -> None:
    lines = b"".join(
        json.dumps(
            {"type": "RECORD", "record": {"stream": stream, "namespace": namespace, "data": data, "emitted_at": 1}},
            ensure_ascii=ascii_only,
        ).encode()
        + b"\n"
        for stream, namespace, data in rows
    )
    decoder = MessageDecoder(["email", "gaid", "e\u0301"])
    read = decoder.reader(["email", "gaid", "e\u0301"])
    found = [(m.record.stream, m.record.namespace, read(m.record.data)) for m in decoder.decode(lines)]
    loaded = [json.loads(line)["record"] for line in lines.split(b"\n")[:-1]]
    assert found == [
        (row["stream"], row["namespace"], tuple(row["data"].get(name) for name in ("email", "gaid", "e\u0301")))
        for row in loaded
    ]


@pytest.mark.parametrize(
    ("column", "cached"),
    [("Email", "email"), ("E-Mail Address", "e_mail_address"), ("1st", "_1st"), ("email", "email"), ("é", "_")],
)
def test_a_column_has_the_name_that_a_cache_gives_it(column: str, cached: str) -> None:
    assert cached_name(column) == cached


def test_a_column_that_comes_under_its_cached_name_is_found() -> None:
    decoder = MessageDecoder(["Email", "GAID", "idfa"])
    rows = [
        {"email": "a", "gaid": "g", "idfa": "i"},
        {"Email": "b", "email": "x", "IDFA": "y"},
        {"Email": "", "email": "x"},
    ]
    lines = b"".join(
        json.dumps({"type": "RECORD", "record": {"stream": "users", "data": row}}).encode() + b"\n" for row in rows
    )
    read, read_email = decoder.reader(["Email", "GAID", "idfa"]), decoder.reader_of("Email")
    data = [message.record.data for message in decoder.decode(lines)]
    assert [read(row) for row in data] == [("a", "g", "i"), ("b", None, None), ("", None, None)]
    assert [read_email(row) for row in data] == ["a", "b", ""]


def test_another_column_is_never_taken_for_the_cached_one() -> None:
    line = json.dumps({"type": "RECORD", "record": {"stream": "users", "data": {"email": "another"}}}).encode() + b"\n"
    for decoder in (MessageDecoder(["Email", "email"]), MessageDecoder(["Email"], known=["Email", "email"])):
        (message,) = decoder.decode(line)
        assert decoder.reader_of("Email")(message.record.data) is None


def test_a_column_that_a_row_lacks_is_told_apart_from_null_where_that_is_asked_for() -> None:
    decoder = MessageDecoder(["email", "Phone", "id"], told_apart=["email", "Phone"])
    rows = [
        {"id": 1},
        {"id": None, "email": None, "Phone": None},
        {"email": "a", "phone": None},
        {"phone": "b"},
        # Read by Python's own parser.
        {"id": 1, "email": None},
    ]
    lines = b"".join(
        json.dumps({"type": "RECORD", "record": {"stream": "users", "data": row}}).encode() + b"\n" for row in rows
    ).replace(b'{"id": 1, "email": null}', b'{"id": 1e999, "email": null}')
    data = [message.record.data for message in decoder.decode(lines)]
    telling, both = decoder.reader_telling_absence(["email"]), decoder.reader_telling_absence(["email", "Phone"])
    unset = msgspec.UNSET
    assert [both(row) for row in data] == [(unset, unset), (None, None), ("a", None), (unset, "b"), (None, unset)]
    assert [telling(row) for row in data] == [(value,) for value, _ in map(both, data)]
    assert decoder.reader_telling_absence(["id"])(data[2]) == (None,)
    # Who does not ask for it sees null.
    assert [decoder.reader(["email", "id"])(row)[0] for row in data] == [None, None, "a", None, None]
    assert [decoder.reader_of("Phone")(row) for row in data] == [None, None, None, "b", None]


# --- the order of messages --------------------------------------------------------------------------------------------

USERS, ORDERS, SHOP_USERS = StreamKey(None, "users"), StreamKey(None, "orders"), StreamKey("shop", "users")


class Chunks:
    """Lines that have all come."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = list(chunks)

    def read(self, timeout_s: float) -> bytes | None:
        return self._chunks.pop(0) if self._chunks else None

    def wake(self) -> None:
        raise AssertionError("Nobody waits for these lines.")


class Desk:
    """An input of three streams, and what is behind it."""

    def __init__(self, *chunks: bytes) -> None:
        streams = [ConfiguredStream(key, ("email",), "full_refresh", "append") for key in (USERS, ORDERS, SHOP_USERS)]
        decoder = MessageDecoder(["email"])
        self.read_email = decoder.reader_of("email")
        self.ledger = CheckpointLedger()
        completeness = Completeness(streams, trust_end_markers=True)
        self.source = Input(Chunks(chunks), decoder, [USERS, ORDERS, SHOP_USERS], self.ledger, completeness)

    def read(self) -> list[tuple[str, str, int]]:
        """The runs of one chunk: of which stream, whose rows, and after how many others."""
        runs = self.source.read(1.0)
        assert runs is not None
        return [self.told(run) for run in runs]

    def told(self, run: RowRun) -> tuple[str, str, int]:
        return str(run.stream), "".join(str(self.read_email(row)) for row in run.rows), run.position


def rows(names: Iterable[str], stream: str = "users", namespace: str | None = None) -> bytes:
    return b"".join(record(stream, namespace, email=name) + b"\n" for name in names)


def state(number: int, stream: str = "users") -> bytes:
    content = {"stream_descriptor": {"name": stream}, "stream_state": {"page": number}}
    return json.dumps({"type": "STATE", "state": {"id": number, "type": "STREAM", "stream": content}}).encode() + b"\n"


def status(kind: str, stream: str = "users") -> bytes:
    told = {"stream_descriptor": {"name": stream}, "status": kind}
    return json.dumps({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": told}}).encode() + b"\n"


def released(desk: Desk, watermark: int) -> list[tuple[int, float, float]]:
    """The states that come out: which, and how many rows each counts and how many rejected ones."""
    came = [json.loads(each) for each in desk.source.release(watermark)]
    stats = [each["destinationStats"] for each in came]
    return [
        (each["id"], counted["recordCount"], counted["rejectedRecordCount"])
        for each, counted in zip(came, stats, strict=True)
    ]


def test_rows_of_one_stream_with_nothing_between_them_are_one_run() -> None:
    desk = Desk(rows("abc"))
    assert desk.read() == [("users", "abc", 0)]
    assert (desk.source.position, desk.source.read(1.0)) == (3, None)


def test_a_run_ends_where_another_stream_begins_and_counts_the_rows_of_all_streams() -> None:
    desk = Desk(rows("ab") + rows("x", "orders") + rows("c"), rows("d") + rows("y", "users", "shop"))
    assert desk.read() == [("users", "ab", 0), ("orders", "x", 2), ("users", "c", 3)]
    assert desk.read() == [("users", "d", 4), ("shop.users", "y", 5)]
    assert desk.source.position == 6


def test_a_state_ends_a_run_and_comes_back_once_the_rows_before_it_are_safe() -> None:
    desk = Desk(rows("ab") + state(1) + rows("c") + state(2))
    assert desk.read() == [("users", "ab", 0), ("users", "c", 2)]
    assert released(desk, 1) == []
    assert released(desk, 2) == [(1, 2.0, 0.0)]
    assert released(desk, 3) == [(2, 1.0, 0.0)]


def test_what_is_rejected_while_a_run_is_taken_is_counted_by_the_state_behind_it() -> None:
    desk = Desk(rows("ab") + state(1) + rows("c") + state(2))
    runs = desk.source.read(1.0)
    assert runs is not None
    for run in runs:
        if run.position == 0:
            desk.ledger.tally(run.stream).rejected += 1
    assert released(desk, 3) == [(1, 1.0, 1.0), (2, 1.0, 0.0)]


def test_a_state_counts_the_rows_of_its_own_stream() -> None:
    desk = Desk(rows("ab") + rows("x", "orders") + state(1, "orders") + state(2))
    desk.read()
    assert released(desk, 3) == [(1, 1.0, 0.0), (2, 2.0, 0.0)]


def test_a_silence_brings_no_runs_and_is_not_the_end() -> None:
    desk = Desk(b"", rows("a"))
    assert desk.read() == []
    assert desk.read() == [("users", "a", 0)]


def test_other_messages_do_not_part_a_run() -> None:
    log = b'{"type":"LOG","log":{"level":"INFO","message":"x"}}\n'
    assert Desk(rows("a") + log + rows("b")).read() == [("users", "ab", 0)]


STREAMS = {"u": USERS, "o": ORDERS, "s": SHOP_USERS}


@settings(max_examples=examples(50), deadline=None)
@given(chunks=st.lists(st.text("uuuuuos12 ", max_size=8), max_size=12))
def test_rows_and_states_are_the_same_however_they_are_spread_over_chunks(chunks: list[str]) -> None:
    """A letter is a row of one of the streams, a digit a state, and a blank half of a pair, which is read leniently."""
    names = iter(range(100))
    expected: list[tuple[str, str]] = []

    def message(letter: str) -> bytes:
        if letter.isdigit():
            return state(int(letter))
        key = STREAMS.get(letter, USERS)
        name = str(next(names))
        expected.append((str(key), name))
        line = rows([name], key.name, key.namespace)
        return line if letter != " " else line.replace(b'"data": {', b'"data": {"other": "\\ud800", ')

    desk = Desk(*(b"".join(map(message, chunk)) for chunk in chunks))
    found: list[tuple[str, str]] = []
    while (runs := desk.source.read(1.0)) is not None:
        for run in runs:
            assert run.position == len(found)
            found += [(str(run.stream), str(desk.read_email(row))) for row in run.rows]
    assert found == expected
    assert [number for number, _, _ in released(desk, len(found))] == [int(c) for c in "".join(chunks) if c.isdigit()]


def test_a_line_that_is_no_message_is_named_by_its_number_after_chunks_of_rows_alone() -> None:
    desk = Desk(rows("ab"), rows("c") + b"\n", rows("d") + b"no message\n")
    desk.read()
    desk.read()
    with raises(Code.LINE_NOT_A_MESSAGE, match="Line 6 of the input"):
        desk.read()


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (
            rows("a", "visits"),
            Code.STREAM_NOT_IN_CATALOG,
            'the stream "visits" came, which the catalog',
        ),
        (
            rows("a", "orders", "shop"),
            Code.STREAM_NOT_IN_CATALOG,
            'the stream "shop.orders" came, which',
        ),
        (b'{"type":"RECORD"}\n', Code.SOURCE_OUTDATED, "has no record in it"),
    ],
)
def test_a_record_of_no_stream_that_was_configured_is_a_fault_of_the_platform(
    line: bytes, code: Code, said: str
) -> None:
    with raises(code, match=said):
        Desk(line).read()


def test_rows_before_a_record_that_is_wrong_are_still_a_run() -> None:
    desk = Desk(rows("ab") + rows("x", "visits"))
    runs = desk.source.read(1.0)
    assert runs is not None
    assert desk.told(next(runs)) == ("users", "ab", 0)
    with raises(Code.STREAM_NOT_IN_CATALOG):
        next(runs)


def test_a_row_after_a_proof_takes_it_back() -> None:
    desk = Desk(rows("a") + status("COMPLETE"), rows("b"))
    desk.read()
    assert desk.source.is_complete(USERS)
    assert not desk.source.is_complete(ORDERS)
    desk.read()
    assert not desk.source.is_complete(USERS)


def test_an_empty_state_behind_the_last_row_is_a_proof_unless_a_row_follows() -> None:
    empty = b'{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"users"}}}}\n'
    desk = Desk(rows("a") + empty + rows("b"), empty)
    desk.read()
    assert not desk.source.is_complete(USERS)
    desk.read()
    assert desk.source.is_complete(USERS)


class Notebook:
    """Looks at `most` rows of each stream."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.seen: dict[StreamKey, list[bytes]] = {}
        self.is_closed = False

    def take(self, stream: StreamKey, lines: Sequence[bytes]) -> bool:
        self.seen.setdefault(stream, []).extend(lines)
        return len(self.seen[stream]) < self.most

    def close(self) -> None:
        self.is_closed = True


def read_by(notebook: Notebook, *chunks: bytes) -> None:
    decoder = MessageDecoder(["email"])
    ledger = CheckpointLedger()
    completeness = Completeness([], trust_end_markers=True)
    source = Input(Chunks(chunks), decoder, [USERS, ORDERS], ledger, completeness, sampler=notebook)
    while (runs := source.read(0.0)) is not None:
        list(runs)


def test_the_first_rows_of_each_stream_are_shown_as_they_came() -> None:
    notebook = Notebook(3)
    user, order = (record(stream, email="a", other="b").strip() for stream in ("users", "orders"))
    read_by(notebook, b"\n".join([user, b"", state(1).strip(), user, order, b""]), order + b"\n")
    assert notebook.seen == {USERS: [user, user], ORDERS: [order, order]}
    assert notebook.is_closed


def test_a_message_of_several_lines_is_read_and_not_shown() -> None:
    notebook = Notebook(3)
    read_by(notebook, record(email="a").replace(b", ", b",\n") + b"\n", record(email="b") + b"\n")
    assert notebook.seen == {USERS: [record(email="b")]}


def test_once_there_are_enough_rows_no_more_are_shown() -> None:
    notebook = Notebook(1)
    read_by(notebook, record(email="a"), record(email="b"))
    assert notebook.seen == {USERS: [record(email="a").strip()]}
