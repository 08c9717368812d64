from __future__ import annotations

import pytest

from destination_pinterest.error_codes import Code
from unit_tests.support.raises import raises
from unit_tests.support.text_files import read_text

MAID = "aece52e7-03ee-455a-b3c4-e57283966239"


@pytest.mark.parametrize(
    "titles", ["Contacts\n", "Contacts\nMade by a person, on a day\n\n", "Contacts,,,\n,,,\n", "All contacts\n\n\n"]
)
def test_titles_above_the_header_are_no_rows_and_are_named(titles: str) -> None:
    read = read_text(f"{titles}Email,First name,Last name,City\na@example.com,A,B,C\n")
    assert read.columns == ("Email", "First name", "Last name", "City")
    assert read.rows == [["a@example.com", "A", "B", "C"]]
    header = titles.count("\n") + 1
    (said,) = read.warnings
    assert said.endswith(f"the header stands below, in line {header}.")


def test_a_title_above_one_column_is_told_from_its_name() -> None:
    read = read_text("Contacts\nemail\na@example.com\n")
    assert (read.columns, read.rows) == (("email",), [["a@example.com"]])
    assert read.warnings == ["Line 1 is no row: the header stands below, in line 2."]


def test_a_name_of_a_column_among_the_values_makes_no_header() -> None:
    read = read_text("id,channel\n1,email\n2,email\n")
    assert (read.columns, len(read.rows), read.remarks) == (("id", "channel"), 2, [])


def test_names_are_trimmed_and_each_occurs_once() -> None:
    read = read_text(' Email , email,Email,,Zip,Zip,"First\nname"\na@example.com,,b@example.com,x,1,2,A\n')
    assert read.columns == ("Email", "email", "Email 2", "column 4", "Zip", "Zip 2", "First name")
    assert read.rows == [["a@example.com", None, "b@example.com", "x", "1", "2", "A"]]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("a@example.com\nb@example.com\n", ("email",)),
        (f"{MAID}\n{MAID}\n", ("maid",)),
        ("a" * 64 + "\n", ("email_sha256",)),
        ("A" * 40 + "\n", ("email_sha1",)),
        ("0" * 32 + "\n", ("email_md5",)),
        (f"a@example.com;{MAID}\nb@example.com;\n", ("email", "maid")),
        ("a@example.com,b@example.com\nc@example.com,\n", ("email", "email 2")),
    ],
)
def test_a_file_of_nothing_but_identifiers_needs_no_header(content: str, columns: tuple[str, ...]) -> None:
    read = read_text(content)
    assert read.columns == columns
    assert (len(read.rows), read.lines[0]) == (content.count("\n"), 1)
    assert read.facts[-1] == (
        f"The file has no line of column names. By their values, its columns are read as: {', '.join(columns)} "
        "(--identity overrules this)."
    )


def test_the_first_row_in_the_header_s_place_is_refused_where_it_has_other_values_too() -> None:
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="holds data where the columns' names should be") as error:
        read_text("ada@example.com,Ada\nb@example.com,B\n")
    assert "ada" not in str(error.value).lower()


def test_an_address_is_never_a_column_s_name() -> None:
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN) as error:
        read_text("email,Ada <ada@example.com>\nb@example.com,x\n")
    assert "ada" not in str(error.value).lower()


def test_without_a_header_by_the_user_s_word_columns_are_named_by_their_values() -> None:
    read = read_text("ada@example.com,Ada\nb@example.com,B\n", has_header=False)
    assert read.columns == ("email", "column 2")
    assert read.rows == [["ada@example.com", "Ada"], ["b@example.com", "B"]]


def test_lines_are_skipped_by_the_user_s_word() -> None:
    read = read_text('a,b,c\n"\nemail,name\nada@example.com,Ada\n', skip_lines=2)
    assert (read.columns, read.rows, read.lines) == (("email", "name"), [["ada@example.com", "Ada"]], [4])


@pytest.mark.parametrize("content", ["", "\n\n \n", ",,\n", ";;\n\n"])
def test_an_empty_file_is_no_table(content: str) -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="is empty"):
        read_text(content)


def test_a_header_alone_is_an_empty_table() -> None:
    read = read_text("email,name\n")
    assert (read.columns, read.rows, read.remarks) == (("email", "name"), [], [])


@pytest.mark.parametrize(
    "first",
    ["ada@example", "ada @example.com", "ada@ example.com", "a" * 65, "+49 170 1234567", "tfyF5VdV" * 5 + "x-9"],
)
def test_what_may_be_somebody_s_is_not_taken_for_the_name_of_a_column(first: str) -> None:
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="holds data where the columns' names should be") as error:
        read_text(f"{first}\nb@example.com\n")
    assert first not in str(error.value)


def test_texts_that_are_written_as_formulas_are_names_and_identifiers_too() -> None:
    read = read_text('="id",="Email"\n="1",="a@example.com"\n')
    assert read.columns == ("id", "Email")
    assert read_text('="a@example.com"\n="b@example.com"\n').columns == ("email",)


def test_advertising_ids_in_braces_need_no_header() -> None:
    assert read_text(f"{{{MAID}}}\n{{{MAID}}}\n").columns == ("maid",)
