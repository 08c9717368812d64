from __future__ import annotations

import pytest

from unit_tests.support.text_files import read_text


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "\x01", "\x1f", "^", "~"])
def test_the_delimiter_is_found_out_and_said(delimiter: str) -> None:
    read = read_text("id,email,name\n1,a@example.com,A\n2,b@example.com,B\n".replace(",", delimiter))
    assert read.rows == [["1", "a@example.com", "A"], ["2", "b@example.com", "B"]]
    (said,) = read.facts
    assert said.startswith("The file's cells are separated by ")
    assert said.endswith(" (--delimiter overrules this).")


def test_tabs_are_expected_where_the_name_says_so() -> None:
    read = read_text("id\temail\n1\ta@example.com\n", name="people.tsv")
    assert (read.rows, read.remarks) == ([["1", "a@example.com"]], [])
    assert read_text("id,email\n1,a@example.com\n", name="people.tsv").columns == ("id", "email")


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("email;amount\na@example.com;1,50\n", [["a@example.com", "1,50"]]),
        ("mail;name, first\na@example.com;L, A\n", [["a@example.com", "L, A"]]),
        ("email,notes\na@example.com,x; y; z\n", [["a@example.com", "x; y; z"]]),
        ("email\na@example.com;b@example.com\n", [["a@example.com;b@example.com"]]),
        ("email,name,city\na@example.com\nb@example.com,B\n",
         [["a@example.com", None, None], ["b@example.com", "B", None]]),
    ],
)  # fmt: skip
def test_the_header_and_the_identifiers_decide_between_delimiters(content: str, rows: list[list[str | None]]) -> None:
    assert read_text(content).rows == rows


def test_a_line_may_name_the_delimiter() -> None:
    read = read_text("sep=;\nemail;name\na@example.com;A, B\n")
    assert (read.rows, read.lines) == ([["a@example.com", "A, B"]], [3])
    assert read.facts == ["Line 1 names the delimiter (sep=) and is no row."]


def test_apostrophes_quote_where_they_do_so_throughout() -> None:
    read = read_text("'email','name'\n'a@example.com','O''Hara, A'\n'b@example.com','B'\n")
    assert read.rows == [["a@example.com", "O'Hara, A"], ["b@example.com", "B"]]
    assert read.facts == ["The file's cells are quoted by ' (--quote overrules this)."]


@pytest.mark.parametrize("rows", [["'a@example.com", "A"], ["a@example.com", "'s-Hertogenbosch"]])
def test_an_apostrophe_at_the_beginning_of_a_cell_quotes_nothing(rows: list[str]) -> None:
    read = read_text(f"email,name\n{','.join(rows)}\n")
    assert (read.rows, read.remarks) == ([rows], [])


def test_cells_may_be_quoted_behind_blanks() -> None:
    read = read_text('email, name\n"a@example.com", "A, B"\nb@example.com, "C"\n')
    assert read.rows == [["a@example.com", "A, B"], ["b@example.com", "C"]]
    assert read_text('email,name\na@example.com, "A"\nb@example.com,"B"\n').rows[0] == ["a@example.com", ' "A"']


def test_a_delimiter_that_is_said_quotes_nothing_and_a_quotation_mark_separates_nothing() -> None:
    assert read_text('email"name\na@example.com"A\n', delimiter='"').rows == [["a@example.com", "A"]]
    assert read_text("email;name\na@example.com;|A; B|\n", quote="|").rows == [["a@example.com", "A; B"]]


def test_delimiter_and_quotation_mark_may_be_said() -> None:
    read = read_text('email name\na@example.com "A\n', delimiter=" ", quote="")
    assert (read.rows, read.remarks) == ([["a@example.com", '"A']], [])
    assert read_text("email,name\na@example.com,%A, B%\n", quote="%").rows == [["a@example.com", "A, B"]]
