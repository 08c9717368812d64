from __future__ import annotations

import csv

import pytest

from pinterest_audiences.sources.text import blocks, records
from pinterest_audiences.sources.text.records import NOT_CLOSED, NOT_READ
from unit_tests.support.text_files import read_text

PEOPLE = "".join(f"{number}@example.com,n\n" for number in range(30_000))


def test_a_number_sign_begins_no_comment() -> None:
    read = read_text("id,email\n1,a@example.com\n#N/A,b@example.com\n# c,c@example.com\n")
    assert [row[1] for row in read.rows] == ["a@example.com", "b@example.com", "c@example.com"]
    assert (read.lines, read.refused, read.remarks) == ([2, 3, 4], [], [])


def test_the_first_quoted_cell_of_a_large_file_may_come_late() -> None:
    read = read_text(f'email,name\n{PEOPLE}"ada@example.com","Love""lace, Ada"\n')
    assert len(read.rows) == 30_001
    assert read.rows[-1] == ["ada@example.com", 'Love"lace, Ada']
    assert (read.lines[-1], read.remarks) == (30_002, [])


def test_a_cell_may_have_several_lines_and_the_row_is_known_by_its_first() -> None:
    read = read_text('email,address\na@example.com,"Street 1\r\nRome, IT"\n\nb@example.com,x\n')
    assert read.rows == [["a@example.com", "Street 1\r\nRome, IT"], ["b@example.com", "x"]]
    assert read.lines == [2, 5]


@pytest.mark.parametrize("block_bytes", [1 << 12, 1 << 17])
def test_a_quotation_mark_that_is_never_closed_costs_one_line_which_is_named(
    block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks.blocks, "__defaults__", (block_bytes,))
    read = read_text(f'email,name\na@example.com,"A\n{PEOPLE}')
    assert len(read.rows) == 30_000
    assert [(each.line, each.reason) for each in read.refused] == [(2, NOT_CLOSED)]


def test_a_quotation_mark_in_the_header_s_neighbourhood_may_stay_open_for_more_than_csv_s_own_limit() -> None:
    csv.field_size_limit(131_072)
    assert len(read_text(f'email,name\na@example.com,"A\n{PEOPLE}').rows) == 30_000


def test_memory_does_not_grow_with_what_follows_a_quotation_mark_that_is_not_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "LONGEST_CELL", 1_000)
    monkeypatch.setattr(blocks.blocks, "__defaults__", (512,))
    read = read_text('email,name\na@example.com,"A\n' + PEOPLE[:100_000])
    assert [each.line for each in read.refused] == [2]
    assert len(read.rows) == PEOPLE[:100_000].count("\n") + 1


def test_a_quotation_mark_closed_by_that_of_a_later_row_does_not_swallow_the_rows_between() -> None:
    read = read_text('email,name\na@example.com,"A\nb@example.com,B\nc@example.com,C\nd@example.com,D"\n')
    assert [row[0] for row in read.rows] == ["b@example.com", "c@example.com", "d@example.com"]
    assert [(each.line, each.reason) for each in read.refused] == [(2, NOT_CLOSED)]


def test_a_cell_whose_second_line_may_be_a_row_is_pointed_out() -> None:
    read = read_text('email,name\na@example.com,"A\nb@example.com,B"\nc@example.com,"C\nD"\n')
    assert [row[0] for row in read.rows] == ["a@example.com", "c@example.com"]
    assert read.warnings == [
        "Line 2 begins a row that has a line like another row within quotation marks. See that they are right."
    ]


def test_a_quotation_mark_within_a_cell_stays() -> None:
    read = read_text('email,name\na@example.com,5" disk\nb@example.com,"B"\n')
    assert read.rows == [["a@example.com", '5" disk'], ["b@example.com", "B"]]


def test_text_behind_a_closing_mark_is_read_where_the_number_of_cells_fits_and_else_refused() -> None:
    content = 'email,name\na@example.com,"The "Rock" J"\n"b@example.com" ,B\nc@example.com,"a "b, c" d","e"\n'
    read = read_text(content)
    assert [row[0] for row in read.rows] == ["a@example.com", "b@example.com "]
    assert [(each.line, each.reason) for each in read.refused] == [(4, NOT_READ)]


def test_a_cell_of_more_than_the_csv_module_s_own_limit_is_read() -> None:
    read = read_text(f'email,name\na@example.com,"{"x" * 200_000}"\n')
    assert [len(row[1]) for row in read.rows] == [200_000]


def test_a_backslash_is_a_letter() -> None:
    assert read_text('email,path\na@example.com,"C:\\"\n').rows == [["a@example.com", "C:\\"]]


@pytest.mark.parametrize("block_bytes", [1, 7, 1 << 17])
def test_line_ends_of_all_kinds_may_be_mixed(block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks.blocks, "__defaults__", (block_bytes,))
    read = read_text('email,name\r1@example.com,a\r\n2@example.com,b\n3@example.com,"c\rc"\r\r\n4@example.com,d')
    assert read.rows == [
        ["1@example.com", "a"],
        ["2@example.com", "b"],
        ["3@example.com", "c\rc"],
        ["4@example.com", "d"],
    ]
    assert read.lines == [2, 3, 4, 7]


def test_an_address_that_goes_on_behind_a_closing_mark_is_refused_as_it_may_be_somebody_else_s() -> None:
    read = read_text('id,email\n1,"a@example.co"m\n2,"b@example.com" \n')
    assert [row[1] for row in read.rows] == ["b@example.com "]
    assert [(each.line, each.reason) for each in read.refused] == [(2, NOT_READ)]
