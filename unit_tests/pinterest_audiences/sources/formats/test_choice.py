from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.formats.choice import FileOptions, table_file_of
from pinterest_audiences.sources.places.found import FoundFile
from pinterest_audiences.sources.source import Remark
from pinterest_audiences.sources.text.options import TextOptions
from unit_tests.support.data_files import BytesFile, rows_of
from unit_tests.support.raises import raises
from unit_tests.support.workbooks import xlsx


def parquet() -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({"email": ["a@example.com"]}), content)
    return content.getvalue()


CSV = b"email\na@example.com\n"
JSON = b'{"email":"a@example.com"}\n'
BOOK = xlsx({"A": [["email"], ["a@example.com"]]})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", CSV), ("x.TXT", CSV), ("x.tsv", CSV), ("x.json", JSON), ("x.jsonl", JSON), ("x.ndjson", JSON),
        ("x.xlsx", BOOK), ("x.parquet", parquet()), ("x.pq", parquet()),
    ],
)  # fmt: skip
def test_a_name_tells_the_format(name: str, content: bytes) -> None:
    table = table_file_of(FoundFile(BytesFile(content, name)), FileOptions())
    assert rows_of(table) == [("a@example.com",)]
    assert list(table.remarks) == []


@pytest.mark.parametrize(
    ("wanted", "content"),
    [("csv", CSV), ("tsv", CSV), ("json", JSON), ("jsonl", JSON), ("xlsx", BOOK), ("parquet", parquet())],
)
def test_the_user_tells_the_format_where_the_name_does_not(wanted: str, content: bytes) -> None:
    assert rows_of(table_file_of(FoundFile(BytesFile(content, "export")), FileOptions(wanted))) == [("a@example.com",)]


@pytest.mark.parametrize(("content", "said"), [(parquet(), "parquet"), (BOOK, "xlsx")])
@pytest.mark.parametrize("name", ["x.csv", "x.json", "export"])
def test_content_that_is_of_another_format_than_the_name_says_is_read_and_remarked_on(
    name: str, content: bytes, said: str
) -> None:
    table = table_file_of(FoundFile(BytesFile(content, name)), FileOptions())
    assert rows_of(table) == [("a@example.com",)]
    assert [str(remark.text) for remark in table.remarks if isinstance(remark, Remark)] == [
        f"{name} is read as {said}, as its content says; its name does not (--format overrules this)."
    ]


def test_a_name_that_tells_nothing_is_refused_with_what_is_known() -> None:
    with raises(Code.SOURCE_ADDRESS_WRONG, match=r"\.csv, .*\.parquet, .*--format csv"):
        table_file_of(FoundFile(BytesFile(CSV, "export.xyz")), FileOptions())


def test_a_text_that_begins_like_an_orc_file_is_text() -> None:
    content = b"ORCID,email\n1,a@example.com\n"
    assert rows_of(table_file_of(FoundFile(BytesFile(content, "x.csv")), FileOptions())) == [("1", "a@example.com")]


def test_options_for_text_are_refused_for_other_formats() -> None:
    with raises(Code.USAGE_WRONG, match="are for text files"):
        table_file_of(FoundFile(BytesFile(parquet(), "x.parquet")), FileOptions(text=TextOptions(delimiter=";")))


def test_tabs_separate_the_cells_of_a_file_said_to_be_tsv() -> None:
    content = b"email,name\tid\na@example.com\t7\n"
    table = table_file_of(FoundFile(BytesFile(content, "export")), FileOptions("tsv"))
    assert table.columns == ("email,name", "id")


def test_folders_names_give_columns_unless_the_file_has_them() -> None:
    content = b"email,shop\na@example.com,north\n"
    found = FoundFile(BytesFile(content, "x.csv"), (("country", "DE"), ("day", None), ("shop", "south")))
    table = table_file_of(found, FileOptions())
    assert table.columns == ("email", "shop", "country", "day")
    assert rows_of(table) == [("a@example.com", "north", "DE", None)]
    assert rows_of(table, "country", "email") == [("DE", "a@example.com")]
    assert rows_of(table, "email") == [("a@example.com",)]
