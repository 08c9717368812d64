from __future__ import annotations

import gzip
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Selection, Source
from unit_tests.support.raises import raises


@pytest.fixture(params=["duckdb", "sqlite"])
def database(request: pytest.FixtureRequest) -> str:
    path = request.getfixturevalue(f"{request.param}_file")
    return f"{request.param}:///{path}"


def rows_of(source: Source, selection: Selection, batch_rows: int = 10) -> list[dict[str, object]]:
    stream = source.open_rows(selection, batch_rows)
    return [dict(zip(stream.columns, row, strict=True)) for batch in stream.batches for row in batch.rows]


def test_a_table_is_read_whole_in_batches(database: str) -> None:
    with closing(open_source(database)) as source:
        stream = source.open_rows(Selection(table="people"), 10)
        assert stream.columns == ("id", "email", "updated_at")
        batches = [list(batch.rows) for batch in stream.batches]
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert [row[0] for batch in batches for row in batch] == list(range(25))


def test_a_view_is_read_like_a_table(database: str) -> None:
    with closing(open_source(database)) as source:
        assert [row["id"] for row in rows_of(source, Selection(table="adults"))] == list(range(18, 25))


def test_only_the_columns_that_were_asked_for_are_read(database: str) -> None:
    with closing(open_source(database)) as source:
        assert source.open_rows(Selection(table="people", columns=("email", "id")), 10).columns == ("email", "id")


def test_a_table_whose_name_holds_quotes_and_blanks_is_found(database: str) -> None:
    with closing(open_source(database)) as source:
        name = '"my shop".big "spenders' if "duckdb" in database else 'big "spenders'
        assert rows_of(source, Selection(table=name.replace('"my shop"', "my shop"))) == [{"id": 1}]


def test_the_statement_in_a_table_name_is_a_name_and_not_run(database: str) -> None:
    with closing(open_source(database)) as source, raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="There is no table"):
        source.open_rows(Selection(table="people; DROP TABLE people"), 10)


@pytest.mark.parametrize("query", ["SELECT id FROM people WHERE email LIKE '%1@%' -- every", "SELECT ':x%s' AS id"])
def test_a_query_is_run_as_it_was_written(database: str, query: str) -> None:
    with closing(open_source(database)) as source:
        found = [row["id"] for row in rows_of(source, Selection(query=query))]
    assert found == ([":x%s"] if ":x" in query else [1, 11, 21])


def test_a_query_with_a_cursor_keeps_its_colons_and_percent_signs(database: str) -> None:
    query = "SELECT id, ':x%s' AS mark FROM people -- every :one"
    with closing(open_source(database)) as source:
        rows = rows_of(source, Selection(query=query, cursor="id", since=23))
    assert rows == [{"id": 23, "mark": ":x%s"}, {"id": 24, "mark": ":x%s"}]


def test_rows_come_in_the_order_of_the_cursor_and_those_without_are_not_lost(database: str) -> None:
    with closing(open_source(database)) as source:
        rows = rows_of(source, Selection(table="people", cursor="updated_at"))
    assert len(rows) == 25
    known = [row["updated_at"] for row in rows if row["updated_at"] is not None]
    assert known == sorted(known, key=str)
    assert len(known) == 24


def test_reading_on_begins_with_the_rows_that_share_the_last_value(database: str) -> None:
    since = datetime(2026, 1, 4) if "duckdb" in database else "2026-01-04"  # noqa: DTZ001 - the column has no zone
    with closing(open_source(database)) as source:
        rows = rows_of(source, Selection(table="people", cursor="updated_at", since=since))
    assert {row["id"] for row in rows} == {7, *range(15, 25)}


def test_rows_of_a_table_are_counted(database: str) -> None:
    with closing(open_source(database)) as source:
        assert source.count(Selection(table="people")) == 25
        assert source.count(Selection(table="people", cursor="id", since=20)) == 5
        assert source.count(Selection(query="SELECT 1")) is None


