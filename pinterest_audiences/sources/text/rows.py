"""Makes rows of a table of a text file's records, and accounts for each record that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.recognition import recognise_columns
from pinterest_audiences.failures import FileContentError
from pinterest_audiences.sources.headers import holds_identifier, kind_of, unique_names
from pinterest_audiences.sources.source import RefusedRow, Remark, Row
from pinterest_audiences.sources.text.dialect import DELIMITERS
from pinterest_audiences.sources.text.layout import Layout
from pinterest_audiences.sources.text.line_numbers import first_lines, line_range
from pinterest_audiences.sources.text.records import Grid, Records

TOO_MANY_CELLS: Final = "it has more cells than there are columns"
OTHER_DELIMITER: Final = "its cells seem to be separated by another delimiter"
_LINES_SHOWN: Final = 5
# A further header may begin with one of these, though the first has it not.
_IDENTITY_NAMES: Final = frozenset(
    name
    for each in ("email", "maid", "idfa", "gaid", "email_sha256", "email address", "e-mail")
    for name in (each, each.upper(), each.capitalize(), each.title())
)
# A footer is a few lines long; more lines of one cell are short rows.
_LONGEST_FOOTER: Final = 100


@dataclass(slots=True)
class Rows:
    """Rows that were made together, the line on which each begins, and records that are none."""

    values: list[Row] = field(default_factory=list)
    lines: Sequence[int] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)


class RowMaker:
    """Makes the rows of one file, in one pass.

    Args:
        layout: how the file is written.
        columns: the columns whose values a row has, in this order.
    """

    def __init__(self, layout: Layout, columns: Sequence[str]) -> None:
        self._names = layout.columns
        self._columns = columns
        self._header = _trimmed(layout.header or ())
        self._width = len(layout.columns)
        self._positions: list[int | None] = [layout.columns.index(column) for column in columns]
        self._lead = next((at for at, name in enumerate(self._header) if name), 0)
        self._known_names = frozenset(filter(None, self._header))
        self._lead_names = self._known_names | _IDENTITY_NAMES
        self._is_lead_recognised = _is_recognised(self._names[:1])
        # Lines of one cell: a footer if nothing follows, short rows otherwise.
        self._held: list[tuple[int, Sequence[str]]] = []
        self._short = _Lines()
        self._repeated = _Lines()
        self._remarks: list[Remark] = []

    def make(self, records: Iterable[Records | Grid]) -> Iterator[Rows]:
        """Yields rows. Raises: FileContentError if another header follows with further columns of people."""
        for each in records:
            if isinstance(each, Grid) and self._is_plain_grid(each):
                yield Rows(self._joined(each.column, len(each.lines)), each.lines)
                continue
            one_by_one = each.records() if isinstance(each, Grid) else each
            made = Rows(refused=list(one_by_one.refused))
            if self._is_plain(one_by_one.cells):
                made.values, made.lines = self._projected(one_by_one.cells), one_by_one.lines
            else:
                self._make_one_by_one(one_by_one, made)
            yield made

    def remarks(self) -> list[Remark]:
        """Returns what was noticed, once all rows are made."""
        remarks = list(self._remarks)
        if self._repeated.count:
            verb = "repeats" if self._repeated.count == 1 else "repeat"
            text = f"{self._repeated.shown()} {verb} the header and {_is_no_row(self._repeated.count)}."
            remarks.append(Remark(text[0].upper() + text[1:], is_warning=True))
        if self._short.count:
            remarks.append(Remark(f"Missing cells at the end of {self._short.shown()} were read as blanks."))
        if self._held:
            lines = [line for line, _ in self._held]
            text = f"{line_range(lines)} at the end {_is_no_row(len(lines))} but a footer."
            remarks.append(Remark(text, is_warning=True))
        return remarks

    def _is_plain_grid(self, grid: Grid) -> bool:
        if self._held or grid.width != self._width:
            return False
        return not grid.has_any(self._lead, self._lead_names)

    def _is_plain(self, cells: Sequence[Sequence[str]]) -> bool:
        """Whether all records are rows without any doubt."""
        if self._held or set(map(len, cells)) != {self._width}:
            return False
        return self._lead_names.isdisjoint(map(itemgetter(self._lead), cells))

    def _projected(self, rows: Sequence[Sequence[str]]) -> list[Row]:
        return self._joined(lambda position: list(map(itemgetter(position), rows)), len(rows))

    def _joined(self, column: Callable[[int], list[str]], row_count: int) -> list[Row]:
        """Returns rows of the wanted columns; a blank cell has no value."""
        columns: list[Sequence[str | None]] = []
        for position in self._positions:
            if position is None:
                columns.append([None] * row_count)
            else:
                values = column(position)
                columns.append([value or None for value in values] if "" in values else values)
        return list(zip(*columns, strict=True)) if columns else [()] * row_count

    def _make_one_by_one(self, records: Records, made: Rows) -> None:
        lines: list[int] = []
        rows: list[Sequence[str]] = []
        for line, cells in zip(records.lines, records.cells, strict=True):
            if not cells or (self._width > 1 and len(cells) == 1 and not cells[0].strip()):
                continue
            if self._is_header(cells):
                self._release(rows, lines)
                made.values += self._projected(rows)
                rows = []
                self._take_header(line, cells)
            elif len(cells) < self._width and self._may_be_footer(cells):
                self._held.append((line, cells))
            elif any(cell.strip() for cell in cells[self._width :]):
                made.refused.append(RefusedRow(line, TOO_MANY_CELLS))
            elif self._has_other_delimiter(cells):
                made.refused.append(RefusedRow(line, OTHER_DELIMITER))
            else:
                self._release(rows, lines)
                rows.append(self._filled(line, cells))
                lines.append(line)
        if len(self._held) > _LONGEST_FOOTER:
            self._release(rows, lines)
        made.values += self._projected(rows)
        made.lines = lines

    def _filled(self, line: int, cells: Sequence[str]) -> Sequence[str]:
        missing = self._width - len(cells)
        if missing > 0:
            self._short.add(line)
            return [*cells, *[""] * missing]
        return cells

    def _release(self, rows: list[Sequence[str]], lines: list[int]) -> None:
        """A row follows, so that the lines held back are rows too."""
        for line, cells in self._held:
            rows.append(self._filled(line, cells))
            lines.append(line)
        self._held = []

    def _may_be_footer(self, cells: Sequence[str]) -> bool:
        """One cell of several words: a single one may be a key, in a row that removes somebody."""
        filled = [cell.strip() for cell in cells if cell.strip()]
        if self._width == 1 or len(filled) != 1 or holds_identifier(filled):
            return False
        return bool(self._held) or " " in filled[0]

    def _is_header(self, cells: Sequence[str]) -> bool:
        """Whether a record has names in it, of the same columns or of others."""
        if not self._header:
            return False
        if len(cells) == self._width and cells[self._lead].strip() not in self._lead_names:
            return False
        trimmed = _trimmed(cells)
        if trimmed == self._header:
            return True
        names = set(filter(None, trimmed))
        if len(names) < 2 or holds_identifier(names):
            return False
        known = names & self._known_names
        if known == names:
            return True
        return len(known) > (0 if self._is_led_by_another_kind(trimmed) else 1) and _is_recognised(names)

    def _is_led_by_another_kind(self, cells: Sequence[str]) -> bool:
        lead = cells[self._lead] if self._lead < len(cells) else ""
        return lead in _IDENTITY_NAMES and lead.lower() not in {name.lower() for name in self._known_names}

    def _has_other_delimiter(self, cells: Sequence[str]) -> bool:
        """Whether a row's only cell has an identifier that is lost there: the column is none of people."""
        if self._width == 1 or len(cells) != 1 or self._is_lead_recognised or kind_of(cells[0]):
            return False
        return any(delimiter in cells[0] for delimiter in DELIMITERS) and holds_identifier(cells)

    def _take_header(self, line: int, cells: Sequence[str]) -> None:
        """Reads on by another header; the same one again changes nothing."""
        if _trimmed(cells) == self._header:
            self._repeated.add(line)
            return
        names = unique_names(cells)
        further = [name for name in names if name not in self._names]
        if recognise_columns(further):
            raise FileContentError(
                Code.FILE_HEADER_CHANGES,
                f"Line {line:,} is another header, with columns that identify people and that the first header lacks "
                f"({', '.join(each.column for each in recognise_columns(further))}). Split the file there.",
            )
        self._header = _trimmed(cells)
        self._width = len(names)
        self._positions = [names.index(column) if column in names else None for column in self._columns]
        self._lead = next(at for at, name in enumerate(self._header) if name)
        self._known_names = frozenset(filter(None, self._header))
        self._lead_names = self._known_names | _IDENTITY_NAMES
        self._is_lead_recognised = _is_recognised(names[:1])
        # Their names are not shown: should the line be a row after all, they are somebody's values.
        unread = f" Columns that the first header lacks are not read ({len(further):,})." if further else ""
        text = f"Line {line:,} is another header and no row; the rows below it are read by it.{unread}"
        self._remarks.append(Remark(text, is_warning=True))


class _Lines:
    """Counts lines, and remembers the first."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[int] = []

    def add(self, line: int) -> None:
        self.count += 1
        if self.count <= _LINES_SHOWN:
            self._first.append(line)

    def shown(self) -> str:
        return first_lines(self._first, self.count)


def _is_recognised(names: Iterable[str]) -> bool:
    return bool(recognise_columns(names))


def _trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in cells)


def _is_no_row(count: int) -> str:
    return "is no row" if count == 1 else "are no rows"
