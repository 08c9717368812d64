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

from pinterest_audiences.sources.headers import holds_identifier, kind_of
from pinterest_audiences.sources.source import RefusedRow
from pinterest_audiences.sources.text.blocks import Block, Oddities
from pinterest_audiences.sources.text.dialect import LONGEST_CELL, Dialect

NOT_CLOSED: Final = "a quotation mark on this line is not closed"
NOT_READ: Final = "its quotation marks can't be told apart"


@dataclass(frozen=True, slots=True)
class Records:
    """Records that were read together, the line on which each begins, and lines that are in no record."""

    cells: Sequence[Sequence[str]]
    lines: Sequence[int]
    refused: Sequence[RefusedRow] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Records that all have as many cells as the table has columns, one a line: as Records, but faster to read.

    Args:
        cells: the cells of all records; the first of each has LINE_MARK in front.
        width: how many of them are a record.
        lines: the line of each record.
    """

    cells: list[str]
    width: int
    lines: range

    def column(self, position: int) -> list[str]:
        """Returns the cells of a column."""
        cells = self.cells[position :: self.width]
        return cells if position else [cell[1:] for cell in cells]

    def has_any(self, position: int, values: Iterable[str]) -> bool:
        """Whether a column has one of the values."""
        mark = "" if position else LINE_MARK
        return not {mark + value for value in values}.isdisjoint(self.cells[position :: self.width])

    def records(self) -> Records:
        """Returns the records one by one."""
        return Records(list(zip(*map(self.column, range(self.width)), strict=True)), self.lines)


LINE_MARK: Final = "\n"


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
        self._begun_characters = 0
        self._begun_at = first_line
        # Rows with a cell whose second and last line may be a row of its own: nobody can tell.
        self.doubtful = Oddities()

    def read(self, blocks: Iterable[Block]) -> Iterator[Records | Grid]:
        """Yields the records of the blocks, in order."""
        for block in map(self._from_first_line, blocks):
            has_quotes = self._dialect.quote is not None and self._dialect.quote in block.text
            if not block.line_count:
                continue
            if self._begun:
                self._begun += _lines(block.text)
                self._begun_characters += len(block.text)
                # Without a further quotation mark, the record goes on.
                if has_quotes or self._begun_characters > LONGEST_CELL:
                    yield self._one_by_one(self._begun, is_last=False)
                continue
            self._begun_at = block.first_line
            yield self._quoted(block) if has_quotes else self._unquoted(block)
        if self._begun:
            yield self._one_by_one(self._begun, is_last=True)

    def _from_first_line(self, block: Block) -> Block:
        skipped = self._first_line - block.first_line
        if skipped <= 0:
            return block
        lines = _lines(block.text)[skipped:]
        return Block(self._first_line, "".join(lines), len(lines))

    def _unquoted(self, block: Block) -> Records | Grid:
        text = block.text
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = text.removesuffix("\n")
        delimiter = self._dialect.delimiter
        lines = range(block.first_line, block.first_line + block.line_count)
        cells = f"{LINE_MARK}{text}".replace("\n", f"{delimiter}{LINE_MARK}").split(delimiter)[1:]
        if len(cells) == len(lines) * self._width and self._is_aligned(cells, len(lines)):
            return Grid(cells, self._width, lines)
        return Records([line.split(delimiter) if line else [] for line in text.split("\n")], lines)

    def _is_aligned(self, cells: Sequence[str], lines: int) -> bool:
        """Whether each line begins a record: there are as many marks among the first cells as there are lines."""
        first = cells[:: self._width]
        return "".join(first).count(LINE_MARK) == lines and (self._width > 1 or LINE_MARK not in first)

    def _quoted(self, block: Block) -> Records:
        lines = block.text.removesuffix("\n").split("\n")
        if len(lines) == block.line_count:
            try:
                cells = list(self._dialect.rows(lines, strict=True))
            except csv.Error:
                cells = []
            if len(cells) == len(lines):
                return Records(cells, range(block.first_line, block.first_line + len(lines)))
        return self._one_by_one(_lines(block.text), is_last=False)

    def _one_by_one(self, lines: list[str], *, is_last: bool) -> Records:
        found = _Found([], [], [])
        self._begun = []
        position = 0
        while position < len(lines):
            begin, is_cut_off = self._read_on(lines, position, found)
            if begin == len(lines):
                break
            if is_cut_off and not is_last and sum(map(len, lines[begin:])) <= LONGEST_CELL:
                self._begun_at += begin
                self._begun = lines[begin:]
                self._begun_characters = sum(map(len, self._begun))
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
                if feed.position - begin > 1:
                    within = [_lines(cell)[1:] for cell in cells]
                    if any(self._are_rows(each[:-1]) for each in within):
                        return begin, False
                    if any(map(self._are_rows, within)):
                        self.doubtful.add(self._begun_at + begin)
                found.cells.append(cells)
                found.lines.append(self._begun_at + begin)
                begin = feed.position
        except csv.Error:
            return begin, feed.is_at_the_end
        return len(lines), False

    def _are_rows(self, lines: Sequence[str]) -> bool:
        """Whether lines within a cell are all rows: then its quotation mark was closed by that of another cell."""
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
        """Takes a line with text behind a closing mark, if its number of cells shows that it can be read.

        An identifier that such text has become a part of is nobody's, or somebody else's.
        """
        feed = _Feed([line], 0)
        try:
            list(self._dialect.rows(feed, strict=True))
        except csv.Error:
            if feed.is_at_the_end:
                found.refused.append(RefusedRow(number, NOT_CLOSED))
                return
            for cells in self._dialect.rows([line], strict=False):
                if len(cells) == self._width and not _is_patched(line, cells):
                    found.cells.append(cells)
                    found.lines.append(number)
                    return
        found.refused.append(RefusedRow(number, NOT_READ))


def _is_patched(line: str, cells: Sequence[str]) -> bool:
    return any(cell.strip() not in line and kind_of(cell) for cell in cells)


def _lines(text: str) -> list[str]:
    """Returns the lines with their ends, of whichever kind."""
    return list(io.StringIO(text, newline=""))


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
