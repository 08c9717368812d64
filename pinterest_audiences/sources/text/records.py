"""Cuts the lines of a text file into records, and knows on which line each begins.

A quotation mark that is never closed would take all lines up to the next one, or to the end of the file, into its cell.
So the line on which such a record begins is refused, and reading goes on with the line after it.

Source: Python's csv module (read and run with 3.11 and 3.13, 2026-11-27): with `strict`, a mark that does not end and
    text behind a closing mark are errors; the reader asks for one line at a time; a blank line is an empty list.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pinterest_audiences.sources.headers import holds_identifier
from pinterest_audiences.sources.source import RefusedRow
from pinterest_audiences.sources.text.blocks import Block
from pinterest_audiences.sources.text.dialect import Dialect

# No cell of a table of people is longer; what is, is a quotation mark that does not end.
LONGEST_CELL: Final = 1 << 22
NOT_CLOSED: Final = "a quotation mark on this line is not closed"
NOT_READ: Final = "its quotation marks can't be told apart"


@dataclass(frozen=True, slots=True)
class Records:
    """Records that were read together, the line on which each begins, and lines that are in no record."""

    cells: list[list[str]]
    lines: Sequence[int]
    refused: Sequence[RefusedRow] = ()


class RecordReader:
    """Reads the records of one file, once.

    Args:
        dialect: what separates and quotes cells.
        first_line: the line on which the first record begins.
        width: how many cells a row has.
    """

    def __init__(self, dialect: Dialect, first_line: int, width: int) -> None:
        self._dialect = dialect
        self._first_line = first_line
        self._width = width
        # The lines of a record that has begun, and the number of the first.
        self._begun: list[str] = []
        self._begun_at = first_line

    def read(self, blocks: Iterable[Block]) -> Iterator[Records]:
        """Yields the records of the blocks, in order."""
        csv.field_size_limit(LONGEST_CELL)
        quote = self._dialect.quote
        for block in blocks:
            skipped = max(0, self._first_line - block.first_line)
            if skipped >= block.line_count:
                continue
            if not self._begun and (quote is None or quote not in block.text):
                yield self._unquoted(block, skipped)
            else:
                if not self._begun:
                    self._begun_at = block.first_line + skipped
                lines = list(io.StringIO(block.text, newline=""))[skipped:]
                yield self._quoted([*self._begun, *lines], is_last=False)
        if self._begun:
            yield self._quoted(self._begun, is_last=True)

    def _unquoted(self, block: Block, skipped: int) -> Records:
        text = block.text
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.removesuffix("\n").split("\n")[skipped:]
        delimiter = self._dialect.delimiter
        first = block.first_line + skipped
        return Records([line.split(delimiter) if line else [] for line in lines], range(first, first + len(lines)))

    def _quoted(self, lines: list[str], *, is_last: bool) -> Records:
        first = self._begun_at
        self._begun = []
        try:
            cells = list(self._dialect.rows(lines, strict=True))
        except csv.Error:
            return self._one_by_one(lines, is_last=is_last)
        if len(cells) < len(lines):
            return self._one_by_one(lines, is_last=is_last)
        return Records(cells, range(first, first + len(lines)))

    def _one_by_one(self, lines: list[str], *, is_last: bool) -> Records:
        found = _Found([], [], [])
        position = 0
        while position < len(lines):
            begin, is_cut_off = self._read_on(lines, position, found)
            if begin == len(lines):
                break
            if is_cut_off and not is_last and sum(map(len, lines[begin:])) <= LONGEST_CELL:
                self._begun = lines[begin:]
                self._begun_at += begin
                break
            self._take_alone(lines[begin], self._begun_at + begin, found)
            position = begin + 1
        return Records(found.cells, found.lines, found.refused)

    def _read_on(self, lines: Sequence[str], position: int, found: _Found) -> tuple[int, bool]:
        """Reads records up to one that can't be read; returns where that begins, and whether the lines ended in it."""
        feed = _Feed(lines, position)
        begin = position
        try:
            for cells in self._dialect.rows(feed, strict=True):
                if feed.position - begin > 2 and any(map(self._has_rows_within, cells)):
                    return begin, False
                found.cells.append(cells)
                found.lines.append(self._begun_at + begin)
                begin = feed.position
        except csv.Error:
            return begin, feed.is_at_the_end
        return len(lines), False

    def _has_rows_within(self, cell: str) -> bool:
        """Whether all whole lines in a cell are rows: then its quotation mark was closed by that of another cell."""
        lines = list(io.StringIO(cell, newline=""))[1:-1]
        return (
            self._width > 1
            and bool(lines)
            and all(
                len(cells) == self._width and holds_identifier(cells)
                for line in lines
                for cells in self._dialect.rows([line], strict=False)
            )
        )

    def _take_alone(self, line: str, number: int, found: _Found) -> None:
        """Takes a line with text behind a closing mark, if its number of cells shows that it can be read."""
        feed = _Feed([line], 0)
        try:
            list(self._dialect.rows(feed, strict=True))
        except csv.Error:
            if feed.is_at_the_end:
                found.refused.append(RefusedRow(number, NOT_CLOSED))
                return
            for cells in self._dialect.rows([line], strict=False):
                if len(cells) == self._width:
                    found.cells.append(cells)
                    found.lines.append(number)
                    return
        found.refused.append(RefusedRow(number, NOT_READ))


@dataclass(frozen=True, slots=True)
class _Found:
    cells: list[list[str]]
    lines: list[int]
    refused: list[RefusedRow]


class _Feed:
    """Gives lines to a reader from a position on; knows which were taken, and whether more were wanted."""

    def __init__(self, lines: Sequence[str], position: int) -> None:
        self._lines = lines
        self.position = position
        self.is_at_the_end = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.position == len(self._lines):
            self.is_at_the_end = True
            raise StopIteration
        self.position += 1
        return self._lines[self.position - 1]
