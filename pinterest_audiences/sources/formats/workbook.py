"""Tables in workbooks of Excel and LibreOffice: one sheet, whose header is found as in text files.

Source: python-calamine 0.9.1 (run 2026-11-27): `iter_rows` begins with the sheet's first row, blank or not; numbers are
    floats; empty cells, and cells with an error such as #N/A, are empty texts; of formulas it gives the stored values.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, Final

import python_calamine as calamine

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.formats.unsaved_formulas import unsaved_formulas
from pinterest_audiences.sources.headers import unique_names
from pinterest_audiences.sources.names import no_such
from pinterest_audiences.sources.random_access import RandomAccess
from pinterest_audiences.sources.source import Remark, RowBatch
from pinterest_audiences.sources.text.layout import layout_of
from pinterest_audiences.sources.text.options import TextOptions

_LOOK_AT_ROWS: Final = 200
# Whole numbers up to here are exact in a workbook, which knows only floats.
_EXACT: Final = 2.0**53


class WorkbookTable:
    """A sheet of a workbook. See TableFile.

    Args:
        file: the workbook.
        wanted_sheet: the sheet's name; None for the first one that has something in it.
        options: which rows are no rows, and whether one has names.

    Raises: UsageError if it is no workbook, is encrypted, or has no such sheet.
    """

    def __init__(self, file: DataFile, wanted_sheet: str | None, options: TextOptions) -> None:
        self._label = file.label
        remarks: list[Remark] = []
        access = RandomAccess(file)
        self._sheet = self._chosen(self._workbook(access), wanted_sheet, remarks)
        remarks += _unsaved(access)
        layout = layout_of(
            self._beginning(),
            "sheet.csv",
            self._label,
            TextOptions(delimiter=",", quote='"', has_header=options.has_header, skip_lines=options.skip_lines),
        )
        self._first_row = layout.first_line
        self.columns, self._positions = self._with_all_that_is_filled(layout.columns)
        self.row_count = sum(1 for _ in self._filled_rows())
        self.remarks: Sequence[Remark] = (*remarks, *layout.remarks)

    def batches(self, columns: Sequence[str], batch_rows: int) -> Iterator[RowBatch]:
        """See TableFile. Blank rows are left out."""
        positions = [self._positions[self.columns.index(column)] for column in columns]
        rows = self._filled_rows()
        while found := list(islice(rows, batch_rows)):
            values = [tuple(_value(row[position]) for position in positions) for _, row in found]
            yield RowBatch(values, self._label, [number for number, _ in found])

    def _workbook(self, access: RandomAccess) -> calamine.CalamineWorkbook:
        try:
            with closing(access.open()) as stream:
                return calamine.CalamineWorkbook.from_filelike(stream)
        except calamine.PasswordError:
            raise UsageError(
                Code.SOURCE_NOT_OPENED, f"{self._label} is protected by a password. Save it without one."
            ) from None
        except (calamine.CalamineError, OSError, EOFError):
            raise self._damaged() from None

    def _sheet_of(self, workbook: calamine.CalamineWorkbook, name: str) -> calamine.CalamineSheet:
        try:
            return workbook.get_sheet_by_name(name)
        except (calamine.CalamineError, OSError, EOFError):
            raise self._damaged() from None

    def _damaged(self) -> UsageError:
        return UsageError(
            Code.SOURCE_NOT_OPENED,
            f"{self._label} is not a whole workbook of Excel or LibreOffice. Save it again, or name its format by "
            "--format.",
        )

    def _chosen(
        self, workbook: calamine.CalamineWorkbook, wanted: str | None, remarks: list[Remark]
    ) -> calamine.CalamineSheet:
        names = [each.name for each in workbook.sheets_metadata if each.typ == calamine.SheetTypeEnum.WorkSheet]
        if wanted is not None:
            if wanted not in names:
                raise no_such("sheet", wanted, names, self._label)
            return self._sheet_of(workbook, wanted)
        visible = {each.name for each in workbook.sheets_metadata if each.visible == calamine.SheetVisibleEnum.Visible}
        filled = [sheet for name in names if (sheet := self._sheet_of(workbook, name)).height]
        if not filled:
            raise UsageError(Code.SOURCE_NOT_OPENED, f"{self._label} has nothing in it. Name another workbook.")
        chosen = next((sheet for sheet in filled if sheet.name in visible), filled[0])
        others = [sheet.name for sheet in filled if sheet.name != chosen.name]
        if others:
            remarks.append(
                Remark(
                    f"The sheet {chosen.name!r} is read, and {', '.join(map(repr, others))} is not "
                    "(--table overrules this).",
                    is_warning=True,
                )
            )
        return chosen

    def _beginning(self) -> list[str]:
        """Returns the first rows as lines of text, for finding the header."""
        lines = []
        for row in islice(self._sheet.iter_rows(), _LOOK_AT_ROWS):
            line = io.StringIO()
            cells = [" ".join(str(_value(cell)).split()) if cell not in {"", None} else "" for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            csv.writer(line, lineterminator="\n").writerow(cells)
            lines.append(line.getvalue())
        return lines

    def _filled_rows(self) -> Iterator[tuple[int, list[Any]]]:
        return ((number, row) for number, row in self._rows() if any(cell not in {"", None} for cell in row))

    def _rows(self) -> Iterator[tuple[int, list[Any]]]:
        yield from islice(enumerate(self._sheet.iter_rows(), 1), self._first_row - 1, None)

    def _with_all_that_is_filled(self, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Returns the columns' names and positions: those with a name, and others that have values."""
        filled = {position for _, row in self._rows() for position, cell in enumerate(row) if cell not in {"", None}}
        width = max([len(names), *(position + 1 for position in filled)])
        all_names = unique_names([*names, *[""] * (width - len(names))])
        unnamed = {position for position, name in enumerate(all_names) if name == f"column {position + 1}"}
        positions = tuple(position for position in range(width) if position in filled or position not in unnamed)
        return tuple(all_names[position] for position in positions), positions


def _unsaved(access: RandomAccess) -> Iterator[Remark]:
    with closing(access.open()) as stream:
        count = unsaved_formulas(stream)
    if count:
        are = "cell holds a formula" if count == 1 else "cells hold formulas"
        text = (
            f"{count:,} {are} without a stored result and count as blank. Open the workbook in Excel or LibreOffice "
            "and save it there."
        )
        yield Remark(text, is_warning=True)


def _value(cell: Any) -> Any:
    if cell == "" and isinstance(cell, str):
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) <= _EXACT:
        return int(cell)
    return cell
