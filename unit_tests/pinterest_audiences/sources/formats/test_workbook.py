from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.formats.workbook import WorkbookTable
from pinterest_audiences.sources.text.options import TextOptions
from unit_tests.support.data_files import BytesFile, lines_of, rows_of
from unit_tests.support.raises import raises
from unit_tests.support.workbooks import DAY, ods, xlsx


def table_of(content: bytes, sheet: str | None = None, options: TextOptions | None = None) -> WorkbookTable:
    return WorkbookTable(BytesFile(content, "people.xlsx", is_stream=True), sheet, options or TextOptions())


def test_a_sheet_is_read_with_values_as_its_owner_sees_them() -> None:
    table = table_of(
        xlsx({"People": [["Email", "Id", "Score", "Since", "Vip"], ["ada@example.com", 12, 1.5, (45000, DAY), True]]})
    )
    assert table.columns == ("Email", "Id", "Score", "Since", "Vip")
    assert rows_of(table) == [("ada@example.com", 12, 1.5, date(2023, 3, 15), True)]
    assert [type(value) for value in rows_of(table)[0]] == [str, int, float, date, bool]
    assert table.remarks == ()


def test_titles_and_blank_rows_are_no_rows_and_lines_are_those_of_the_sheet() -> None:
    table = table_of(
        xlsx(
            {
                "A": [
                    [None],
                    ["Customers, March"],
                    [None],
                    ["Email", "Id"],
                    ["a@example.com", 1],
                    [None],
                    ["b@example.com", 2],
                ]
            }
        )
    )
    assert rows_of(table) == [("a@example.com", 1), ("b@example.com", 2)]
    assert lines_of(table) == [5, 7]
    assert table.row_count == 2
    (remark,) = table.remarks
    assert "Line 2" in str(remark)


def test_a_cell_with_an_error_is_blank() -> None:
    assert rows_of(table_of(xlsx({"A": [["Id", "Email"], ["#N/A", "a@example.com"]]}))) == [(None, "a@example.com")]


def test_repeated_names_and_columns_without_a_name_are_all_read() -> None:
    table = table_of(
        xlsx({"A": [["Email", "Email", None, None], ["a@example.com", "b@example.com", None, "c@example.com"]]})
    )
    assert table.columns == ("Email", "Email 2", "column 4")
    assert rows_of(table) == [("a@example.com", "b@example.com", "c@example.com")]
    assert rows_of(table, "column 4", "Email") == [("c@example.com", "a@example.com")]


def test_a_sheet_of_nothing_but_identifiers_needs_no_header() -> None:
    table = table_of(xlsx({"A": [["a@example.com"], ["b@example.com"]]}))
    assert table.columns == ("email",)
    assert rows_of(table) == [("a@example.com",), ("b@example.com",)]


def test_lines_can_be_left_out() -> None:
    table = table_of(xlsx({"A": [["Email"], ["Email"], ["a@example.com"]]}), options=TextOptions(skip_lines=1))
    assert rows_of(table) == [("a@example.com",)]


def test_the_first_visible_sheet_with_something_in_it_is_read_and_others_are_named() -> None:
    people = [["Email"], ["a@example.com"]]
    content = xlsx({"Empty": [], "Secret": [["x"]], "People": people, "Old": people}, hidden=["Secret"])
    table = table_of(content)
    assert rows_of(table) == [("a@example.com",)]
    (remark,) = table.remarks
    assert str(remark.text) == "The sheet 'People' is read, and 'Secret', 'Old' is not (--table overrules this)."
    assert remark.is_warning


def test_a_sheet_can_be_named() -> None:
    content = xlsx({"A": [["Email"], ["a@example.com"]], "B": [["Email"], ["b@example.com"]]})
    assert rows_of(table_of(content, "B")) == [("b@example.com",)]
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="There is no sheet 'C'"):
        table_of(content, "C")


def test_a_workbook_of_libreoffice_is_read() -> None:
    assert rows_of(table_of(ods([["Email", "Name"], ["a@example.com", "Ada"]]))) == [("a@example.com", "Ada")]


@pytest.mark.parametrize("content", [b"", b"secret@example.com", xlsx({"A": [["Email"]]})[:-40]])
def test_what_is_no_whole_workbook_is_refused(content: bytes) -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="not a whole workbook") as error:
        table_of(content)
    assert "secret" not in str(error.value)


def test_a_workbook_with_nothing_in_it_says_so() -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="has nothing in it"):
        table_of(xlsx({"A": []}))


def test_formulas_without_a_result_are_counted_in_a_warning() -> None:
    content = changed(
        xlsx({"A": [["Email"], ["a@example.com"]]}), "</row></sheetData>", '<c r="B2"><f>A2</f></c></row></sheetData>'
    )
    (remark,) = table_of(content).remarks
    assert str(remark.text).startswith("1 cell holds a formula without a stored result")
    assert remark.is_warning


def test_a_workbook_whose_sheet_is_damaged_is_no_fault_of_the_program() -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="not a whole workbook"):
        table_of(changed(xlsx({"A": [["Email"], ["a@example.com"]]}), "</sheetData></worksheet>", "</sheet"))


def changed(workbook: bytes, old: str, new: str) -> bytes:
    """Returns the workbook with another text in its first sheet."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as before, zipfile.ZipFile(content, "w") as after:
        for name in before.namelist():
            text = before.read(name).decode()
            after.writestr(name, text.replace(old, new) if name.endswith("sheet1.xml") else text)
    return content.getvalue()
