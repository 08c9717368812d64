from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.file_source import FileSource
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Row, RowBatch, Selection, Source
from pinterest_audiences.sources.text.options import TextOptions
from pinterest_audiences.sources.text.text_table import open_text_table
from unit_tests.support.raises import raises
from unit_tests.support.text_files import InMemory


def source_of(**files: str) -> FileSource:
    tables = [
        open_text_table(InMemory(content.encode(), f"{name}.csv", f"/srv/{name}.csv"), TextOptions())
        for name, content in files.items()
    ]
    return FileSource(tables, "/srv", "people")


def batches_of(source: Source, selection: Selection | None = None) -> list[RowBatch]:
    return list(source.open_rows(selection or Selection(table="people"), 2).batches)


def rows_of(source: Source, selection: Selection | None = None) -> list[Row]:
    return [row for batch in batches_of(source, selection) for row in batch.rows]


def remarks_of(batches: Sequence[RowBatch]) -> list[tuple[str, str]]:
    return [(remark.level, remark.text) for batch in batches for remark in batch.remarks]


def test_columns_are_joined_by_name_and_one_that_a_file_lacks_is_blank_there() -> None:
    source = source_of(a="email,name\na@example.com,A\n", b="name,maid\nB,x\n", c="maid\ny\n")
    stream = source.open_rows(Selection(table="people"), 2)
    assert stream.columns == ("email", "name", "maid")
    batches = list(stream.batches)
    rows = [row for batch in batches for row in batch.rows]
    assert rows == [("a@example.com", "A", None), (None, "B", "x"), (None, None, "y")]
    assert remarks_of(batches) == [
        ("WARN", "/srv/a.csv: The file has no column maid: its rows are blank there."),
        ("WARN", "/srv/b.csv: The file has no column email: its rows are blank there."),
        ("WARN", "/srv/c.csv: The file has no column email, name: its rows are blank there."),
    ]


def test_only_the_wanted_columns_are_read_and_must_exist() -> None:
    source = source_of(a="id,email,name\n1,a@example.com,A\n")
    assert rows_of(source, Selection(table="people", columns=("name", "id"))) == [("A", "1")]
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="did you mean 'name'"):
        source.open_rows(Selection(table="people", columns=("nane",)), 2)


def test_each_row_keeps_its_file_and_line() -> None:
    source = source_of(a="email\na@example.com\n", b="email\n\nb@example.com\n")
    found = [(batch.file, list(batch.lines or ())) for batch in batches_of(source) if batch.rows]
    assert found == [("/srv/a.csv", [2]), ("/srv/b.csv", [3])]


def test_remarks_come_with_the_first_rows_of_their_file_and_even_without_rows() -> None:
    assert remarks_of(batches_of(source_of(a="email;name\n"))) == [
        ("INFO", "The file's cells are separated by ; (--delimiter overrules this).")
    ]
    with_rows = batches_of(source_of(a="email;name\n" + "a@example.com;A\n" * 5))
    assert [len(batch.remarks) for batch in with_rows] == [1, 0, 0]


def test_a_plain_file_gets_no_remark() -> None:
    assert remarks_of(batches_of(source_of(a="email,name\na@example.com,A\n"))) == []


def test_an_interrupted_reading_ends() -> None:
    source = source_of(a="email\n" + "a@example.com\n" * 10)
    batches: Iterator[RowBatch] = iter(source.open_rows(Selection(table="people"), 2).batches)
    next(batches)
    source.interrupt()
    with raises(Code.SOURCE_STOPPED):
        next(batches)


CONTENT = "id,email,city\n1,a@example.com,Rome\n2,b@example.com,\n3,c@example.com,Rome\n4\n5,e@example.com,x,y\n"


def test_a_query_runs_over_the_rows_of_the_files() -> None:
    query = "SELECT email, city FROM people WHERE id::INT < 3 ORDER BY id DESC"
    with closing(source_of(a=CONTENT)) as source:
        assert rows_of(source, Selection(query=query)) == [("b@example.com", None), ("a@example.com", "Rome")]


def test_a_query_may_read_the_rows_twice_and_its_findings_count_once() -> None:
    query = "SELECT count(*) AS n FROM people a JOIN people b ON a.city = b.city"
    with closing(source_of(a=CONTENT)) as source:
        batches = batches_of(source, Selection(query=query))
    assert [row for batch in batches for row in batch.rows] == [(4,)]
    assert [refused.line for batch in batches for refused in batch.refused] == [6]
    assert remarks_of(batches) == [("INFO", "Missing cells at the end of line 5 were read as blanks.")]


def test_what_a_query_finds_beside_rows_keeps_its_file() -> None:
    with closing(source_of(a=CONTENT, b="id,email,city\n1\n1,2,3,4\n")) as source:
        batches = batches_of(source, Selection(query="SELECT count(*) FROM people"))
    found = [(batch.file, refused.line) for batch in batches for refused in batch.refused]
    assert found == [("/srv/a.csv", 6), ("/srv/b.csv", 3)]


def test_a_query_with_a_mistake_is_answered_with_duckdb_s_first_line() -> None:
    with closing(source_of(a=CONTENT)) as source, raises(Code.QUERY_REFUSED, match="emial"):
        source.open_rows(Selection(query="SELECT emial FROM people"), 2)


def test_what_ends_the_reading_of_the_file_ends_the_query_with_the_same_reason() -> None:
    content = "email,name\n" + "a@example.com,A\n" * 20_000 + "email,name,maid\nb@example.com,B,\n"
    with closing(source_of(a=content)) as source, raises(Code.FILE_HEADER_CHANGES, match="Line 20,002"):
        rows_of(source, Selection(query="SELECT * FROM people"))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".psv", ".tab", ".dat"])
def test_text_files_of_all_names_are_opened(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"vip.2026{suffix}"
    path.write_text("id|email\n1|a@example.com\n")
    with closing(open_source(str(path))) as source:
        assert (source.only_table, source.label) == ("vip", str(path))
        assert rows_of(source, Selection(table="vip")) == [("1", "a@example.com")]
        assert source.count(Selection(table="vip")) is None
