"""Counts formulas of a workbook whose results it does not hold: a reader of stored values takes their cells for blank.

Programs that write workbooks without calculating, such as openpyxl, leave the results to the program that opens them.

Source: ECMA-376, part 1, 18.3.1.4 and 18.3.1.40 (known, not read again 2026-11-27): a cell `c` has its formula in `f`
    and its result in `v`.
"""

from __future__ import annotations

import re
import zipfile
from typing import IO, BinaryIO, Final

_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_WITH_FORMULA: Final = re.compile(
    rb"<c\b(?P<is>[^>]*)>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?P<v><v\s*/>|<v>\s*</v>)?\s*</c>"
)
# A formula may well result in an empty text, which is stored as one.
_IS_TEXT: Final = re.compile(rb"""\bt=["']str["']""")
_READ_BYTES: Final = 1 << 20
# No cell with a formula is longer: Excel takes 8,192 characters of it, each of which may be written as an entity.
_LONGEST_CELL_BYTES: Final = 1 << 17


def unsaved_formulas(workbook: BinaryIO) -> int:
    """Returns how many cells have a formula and no result; 0 for a file that is no archive of XML."""
    try:
        with zipfile.ZipFile(workbook) as archive:
            return sum(_in_sheet(archive, name) for name in archive.namelist() if _SHEET.fullmatch(name))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        return 0  # what the reader of the workbook can't read either, it says itself


def _in_sheet(archive: zipfile.ZipFile, name: str) -> int:
    with archive.open(name) as sheet:
        return _in_stream(sheet)


def _in_stream(sheet: IO[bytes]) -> int:
    count, waiting = 0, b""
    while chunk := sheet.read(_READ_BYTES):
        waiting += chunk
        end = 0
        for cell in _WITH_FORMULA.finditer(waiting):
            count += not (cell["v"] and _IS_TEXT.search(cell["is"]))
            end = cell.end()
        waiting = waiting[max(end, len(waiting) - _LONGEST_CELL_BYTES) :]
    return count
