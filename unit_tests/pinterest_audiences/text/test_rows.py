from __future__ import annotations

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.text.rows import OTHER_DELIMITER, TOO_MANY_CELLS
from unit_tests.support.raises import raises
from unit_tests.support.text_files import read_text


def test_only_the_wanted_columns_are_given_in_their_order() -> None:
    read = read_text("id,email,name\n1,a@example.com,A\n2,b@example.com\n", columns=("name", "id"))
    assert read.rows == [["A", "1"], [None, "2"]]


def test_missing_cells_are_blank_and_their_lines_named() -> None:
    read = read_text("email,name,city\na@example.com,A,B\nb@example.com\nc@example.com,C\n7\n")
    assert read.rows[1:] == [["b@example.com", None, None], ["c@example.com", "C", None], ["7", None, None]]
    assert read.facts == ["Missing cells at the end of lines 3, 4, 5 were read as blanks."]
    assert (read.warnings, read.refused) == ([], [])


def test_a_row_with_more_cells_is_refused_and_its_line_known_unless_they_are_blank() -> None:
    read = read_text("email,name\na@example.com,A,,\nb@example.com,B,x\nc@example.com,C\n")
    assert [row[0] for row in read.rows] == ["a@example.com", "c@example.com"]
    assert [(each.line, each.reason) for each in read.refused] == [(3, TOO_MANY_CELLS)]


def test_blank_lines_are_no_rows_and_rows_of_blank_cells_are() -> None:
    read = read_text("email,name\n\na@example.com,A\n  \n,\n\n")
    assert (read.rows, read.lines, read.remarks) == ([["a@example.com", "A"], [None, None]], [3, 5], [])


def test_a_footer_is_no_row_and_is_named() -> None:
    content = '"First","Last","Email"\n"A","B","a@example.com"\n\n\n"Contacts Export"\n"Copyright (c) a company"\n'
    read = read_text(content)
    assert read.rows == [["A", "B", "a@example.com"]]
    assert read.warnings == ["Lines 5 to 6 at the end are no rows but a footer."]
    assert read.refused == []


def test_what_looks_like_a_footer_is_a_row_where_rows_follow_or_it_has_an_identifier() -> None:
    between = read_text("email,name\na@example.com,A\n\nno name\nb@example.com,B\n")
    assert (len(between.rows), between.lines, between.warnings) == (3, [2, 4, 5], [])
    for value in ("b@example.com", "XY1234"):
        last = read_text(f"email,name\na@example.com,A\n\n{value}\n")
        assert (last.rows[-1], last.warnings) == ([value, None], [])


def test_many_lines_of_one_cell_are_no_footer() -> None:
    read = read_text("name,email\nA,a@example.com\n" + "B C\n" * 200)
    assert (len(read.rows), read.warnings) == (201, [])


def test_a_header_that_is_repeated_is_no_row_and_is_named() -> None:
    part = "email,name\na@example.com,A\n"
    read = read_text(part * 3)
    assert read.rows == [["a@example.com", "A"]] * 3
    assert read.warnings == ["Lines 3, 5 repeat the header and are no rows."]


@pytest.mark.parametrize("later", ["name,email,city\nB,b@example.com,C\n", "name,email\nB,b@example.com\n"])
def test_rows_below_another_header_are_read_by_it(later: str) -> None:
    read = read_text(f"email,name\na@example.com,A\n{later}")
    assert read.rows == [["a@example.com", "A"], ["b@example.com", "B"]]
    (said,) = read.warnings
    assert said.startswith("Line 3 is another header and no row; the rows below it are read by it.")
    assert ("Columns that the first header lacks are not read (1)." in said) == ("city" in later)


def test_another_header_may_begin_with_a_kind_of_identifier_that_the_first_one_lacks() -> None:
    with raises(Code.FILE_HEADER_CHANGES, match=r"Line 3 is another header.*\(maid\)"):
        read_text("email,name\na@example.com,A\nmaid,name\nx,B\n")


@pytest.mark.parametrize("row", ["maid,x", "idfa,", "Email,name"])
def test_a_kind_of_identifier_alone_makes_no_header(row: str) -> None:
    read = read_text(f"email,name\nb@example.com,B\n{row}\na@example.com,A\n")
    assert (len(read.rows), read.warnings) == (3, [])


def test_a_row_whose_only_cell_hides_an_identifier_behind_another_delimiter_is_refused() -> None:
    read = read_text("name,email\nA,a@example.com\nB;b@example.com\nc@example.com\n")
    assert [row[1] for row in read.rows] == ["a@example.com", None]
    assert [(each.line, each.reason) for each in read.refused] == [(3, OTHER_DELIMITER)]


def test_several_addresses_in_the_only_cell_of_a_row_are_no_other_delimiter() -> None:
    read = read_text("email,name\na@example.com,A\nb@example.com;c@example.com\n")
    assert (read.rows[1], read.refused) == (["b@example.com;c@example.com", None], [])


def test_another_header_with_further_columns_of_people_ends_the_reading() -> None:
    with raises(Code.FILE_HEADER_CHANGES, match=r"Line 3 is another header.*\(maid\)"):
        read_text("email,name\na@example.com,A\nemail,name,maid\nb@example.com,B,\n")


@pytest.mark.parametrize("row", ["Ada,email,x", "email,Ada", "email,Ada,Lovelace", "email"])
def test_a_row_with_one_name_of_a_column_among_its_values_is_no_header(row: str) -> None:
    read = read_text(f"email,name\na@example.com,A\n{row}\nb@example.com,B\n")
    assert len(read.rows) + len(read.refused) == 3
    assert read.warnings == []


def test_a_row_with_names_of_columns_and_an_identifier_is_a_row() -> None:
    read = read_text("channel,address\nchannel,a@example.com\nemail,b@example.com\n")
    assert (len(read.rows), read.warnings) == (2, [])
