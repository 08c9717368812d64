"""Files as programs write them, and dirty ones, are read to the row as Python's csv module reads them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError
from pinterest_audiences.sources.text import blocks
from pinterest_audiences.sources.text.options import TextOptions
from pinterest_audiences.sources.text.text_table import open_text_table
from unit_tests.support.raises import raises
from unit_tests.support.text_files import InMemory, read_text

COLUMNS = ("id", "email", "name", "notes")
LETTERS = "ab #'\"\\,;|\té/0-"


@dataclass(frozen=True)
class Written:
    """A file and the text in it."""

    content: bytes
    text: str
    delimiter: str


def cell(value: str, delimiter: str, *, is_quoted: bool) -> str:
    needs_quotes = is_quoted or any(mark in value for mark in (delimiter, '"', "\r", "\n"))
    return '"' + value.replace('"', '""') + '"' if needs_quotes else value


@st.composite
def files(draw: st.DrawFn) -> Written:
    """A table of four columns with at least an identifier in each row, written as RFC 4180 says."""
    delimiter = draw(st.sampled_from(",;\t|"))
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    codec = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
    is_quoted = draw(st.booleans())
    texts = st.text(LETTERS + draw(st.sampled_from(["", "\n", "\r\n"])), max_size=8)
    rows = draw(
        st.lists(st.tuples(texts, st.sampled_from(["a@example.com", "B@Example.com"]), texts, texts), max_size=12)
    )
    # What stands in the sample is seen; what comes late must be read by what was decided there.
    plain = draw(st.sampled_from([0, 0, 0, 9_000]))
    table = [COLUMNS, *[("1", "late@example.com", "name", "notes")] * plain, *rows]
    lines = [delimiter.join(cell(each, delimiter, is_quoted=is_quoted) for each in row) for row in table]
    text = line_end.join([*lines, *draw(st.sampled_from([[], [""]]))])
    return Written(text.encode(codec), text, delimiter)


def by_python(written: Written) -> list[list[str | None]]:
    rows = list(csv.reader(io.StringIO(written.text, newline=""), delimiter=written.delimiter))
    return [[value or None for value in row] for row in rows[1:] if row]


@pytest.mark.parametrize("block_bytes", [11, 1 << 17])
@settings(deadline=None)
@given(written=files(), batch_rows=st.sampled_from([1, 3, 5_000]))
def test_a_well_formed_file_is_read_to_the_row(block_bytes: int, written: Written, batch_rows: int) -> None:
    if len(written.content) > 100_000 and block_bytes < 100:
        return  # slow, and of no use
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks.blocks, "__defaults__", (block_bytes,))
        read = read_text(written.content, batch_rows=batch_rows)
    assert read.columns == COLUMNS
    assert read.rows == by_python(written)
    assert read.refused == []
    assert read.warnings == []


@st.composite
def dirty_lines(draw: st.DrawFn) -> list[str]:
    """Lines of a table `email,name`, some of them broken, each with an identifier of its own."""
    kinds = draw(st.lists(st.integers(0, 9), max_size=15))
    shapes = (
        "{0}@example.com,plain", '{0}@example.com,"quoted, cell"', "{0}@example.com", "{0}@example.com,a,b,c",
        '{0}@example.com,"open', '{0}@example.com,5" disk', '{0}@example.com,"a "b" c"', "", "{0}@example.com,\0x",
        '"{0}@example.com","A ""B"""',
    )  # fmt: skip
    return [shapes[kind].format(number) for number, kind in enumerate(kinds)]


@settings(deadline=None)
@given(lines=dirty_lines(), line_end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_every_line_of_a_dirty_file_is_a_row_or_refused_by_its_number(lines: list[str], line_end: str) -> None:
    read = read_text(line_end.join(["email,name", *lines]))
    filled = [number for number, line in enumerate(lines, 2) if line]
    assert sorted([*read.lines, *(each.line for each in read.refused)]) == filled
    for line, row in zip(read.lines, read.rows, strict=True):
        assert row[0] == f"{line - 2}@example.com"
    for line in (number for number, text in enumerate(lines, 2) if text.endswith(("plain", 'cell"', "disk", '"""'))):
        assert line in read.lines


def test_a_file_is_read_as_often_as_wanted() -> None:
    table = open_text_table(InMemory(b"email\na@example.com\n"), TextOptions())
    for _ in range(2):
        assert [row for batch in table.batches(table.columns, 10) for row in batch.rows] == [("a@example.com",)]


class CutOff(io.BytesIO):
    """A compressed file that ends too early."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size) or self._end()

    def _end(self) -> bytes:
        raise EOFError


class CutOffFile(InMemory):
    def open(self) -> io.BytesIO:
        return CutOff(self.content)


def test_a_file_that_was_cut_off_fails_when_it_is_opened_or_at_its_end() -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="EOFError"):
        open_text_table(CutOffFile(b"email\na@example.com\n"), TextOptions())
    large = CutOffFile(b"email\n" + b"a@example.com\n" * 100_000)
    table = open_text_table(large, TextOptions())
    with pytest.raises(SourceError, match="could not be read on after"):
        list(table.batches(("email",), 5_000))
