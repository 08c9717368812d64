from __future__ import annotations

import io
import json
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.failures import SourceError
from pinterest_audiences.feeding import Feed
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import InterruptedByUserError, LinePipe, PipeClosedError
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.read_ahead import ReadAhead
from pinterest_audiences.sources.source import RefusedRow, RowBatch, RowStream, Selection
from unit_tests.support.raises import raises


class Memory(LinePipe):
    """A pipe that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, lines: bytes) -> None:
        assert lines.endswith(b"\n")
        self.written += lines

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.written.splitlines()]


def fed(batches: list[list[tuple[Any, ...]]], cursor: str | None = None, since: Any = None) -> tuple[Feed, Memory]:
    pipe = Memory()
    feed = Feed(StreamDescription("people", {}, cursor), ("id", "at"), since, QuietDisplay(io.StringIO()), lambda: 2.0)
    feed.run(map(RowBatch, batches), pipe)
    return feed, pipe


def kinds(pipe: Memory) -> list[str]:
    return [message["type"] for message in pipe.messages()]


def states(pipe: Memory) -> list[tuple[Any, float, int]]:
    found = [message["state"] for message in pipe.messages() if message["type"] == "STATE"]
    return [(s["stream"]["stream_state"].get("cursor"), s["sourceStats"]["recordCount"], s["id"]) for s in found]


def test_a_full_refresh_ends_with_the_empty_state_and_complete() -> None:
    feed, pipe = fed([[(1, None), (2, None)], [(3, None)]])
    assert kinds(pipe) == ["RECORD", "RECORD", "RECORD", "STATE", "TRACE"]
    assert pipe.messages()[3]["state"] == {
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": "people"}, "stream_state": {}},
        "sourceStats": {"recordCount": 3.0},
        "id": 1,
    }
    assert pipe.messages()[4]["trace"]["stream_status"] == {
        "stream_descriptor": {"name": "people"},
        "status": "COMPLETE",
    }
    assert feed.rows == 3


def test_an_empty_table_is_complete_too() -> None:
    assert kinds(fed([])[1]) == ["STATE", "TRACE"]


def test_an_incremental_sync_states_its_cursor_after_each_batch() -> None:
    feed, pipe = fed([[(1, 10), (2, 20)], [(3, 20)]], cursor="at")
    assert kinds(pipe) == ["RECORD", "RECORD", "STATE", "RECORD", "STATE", "TRACE"]
    assert states(pipe) == [("20", 2.0, 1), ("20", 1.0, 2)]
    assert feed.rows_without_cursor == 0


def test_rows_without_a_cursor_don_t_move_it_and_are_counted() -> None:
    feed, pipe = fed([[(1, None)], [(2, 5), (3, None)]], cursor="at", since=4)
    assert states(pipe) == [("4", 1.0, 1), ("5", 2.0, 2)]
    assert feed.rows_without_cursor == 2


def test_an_incremental_sync_with_nothing_new_gives_the_old_state_back() -> None:
    assert states(fed([], cursor="at", since=4)[1]) == [("4", 0.0, 1)]


def test_a_source_that_fails_is_never_complete() -> None:
    def batches() -> Iterator[RowBatch]:
        yield RowBatch([(1, None)])
        raise SourceError(Code.SOURCE_STOPPED, "gone")

    pipe = Memory()
    feed = Feed(StreamDescription("people", {}), ("id", "at"), None, QuietDisplay(io.StringIO()), lambda: 2.0)
    with raises(Code.SOURCE_STOPPED):
        feed.run(batches(), pipe)
    assert kinds(pipe) == ["RECORD"]


def test_lines_that_are_no_rows_are_counted_and_not_sent() -> None:
    feed, pipe = Feed(StreamDescription("p", {}), ("id",), None, QuietDisplay(io.StringIO()), lambda: 2.0), Memory()
    feed.run([RowBatch([(1,), (2,)], refused=[RefusedRow(3, "it is odd")]), RowBatch(())], pipe)
    assert (feed.rows, feed.findings.rows_unreadable) == (2, 1)
    assert kinds(pipe) == ["RECORD", "RECORD", "STATE", "TRACE"]


def test_a_replacement_with_many_lines_that_are_no_rows_is_never_complete() -> None:
    stream = StreamDescription("p", {}, replaces=True)
    feed, pipe = Feed(stream, ("id",), None, QuietDisplay(io.StringIO()), lambda: 2.0), Memory()
    with raises(Code.ROWS_UNREADABLE, match="1 of 3 rows can't be read"):
        feed.run([RowBatch([(1,), (2,)], refused=[RefusedRow(3, "it is odd")])], pipe)
    assert kinds(pipe) == ["RECORD", "RECORD"]


def test_the_catalog_says_what_the_stream_is() -> None:
    plain = StreamDescription("people", {"id": {"type": "integer"}}).catalog()["streams"][0]
    assert (plain["sync_mode"], plain["destination_sync_mode"]) == ("full_refresh", "append")
    assert not [key for key in plain if "generation" in key]
    assert plain["stream"]["json_schema"]["properties"] == {"id": {"type": "integer"}}
    keyed = StreamDescription("people", {}, "at", ("id",)).catalog()["streams"][0]
    assert (keyed["sync_mode"], keyed["destination_sync_mode"]) == ("incremental", "append_dedup")
    assert (keyed["cursor_field"], keyed["primary_key"]) == (["at"], [["id"]])
    replacing = StreamDescription("people", {}, primary_key=("id",), replaces=True).catalog()["streams"][0]
    assert (replacing["sync_mode"], replacing["destination_sync_mode"]) == ("full_refresh", "overwrite")


@pytest.fixture
def pipe_ends() -> Iterator[tuple[io.BufferedReader, io.BufferedWriter]]:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "wb") as writer:
        yield reader, writer


def test_more_than_a_pipe_holds_arrives_whole(pipe_ends: tuple[io.BufferedReader, io.BufferedWriter]) -> None:
    reader, writer = pipe_ends
    content = b"x" * 99 + b"\n"
    received: list[bytes] = []
    thread = threading.Thread(target=lambda: received.append(reader.read()))
    thread.start()
    pipe = LinePipe(writer, Interruption())
    pipe.write(content * 5000)
    pipe.close()
    thread.join()
    assert received == [content * 5000]


def test_a_full_pipe_does_not_keep_anybody_from_stopping(
    pipe_ends: tuple[io.BufferedReader, io.BufferedWriter],
) -> None:
    reader, writer = pipe_ends
    interruption = Interruption()
    threading.Timer(0.3, interruption.request, [signal.SIGINT]).start()
    received: list[bytes] = []
    late = threading.Timer(0.8, lambda: received.append(reader.read()))
    late.start()
    pipe = LinePipe(writer, interruption)
    with pytest.raises(InterruptedByUserError):
        pipe.write((b"x" * 99 + b"\n") * 5000)
    pipe.close()
    late.join()
    # The line that was being written is finished, and none after it is begun.
    assert received[0].endswith(b"\n")
    assert len(received[0]) < 100 * 5000


def test_a_reader_that_is_gone_is_told_apart(pipe_ends: tuple[io.BufferedReader, io.BufferedWriter]) -> None:
    reader, writer = pipe_ends
    reader.close()
    with pytest.raises(PipeClosedError):
        LinePipe(writer, Interruption()).write(b"x\n")


class EndlessSource:
    """A source that stands still until it is interrupted."""

    label = "endless"
    only_table = None

    def __init__(self) -> None:
        self.interrupted = threading.Event()

    def open_rows(self, selection: Selection, batch_rows: int) -> RowStream:
        return RowStream(("id",), self._batches())

    def _batches(self) -> Iterator[RowBatch]:
        yield RowBatch([(1,)])
        self.interrupted.wait()
        raise SourceError(Code.SOURCE_STOPPED, "interrupted")

    def count(self, selection: Selection) -> int | None:
        return None

    def interrupt(self) -> None:
        self.interrupted.set()

    def close(self) -> None:
        pass


def test_a_source_that_stands_still_does_not_keep_anybody_from_stopping() -> None:
    source, interruption = EndlessSource(), Interruption()
    with ReadAhead(source, Selection(table="t"), 10, interruption) as reading:
        assert reading.columns() == ("id",)
        batches = reading.batches()
        assert next(batches).rows == [(1,)]
        threading.Timer(0.2, interruption.request, [signal.SIGINT]).start()
        with pytest.raises(InterruptedByUserError):
            next(batches)
    assert source.interrupted.is_set()
    assert not any(thread.name == "source" for thread in threading.enumerate())


def test_leaving_early_ends_the_reading_thread() -> None:
    class Many(EndlessSource):
        def _batches(self) -> Iterator[RowBatch]:
            while True:
                yield RowBatch([(1,)])

    with ReadAhead(Many(), Selection(table="t"), 10, Interruption()) as reading:
        reading.columns()
    assert not any(thread.name == "source" for thread in threading.enumerate())


def test_signals_are_taken_while_listening_and_given_back_after() -> None:
    interruption = Interruption()
    before = signal.getsignal(signal.SIGINT)
    with interruption.listening():
        signal.raise_signal(signal.SIGINT)
        assert interruption.is_requested
        assert interruption.exit_code == 130
        signal.raise_signal(signal.SIGTERM)
        assert (interruption.times, interruption.exit_code) == (2, 143)
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_no_signal_is_taken() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def listen() -> None:
        with Interruption().listening():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert seen == [before]


def test_rows_that_are_read_again_do_not_take_the_state_back() -> None:
    _, pipe = fed([[(1, 90)], [(2, 101)]], cursor="at", since=100)
    assert states(pipe) == [("100", 1.0, 1), ("101", 1.0, 2)]


def test_a_batch_may_say_itself_what_is_reached_after_it() -> None:
    pipe = Memory()
    feed = Feed(StreamDescription("people", {}, "at"), ("id", "at"), None, QuietDisplay(io.StringIO()), lambda: 2.0)
    feed.run([RowBatch([(1, "9")], reached=4), RowBatch([(2, "4")], reached=9)], pipe)
    assert states(pipe) == [("4", 1.0, 1), ("9", 1.0, 2)]
