"""Finds out where a text file's table begins, and what its columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.headers import (
    check_header,
    holds_identifier,
    kind_of,
    may_be_personal,
    no_header,
    unique_names,
)
from pinterest_audiences.sources.source import Remark
from pinterest_audiences.sources.text.dialect import (
    HEADER_SOUGHT_IN_ROWS,
    Dialect,
    dialect_of,
    expected_delimiter,
    header_position,
    usual_width,
)
from pinterest_audiences.sources.text.line_numbers import line_range
from pinterest_audiences.sources.text.options import TextOptions

_SEPARATOR_LINE: Final = re.compile(r'"?sep=(?P<delimiter>[^"\r\n])"?[\r\n]*', re.IGNORECASE)
_NAMES_OF_DELIMITERS: Final = {"\t": "tabs", "\x01": "the character 0x01", "\x1f": "the character 0x1f"}
_NAMED_BY_KIND_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the table is and how it is written.

    Args:
        dialect: what separates and quotes cells.
        header: the cells of the line with the columns' names as they are written; None if there is no such line.
        columns: the columns' names, each once.
        first_line: the line on which the first row begins.
        remarks: what was guessed, and which lines are no rows.
    """

    dialect: Dialect
    header: tuple[str, ...] | None
    columns: tuple[str, ...]
    first_line: int
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    next_line: int
    cells: list[str]


def layout_of(lines: Sequence[str], name: str, label: str, options: TextOptions) -> Layout:
    """Returns the layout of a file that begins with these lines.

    Raises: UsageError if there is nothing in it, or data where the names should be.
    """
    remarks: list[Remark] = []
    skipped = options.skip_lines
    delimiter = options.delimiter
    separator = _SEPARATOR_LINE.fullmatch(lines[skipped]) if len(lines) > skipped else None
    if separator is not None:
        delimiter = delimiter or separator["delimiter"]
        skipped += 1
        remarks.append(Remark(f"Line {skipped} names the delimiter (sep=) and is no row."))
    dialect = dialect_of(lines[skipped:], name, delimiter, options.quote)
    records = _records(lines[skipped:], skipped + 1, dialect)
    if not records:
        raise UsageError(Code.SOURCE_NOT_OPENED, f"{label} is empty. A file needs at least a line of column names.")
    is_of_several = any(len(record.cells) > 1 for record in records)
    if delimiter is None and dialect.delimiter != expected_delimiter(name) and is_of_several:
        shown = _NAMES_OF_DELIMITERS.get(dialect.delimiter, dialect.delimiter)
        remarks.append(Remark(f"The file's cells are separated by {shown} (--delimiter overrules this)."))
    if dialect.quote == "'" and options.quote is None:
        remarks.append(Remark("The file's cells are quoted by ' (--quote overrules this)."))
    if options.has_header is False:
        return _without_header(records, dialect, remarks)
    return _with_or_without_header(records, dialect, label, remarks)


def _records(lines: Sequence[str], first_line: int, dialect: Dialect) -> list[_Record]:
    records = []
    reader = _numbered(lines, dialect)
    begin = 0
    for end, cells in reader:
        if any(cell.strip() for cell in cells):
            records.append(_Record(first_line + begin, first_line + end, cells))
        begin = end
    return records


def _numbered(lines: Sequence[str], dialect: Dialect) -> list[tuple[int, list[str]]]:
    taken = 0

    def counted() -> Iterator[str]:
        nonlocal taken
        for line in lines:
            taken += 1
            yield line

    return [(taken, cells) for cells in dialect.rows(counted(), strict=False)]


def _with_or_without_header(records: Sequence[_Record], dialect: Dialect, label: str, remarks: list[Remark]) -> Layout:
    rows = [record.cells for record in records]
    position = header_position(rows)
    if position is None:
        position = _first_of_the_table(rows)
        if holds_identifier(rows[position]):
            return _of_identifiers(records, dialect, label, remarks)
        if may_be_personal(rows[position]):
            raise no_header(label)
    header = records[position]
    if position:
        titles = line_range([record.line for record in records[:position]])
        verb = "is no row" if position == 1 else "are no rows"
        text = f"{titles} {verb}: the header stands below, in line {header.line:,}."
        remarks.append(Remark(text, is_warning=True))
    columns = unique_names(header.cells)
    check_header(columns, label)
    return Layout(dialect, tuple(header.cells), columns, header.next_line, tuple(remarks))


def _first_of_the_table(rows: Sequence[Sequence[str]]) -> int:
    """Returns the first row that is as wide as most, and filled by half: titles have few cells.

    It is no later than the row above the first identifier, which is the last one that can be the header.
    """
    width = usual_width(rows)
    for position, row in enumerate(rows[:HEADER_SOUGHT_IN_ROWS]):
        if holds_identifier(row):
            return max(0, position - 1)
        filled = sum(bool(cell.strip()) for cell in row)
        if len(row) >= width and filled * 2 >= width:
            return position
    return 0


def _of_identifiers(records: Sequence[_Record], dialect: Dialect, label: str, remarks: list[Remark]) -> Layout:
    """Raises: UsageError if there are other values beside the identifiers: which column is which, nobody has said."""
    first = [cell for cell in records[0].cells if cell.strip()]
    if not all(map(kind_of, first)):
        check_header(first, label)
    return _without_header(records, dialect, remarks)


def _without_header(records: Sequence[_Record], dialect: Dialect, remarks: list[Remark]) -> Layout:
    rows = [record.cells for record in records]
    width = max(usual_width(rows), len(rows[0]))
    columns = unique_names([_name_by_kind(rows, position) for position in range(width)])
    named = ", ".join(columns)
    remarks.append(
        Remark(
            f"The file has no line of column names. By their values, its columns are read as: {named} "
            "(--identity overrules this)."
        )
    )
    return Layout(dialect, None, columns, records[0].line, tuple(remarks))


def _name_by_kind(rows: Sequence[Sequence[str]], position: int) -> str:
    values = [row[position] for row in rows if len(row) > position and row[position].strip()]
    kinds = Counter(kind for value in values if (kind := kind_of(value)))
    if not kinds:
        return ""
    kind, times = kinds.most_common(1)[0]
    return kind if times >= _NAMED_BY_KIND_SHARE * len(values) else ""
