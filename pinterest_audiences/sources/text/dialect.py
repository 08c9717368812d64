"""Decides once what separates and what quotes the cells of a file: by its header, and by the rows that follow.

There are no comments, and a backslash is a letter like any other: RFC 4180 doubles a quotation mark within a cell.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from destination_pinterest.identity.recognition import recognise_columns
from pinterest_audiences.sources.headers import holds_identifier, kind_of

# The first ones win where nothing speaks for another.
DELIMITERS: Final = (",", ";", "\t", "|", "\x01", "\x1f", "^", "~")
HEADER_SOUGHT_IN_ROWS: Final = 50
# No cell of a table of people is longer; what is, is a quotation mark that does not end.
LONGEST_CELL: Final = 1 << 22
_RATED_LINES: Final = 500
_TAB_SUFFIXES: Final = (".tsv", ".tab")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What separates cells and what quotes them.

    `quote` is None if nothing does; `has_blanks_before_quotes` if blanks between a delimiter and a quote are no part of
    the cell.
    """

    delimiter: str
    quote: str | None
    has_blanks_before_quotes: bool = False

    def rows(self, lines: Iterable[str], *, strict: bool) -> Iterator[list[str]]:
        """Reads lines. `strict` raises csv.Error for a quotation mark that does not end, or ends within a cell."""
        csv.field_size_limit(LONGEST_CELL)
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
            skipinitialspace=self.has_blanks_before_quotes,
            strict=strict,
        )


def dialect_of(lines: Sequence[str], name: str, delimiter: str | None, quote: str | None) -> Dialect:
    """Returns the dialect of a file that begins with these lines; `delimiter` and `quote` as the user said them."""
    decided_quote = _quote(lines) if quote is None else quote or None
    if decided_quote == delimiter:
        decided_quote = None
    decided = _delimiter(lines[:_RATED_LINES], name, decided_quote) if delimiter is None else delimiter
    return Dialect(decided, decided_quote, _has_blanks_before_quotes(lines, decided, decided_quote))


def _delimiter(lines: Sequence[str], name: str, quote: str | None) -> str:
    expected = expected_delimiter(name)
    candidates = [each for each in dict.fromkeys((expected, *DELIMITERS)) if each != quote]
    # Of several that are rated alike, `max` returns the first.
    return max(candidates, key=lambda each: _rating(lines, Dialect(each, quote)))


def _has_blanks_before_quotes(lines: Sequence[str], delimiter: str, quote: str | None) -> bool:
    """Whether cells are quoted behind blanks, and none is quoted without."""
    if quote is None or delimiter == " ":
        return False
    return any(f"{delimiter} {quote}" in line for line in lines) and not any(
        f"{delimiter}{quote}" in line for line in lines
    )


def expected_delimiter(name: str) -> str:
    """Returns what separates cells in a file of this name, if nothing speaks against it."""
    return "\t" if name.lower().endswith(_TAB_SUFFIXES) else ","


def header_position(rows: Sequence[Sequence[str]]) -> int | None:
    """Returns which row has names that identity columns are recognised by; None if no row is told by them.

    Rows above it can only be titles, which have fewer cells: a name in a row of data does not make it a header.
    """
    found, found_cells, widest = None, 0, 1
    width = usual_width(rows)
    for position, row in enumerate(rows[:HEADER_SOUGHT_IN_ROWS]):
        cells = [cell for cell in row if cell.strip()]
        if holds_identifier(cells):
            break
        is_wider = len(cells) > widest or (widest == 1 and found is None)
        if is_wider and len(cells) > found_cells and recognise_columns(cells):
            found, found_cells = position, len(cells)
        if len(row) <= width:
            widest = max(widest, len(cells))
    return found


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    """Returns how many cells most rows have, titles and footers of one cell aside."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return max(widths, key=widths.__getitem__) if widths else 1


def _rating(lines: Sequence[str], dialect: Dialect) -> tuple[float, ...]:
    rows = [row for row in dialect.rows(lines, strict=False) if any(cell.strip() for cell in row)]
    if not rows:
        return (float("inf"),)  # nothing but delimiters
    header = header_position(rows)
    width = usual_width(rows) if header is None else len(rows[header])
    if header is not None and width == 1:
        # A table of one column, whose cells may well have several values.
        return (1.0, 0.0, 0.0, 0.0)
    with_identifier = sum(any(map(kind_of, row)) for row in rows) / len(rows)
    of_width = sum(len(row) == width for row in rows) / len(rows)
    return (float(header is not None), float(width > 1), round(with_identifier, 1), round(of_width, 2))


def _quote(lines: Sequence[str]) -> str:
    """Returns `'` only where cells begin and end with it throughout: else it is an apostrophe, or Excel's mark."""
    if any('"' in line for line in lines):
        return '"'
    begun = ended = quoted_lines = 0
    for line in lines:
        cells = len(_BEGUN.findall(line))
        begun += cells
        ended += len(_QUOTED.findall(line))
        quoted_lines += cells > 0
    filled = sum(bool(line.strip()) for line in lines)
    return "'" if begun and begun == ended and quoted_lines * 2 > filled else '"'


_SEPARATED: Final = r"(?:^|(?<=[,;\t|]))"
_BEGUN: Final = re.compile(rf"{_SEPARATED}'")
_QUOTED: Final = re.compile(rf"{_SEPARATED}'(?:[^']|'')*'(?=[,;\t|\r\n]|$)")
