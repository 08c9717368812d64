from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_pinterest.protocol import lines as lines_module
from destination_pinterest.protocol.lines import LineReader, MessageLines
from unit_tests.support.examples import examples


@pytest.fixture
def pipe() -> Iterator[tuple[LineReader, int]]:
    """A reader, and where its input is written."""
    source, sink = os.pipe()
    reader = LineReader(source)
    yield reader, sink
    reader.close()
    for descriptor in (source, sink):
        try:
            os.close(descriptor)
        except OSError:
            assert descriptor == sink  # Closed by the test, to end the input.


def test_whole_lines_are_handed_over_and_a_part_waits_for_its_rest(pipe: tuple[LineReader, int]) -> None:
    reader, sink = pipe
    os.write(sink, b"one\ntwo\nthr")
    assert reader.read(1.0) == b"one\ntwo\n"
    os.write(sink, b"e")
    assert reader.read(1.0) == b""
    os.write(sink, b"e\nfour\n")
    assert reader.read(1.0) == b"three\nfour\n"


def test_silence_is_an_empty_chunk_and_not_the_end(pipe: tuple[LineReader, int]) -> None:
    reader, sink = pipe
    assert reader.read(0.0) == b""
    assert reader.read(-5.0) == b""
    os.write(sink, b"later\n")
    assert reader.read(0.0) == b"later\n"


def test_a_wake_up_ends_a_wait(pipe: tuple[LineReader, int]) -> None:
    reader, _ = pipe
    threading.Timer(0.01, reader.wake).start()
    assert reader.read(60.0) == b""


def test_wake_ups_of_before_are_used_up_by_one_read_however_many_there_were(pipe: tuple[LineReader, int]) -> None:
    reader, sink = pipe
    for _ in range(70_000):  # More than the pipe holds.
        reader.wake()
    assert reader.read(60.0) == b""
    threading.Timer(0.01, lambda: os.write(sink, b"later\n")).start()
    assert reader.read(60.0) == b"later\n"  # And not b"" at once, again and again.


def test_input_that_comes_with_a_wake_up_is_not_lost(pipe: tuple[LineReader, int]) -> None:
    reader, sink = pipe
    os.write(sink, b"x\n")
    reader.wake()
    assert reader.read(60.0) == b"x\n"


def test_a_last_line_without_a_newline_counts(pipe: tuple[LineReader, int]) -> None:
    reader, sink = pipe
    os.write(sink, b"one\ntwo")
    os.close(sink)
    assert [reader.read(1.0) for _ in range(4)] == [b"one\n", b"two\n", None, None]


@pytest.mark.parametrize("rest", [b"", b"  ", b"\r"])
def test_an_end_with_nothing_but_blanks_before_it_is_the_end(pipe: tuple[LineReader, int], rest: bytes) -> None:
    reader, sink = pipe
    os.write(sink, b"one\n" + rest)
    os.close(sink)
    assert [reader.read(1.0) for _ in range(2)] == [b"one\n", None]


def test_a_line_beyond_the_platforms_own_limit_is_not_collected_for_ever() -> None:
    source, sink = os.pipe()
    with closing(LineReader(source, max_line_bytes=10)) as reader:
        os.write(sink, b"123456")
        assert reader.read(1.0) == b""
        os.write(sink, b"7890123")
        assert reader.read(1.0) == b"1234567890123"
    os.close(sink)
    os.close(source)


def test_a_file_may_stand_in_for_a_pipe() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"one\ntwo")
        file.seek(0)
        reader = LineReader(file.fileno())
        assert [reader.read(1.0) for _ in range(3)] == [b"one\n", b"two\n", None]
        reader.close()


def test_a_system_without_wider_pipes_reads_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(lines_module.fcntl, "F_SETPIPE_SZ", raising=False)
    source, sink = os.pipe()
    reader = LineReader(source)
    os.write(sink, b"x\n")
    assert reader.read(1.0) == b"x\n"
    reader.close()
    os.close(source)
    os.close(sink)


@settings(max_examples=examples(60), deadline=None)
@given(
    content=st.lists(st.text("ab\r é", max_size=6), max_size=12), cuts=st.lists(st.integers(0, 80)), ends=st.booleans()
)
def test_however_the_input_is_cut_the_lines_are_the_same(content: list[str], cuts: list[int], ends: bool) -> None:
    whole = "\n".join(content).encode() + (b"\n" if ends else b"")
    source, sink = os.pipe()
    reader = LineReader(source)
    came = bytearray()
    for start, end in pairwise([0, *sorted({min(cut, len(whole)) for cut in cuts}), len(whole)]):
        if start < end:
            os.write(sink, whole[start:end])
            chunk = reader.read(1.0)
            assert chunk is not None
            assert not chunk or chunk.endswith(b"\n")
            came += chunk
    os.close(sink)
    while (chunk := reader.read(1.0)) is not None:
        came += chunk
    reader.close()
    os.close(source)
    complete, _, last = whole.rpartition(b"\n")
    expected = complete.split(b"\n") if b"\n" in whole else []
    assert bytes(came).split(b"\n")[:-1] == expected + ([last] if last.strip() else [])


def test_lines_that_a_caller_hands_over_come_one_by_one() -> None:
    lines = MessageLines(iter([b"one", b"two"]))
    lines.wake()
    assert [lines.read(0.0) for _ in range(3)] == [b"one\n", b"two\n", None]
