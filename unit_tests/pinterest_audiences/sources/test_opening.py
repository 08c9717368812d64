from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.formats.choice import FileOptions
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Selection
from pinterest_audiences.sources.text.options import TextOptions
from unit_tests.support.raises import raises
from unit_tests.support.workbooks import xlsx


def read(address: object, options: FileOptions | None = None, **selected: Any) -> tuple[list[Sequence[Any]], list[str]]:
    """All rows, and what is remarked on."""
    with closing(open_source(str(address), options)) as source:
        selection = Selection(**({"table": source.only_table} | selected))
        batches = list(source.open_rows(selection, 100).batches)
    rows = [tuple(row) for batch in batches for row in batch.rows]
    return rows, [remark.text for batch in batches for remark in batch.remarks]


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    for country, email in (("DE", "a@example.com"), ("FR", "b@example.com")):
        (folder / f"country={country}").mkdir(parents=True)
        (folder / f"country={country}" / "part-0.csv").write_text(f"email\n{email}\n")
    return folder


def test_a_partitioned_folder_is_one_table_with_the_folders_columns(exports: Path) -> None:
    assert read(exports) == ([("a@example.com", "DE"), ("b@example.com", "FR")], [])
    assert read(exports, columns=("country",)) == ([("DE",), ("FR",)], [])
    assert read(exports, table=None, query="SELECT email FROM exports WHERE country = 'FR'")[0] == [("b@example.com",)]


def test_what_a_folder_has_of_other_formats_is_remarked_on(exports: Path) -> None:
    (exports / "README.md").write_text("hello")
    rows, (remark,) = read(exports)
    assert len(rows) == 2
    assert "Files of other formats" in remark
    assert "README.md" in remark


def test_a_database_takes_no_options_for_files(tmp_path: Path) -> None:
    for options in (FileOptions("csv"), FileOptions(text=TextOptions(delimiter=";"))):
        for address in ("duckdb:///x.duckdb", "x.sqlite", "postgresql://u@h/d"):
            with raises(Code.USAGE_WRONG, match="Leave them out for a database"):
                open_source(address, options)


def test_a_table_of_a_file_is_the_file(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("email\na@example.com\n")
    assert read(tmp_path / "people.csv", FileOptions(table="people"))[0] == [("a@example.com",)]
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="did you mean 'people'"):
        open_source(str(tmp_path / "people.csv"), FileOptions(table="peoples"))


def test_a_table_of_a_workbook_is_a_sheet_though_it_has_the_file_s_name(tmp_path: Path) -> None:
    sheets = {"old": [["email"], ["old@example.com"]], "people": [["email"], ["new@example.com"]]}
    (tmp_path / "people.xlsx").write_bytes(xlsx(sheets))
    assert read(tmp_path / "people.xlsx", FileOptions(table="people"), table="people")[0] == [("new@example.com",)]


def test_a_table_of_a_json_document_is_a_list_in_it(tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text('{"old":[{"email":"o@example.com"}],"new":[{"email":"n@example.com"}]}')
    assert read(tmp_path / "people.json", FileOptions(table="new"))[0] == [("n@example.com",)]


def test_rows_are_counted_beforehand_where_that_is_cheap(tmp_path: Path) -> None:
    content = io.BytesIO()
    pq.write_table(pa.table({"email": ["a@example.com", "b@example.com"]}), content)
    for number in range(3):
        (tmp_path / f"{number}.parquet").write_bytes(content.getvalue())
    with closing(open_source(str(tmp_path))) as source:
        assert source.count(Selection(table=source.only_table)) == 6
        assert source.count(Selection(query="SELECT 1")) is None
    (tmp_path / "people.csv").write_text("email\na@example.com\n")
    with closing(open_source(str(tmp_path / "people.csv"))) as source:
        assert source.count(Selection(table="people")) is None


def test_a_query_reads_values_of_any_types_and_types_that_change(tmp_path: Path) -> None:
    lines = ['{"id":1,"n":7,"o":{"x":1}}'] * 10_001
    lines += ['{"id":2,"n":"text","o":[1]}', '{"id":12345678901234567890123,"n":null,"o":null}']
    (tmp_path / "people.jsonl").write_text("\n".join(lines))
    query = "SELECT id, n, o, count(*) FROM people GROUP BY ALL ORDER BY count(*) DESC, id DESC"
    assert read(tmp_path / "people.jsonl", table=None, query=query)[0] == [
        ("1", "7", '{"x":1}', 10_001),
        ("2", "text", "[1]", 1),
        ("12345678901234567890123", None, None, 1),
    ]


def test_a_query_compares_values_by_their_types(tmp_path: Path) -> None:
    sheet = [["Email", "Id"], ["a@example.com", 9], ["b@example.com", 10], ["c@example.com", 10.5]]
    (tmp_path / "people.xlsx").write_bytes(xlsx({"A": sheet}))
    query = 'SELECT "Email" FROM people WHERE "Id" > 9 ORDER BY "Id" DESC'
    assert read(tmp_path / "people.xlsx", table=None, query=query)[0] == [("c@example.com",), ("b@example.com",)]
    (tmp_path / "people.jsonl").write_text('{"id":9}\n{"id":10}\n{"id":null}\n')
    rows, _ = read(tmp_path / "people.jsonl", cursor="id", since=10)
    assert rows == [(10,), (None,)]
