from __future__ import annotations

import io
import zipfile

import pytest

from pinterest_audiences.sources.formats.unsaved_formulas import unsaved_formulas

FORMULA = '<f>B1&amp;"@example.com"</f>'


def workbook(cells: str) -> io.BytesIO:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(
            "xl/worksheets/sheet1.xml", f"<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>"
        )
        archive.writestr("xl/worksheets/_rels/sheet1.xml.rels", f'<c r="A1">{FORMULA}</c>')
    return content


@pytest.mark.parametrize(
    "cell",
    [
        f'<c r="A1">{FORMULA}</c>',
        f'<c r="A1">{FORMULA}<v></v></c>',
        f'<c r="A1">{FORMULA}<v /></c>',
        '<c r="A1"><f t="shared" si="0"/></c>',
        f'<c r="A1" s="2">\n  {FORMULA}\n  <v/>\n</c>',
    ],
)
def test_a_formula_without_a_result_is_counted(cell: str) -> None:
    assert unsaved_formulas(workbook(cell)) == 1


@pytest.mark.parametrize(
    "cell",
    [
        f'<c r="A1" t="str">{FORMULA}<v>ada@example.com</v></c>',
        f'<c r="A1" t="str">{FORMULA}<v></v></c>',
        '<c r="A1"><v>5</v></c>',
        '<c r="A1"/>',
    ],
)
def test_a_formula_with_its_result_and_a_cell_without_one_are_not(cell: str) -> None:
    assert unsaved_formulas(workbook(cell)) == 0


def test_cells_are_counted_once_wherever_the_parts_of_a_large_sheet_end() -> None:
    count = 60_000
    assert unsaved_formulas(workbook(f'<c r="A1">{FORMULA}</c>' * count)) == count


def test_what_is_no_archive_has_none() -> None:
    assert unsaved_formulas(io.BytesIO(b"\xd0\xcf\x11\xe0 an older workbook")) == 0