def test_a_missing_table_is_answered_with_the_closest_name(database: str) -> None:
    with closing(open_source(database)) as source, raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="did you mean 'people'"):
        source.open_rows(Selection(table="poeple"), 10)


def test_a_table_like_no_other_is_answered_with_all_names(database: str) -> None:
    with closing(open_source(database)) as source, raises(Code.TABLE_OR_COLUMN_UNKNOWN, match=r"there are: .*people"):
        source.open_rows(Selection(table="zzz"), 10)


def test_a_missing_cursor_column_is_answered_with_the_closest_name(database: str) -> None:
    with (
        closing(open_source(database)) as source,
        raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="did you mean 'updated_at'"),
    ):
        source.open_rows(Selection(table="people", cursor="update_at"), 10)


def test_two_columns_of_one_name_are_refused(database: str) -> None:
    query = "SELECT id, email, id FROM people"
    with closing(open_source(database)) as source, raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="named 'id'"):
        source.open_rows(Selection(query=query), 10)


def test_a_query_with_a_mistake_is_answered_with_the_database_s_first_line(database: str) -> None:
    with (
        closing(open_source(database)) as source,
        raises(Code.QUERY_REFUSED, match=r"refuses the query: .*emial") as error,
    ):
        source.open_rows(Selection(query="SELECT emial FROM people"), 10)
    assert "\n" not in str(error.value)


def test_the_source_can_not_be_written_to(database: str) -> None:
    with closing(open_source(database)) as source, pytest.raises((UsageError, SourceError)):
        list(source.open_rows(Selection(query="DELETE FROM people"), 10).batches)
    with closing(open_source(database)) as source:
        assert source.count(Selection(table="people")) == 25


def test_an_error_in_the_middle_does_not_quote_the_value_that_caused_it(duckdb_file: Path) -> None:
    query = "SELECT CASE WHEN id > 20 THEN email::INT ELSE 0 END AS x FROM people"
    with closing(open_source(f"duckdb:///{duckdb_file}")) as source, raises(Code.SOURCE_STOPPED) as error:
        list(source.open_rows(Selection(query=query), 10).batches)
    assert "ConversionException" in str(error.value)
    assert "example.com" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_text_that_is_no_utf_8_is_read_with_replacements(tmp_path: Path) -> None:
    path = tmp_path / "latin.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE t (email TEXT)")
        database.execute("INSERT INTO t VALUES (CAST(x'6af6@example' AS TEXT))".replace("@example", "40"))
    with closing(open_source(str(path))) as source:
        assert rows_of(source, Selection(table="t")) == [{"email": "j\ufffd@"}]


def test_the_label_is_the_same_from_any_folder(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(open_source(database)) as source:
        absolute = source.label
    path = Path(database.split(":///")[1])
    monkeypatch.chdir(path.parent)
    with closing(open_source(database.replace(str(path), path.name))) as source:
        assert source.label == absolute


def test_a_duckdb_file_that_is_being_written_is_answered_with_what_to_do(duckdb_file: Path) -> None:
    hold = f"import duckdb, sys; c = duckdb.connect({str(duckdb_file)!r}); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with raises(Code.SOURCE_UNREACHABLE, match="open in another program"):
            open_source(str(duckdb_file))
        other.communicate("")


@pytest.mark.parametrize(
    ("address", "meaning", "said"),
    [
        ("warehouse://x", Code.SOURCE_ADDRESS_WRONG, "knows no database 'warehouse'"),
        ("mysql+mysqldb://u:secret@127.0.0.1/d", Code.PACKAGE_MISSING, "or write mysql:// and run"),
        ("mysql://u:secret@127.0.0.1:1/d", Code.SOURCE_UNREACHABLE, "can't be reached: Can't connect"),
        ("customers", Code.SOURCE_ADDRESS_WRONG, "neither a database's URL"),
        ("nowhere.csv", Code.SOURCE_NOT_OPENED, "There is no file 'nowhere.csv'"),
        ("nowhere.parquet", Code.SOURCE_NOT_OPENED, "There is no file"),
        ("duckdb:///nowhere.duckdb", Code.SOURCE_NOT_OPENED, "There is no file 'nowhere.duckdb'"),
        ("duckdb:///", Code.SOURCE_ADDRESS_WRONG, "needs a file"),
        ("sqlite:///nowhere.sqlite", Code.SOURCE_NOT_OPENED, "There is no file 'nowhere.sqlite'"),
        ("sqlite://", Code.SOURCE_ADDRESS_WRONG, "needs a file"),
        ("postgresql://u:secret@127.0.0.1:notaport/d", Code.SOURCE_ADDRESS_WRONG, "is not a URL like"),
        ("postgresql://u:secret@127.0.0.1:1/d", Code.SOURCE_UNREACHABLE, "can't be reached: connection failed"),
    ],
)
def test_an_address_that_leads_nowhere_is_answered_in_a_sentence_without_the_password(
    address: str, meaning: Code, said: str
) -> None:
    with raises(meaning, match=said) as error:
        open_source(address)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_of_another_kind_is_no_database(tmp_path: Path) -> None:
    for name in ("x.duckdb", "x.sqlite", "x.parquet"):
        path = tmp_path / name
        path.write_bytes(b"jane@example.com is not a database" * 100)
        with raises(Code.SOURCE_NOT_OPENED) as error:
            open_source(str(path))
        assert "jane" not in str(error.value)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").mkdir()
    with raises(Code.SOURCE_NOT_OPENED, match="is a folder"):
        open_source(str(tmp_path / "x.duckdb"))


def test_a_csv_is_one_table_of_texts_named_like_the_file(tmp_path: Path) -> None:
    path = tmp_path / "vip[1].2026.csv"
    path.write_text('id,email,zip\n1,"a@example.com",00123\n2,"",00124\n')
    with closing(open_source(str(path))) as source:
        assert source.only_table == "vip[1]"
        assert rows_of(source, Selection(table=source.only_table)) == [
            {"id": "1", "email": "a@example.com", "zip": "00123"},
            {"id": "2", "email": None, "zip": "00124"},
        ]


def test_a_gzipped_tsv_is_read(tmp_path: Path) -> None:
    path = tmp_path / "people.tsv.gz"
    path.write_bytes(gzip.compress(b"id\temail\n1\ta@example.com\n"))
    with closing(open_source(str(path))) as source:
        assert rows_of(source, Selection(table="people")) == [{"id": "1", "email": "a@example.com"}]


@pytest.mark.parametrize("first", ["jane@example.com", "a" * 64, "38400000-8cf0-11bd-b23e-10b96e40000d"])
def test_a_csv_of_rows_of_all_kinds_without_names_is_refused_and_its_first_person_not_quoted(
    tmp_path: Path, first: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"{first},Ada\nother@example.com,Grace\n")
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="holds data where the columns' names should be") as error:
        open_source(str(path))
    assert first not in str(error.value)


def test_a_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS id, DATE '2026-01-02' AS born, ['a@example.com'] AS email) TO '{path}'")
    with closing(open_source(str(path))) as source:
        assert rows_of(source, Selection(table="people")) == [
            {"id": 1, "born": date(2026, 1, 2), "email": ["a@example.com"]}
        ]
        assert source.count(Selection(table="people")) == 1


def test_an_interrupted_read_fails(duckdb_file: Path) -> None:
    with closing(open_source(f"duckdb:///{duckdb_file}")) as source:
        threading.Timer(0.2, source.interrupt).start()
        with raises(Code.SOURCE_STOPPED, match="InterruptException"):
            source.open_rows(Selection(query="SELECT count(*) FROM range(100000000000) AS r(i) WHERE i % 7 = 3"), 10)
