"""The same people out of each engine, through the real connector, into the sandbox: the membership is the table's."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from demo.sandbox_process import RunningSandbox
from destination_pinterest.error_codes import Code
from integration_tests.cli.postgresql import postgresql
from integration_tests.cli.programs import PROGRAM, Run
from pinterest_audiences.cursor_state import cursor_state, cursor_value
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Selection, Source
from unit_tests.support.raises import raises

ROWS = 4_000


def emails(count: int = ROWS) -> list[str | None]:
    """Every tenth person has none, every tenth writes it in capitals between blanks."""
    return [
        None if i % 10 == 0 else f" Person{i}@EXAMPLE.com " if i % 10 == 1 else f"person{i}@example.com"
        for i in range(count)
    ]


def digests(addresses: list[str | None]) -> set[str]:
    return {hashlib.sha256(address.strip().lower().encode()).hexdigest() for address in addresses if address}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as address:
        yield address


@pytest.fixture(scope="module")
def database(server: str) -> str:
    """A database whose tables hold what Python and JSON disagree about."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE shop")
    with psycopg.connect(f"{server}/shop", autocommit=True) as connection:
        connection.execute('CREATE SCHEMA "Sales Dept"')
        connection.execute(
            'CREATE TABLE "Sales Dept"."Customers" (id bigint, email text, spent numeric(12,2), born date, '
            "seen timestamptz, tags text[], extra jsonb, raw bytea, device uuid, stay interval, share real)"
        )
        with connection.cursor() as cursor, cursor.copy('COPY "Sales Dept"."Customers" (id, email) FROM STDIN') as copy:
            for number, email in enumerate(emails()):
                copy.write_row((number, email))
        connection.execute(
            """UPDATE "Sales Dept"."Customers" SET spent = id * 1.10, born = DATE '2000-01-01' + (id % 900)::int,
            seen = TIMESTAMPTZ '2026-01-01 00:00:00+02' + id * INTERVAL '1 minute', tags = ARRAY['a', NULL],
            extra = '{"n": 1.5}', raw = '\\x00ff', device = gen_random_uuid(), stay = INTERVAL '1 day',
            share = id / 7.0"""
        )
    return f"{server}/shop"


def synced(run: Run, config: Path, *source: object) -> dict[str, object]:
    result = run(*source, "--audience", "VIPs", "--config", config, "--json")
    assert result.returncode == 0, result.stderr
    report: dict[str, object] = json.loads(result.stdout)["audiences"][0]
    return report


def test_postgresql(run: Run, database: str, sandbox: RunningSandbox, sandbox_config: Path) -> None:
    report = synced(run, sandbox_config, "--from", database, "--table", "Sales Dept.Customers")
    assert (report["entered"], report["not_synced"]) == (ROWS, {"no_identity": ROWS // 10})
    assert sandbox.members("VIPs") == digests(emails())


def test_postgresql_by_a_query_with_a_cast_and_a_percent_sign(
    run: Run, database: str, sandbox: RunningSandbox, sandbox_config: Path
) -> None:
    query = """SELECT id::text AS key, email FROM "Sales Dept"."Customers" WHERE email LIKE 'person2%' -- :all"""
    synced(run, sandbox_config, "--from", database, "--query", query)
    assert sandbox.members("VIPs") == digests([each for each in emails() if each and each.startswith("person2")])


@pytest.mark.parametrize("cursor", ["id", "seen", "spent", "born", "device", "share"])
def test_postgresql_is_read_on_from_a_cursor_of_any_type(cursor: str, database: str) -> None:
    columns = ("id", cursor) if cursor != "id" else ("id",)
    with closing(open_source(database)) as source:
        rows = rows_of(source, Selection(table="Sales Dept.Customers", columns=columns, cursor=cursor))
        assert len(rows) == ROWS
        since = cursor_value(json.loads(json.dumps(cursor_state(cursor, rows[ROWS // 2][-1]))))
        again = rows_of(source, Selection(table="Sales Dept.Customers", columns=columns, cursor=cursor, since=since))
    expected = {row[0] for row in rows if row[-1] is None or row[-1] >= rows[ROWS // 2][-1]}
    # Of numbers of single precision, a few more are read, since what is shown of them is rounded.
    assert expected <= {row[0] for row in again}
    assert 0 < len(again) < len(expected) + 20


def rows_of(source: Source, selection: Selection) -> list[Sequence[Any]]:
    return [row for batch in source.open_rows(selection, 1000).batches for row in batch.rows]


@pytest.mark.parametrize(("cursor", "said"), [("email", "its values are text"), ("tags", "of the type list")])
def test_a_column_of_postgresql_that_has_no_sure_order_is_no_cursor(cursor: str, said: str, database: str) -> None:
    with closing(open_source(database)) as source, raises(Code.CURSOR_UNUSABLE, match=said):
        rows_of(source, Selection(table="Sales Dept.Customers", columns=("id", cursor), cursor=cursor))


@pytest.fixture(scope="module")
def endless(server: str, database: str) -> str:
    """A table with times that Python has no type for."""
    with psycopg.connect(f"{server}/shop", autocommit=True) as connection:
        connection.execute("CREATE TABLE unending (email text, until timestamptz, born date, seen timestamp, at date)")
        connection.execute(
            "INSERT INTO unending VALUES ('a@example.com', 'infinity', '0044-03-15 BC', '-infinity', '2026-01-31'), "
            "('b@example.com', '2026-01-31 12:00:00+00', '2000-01-31', '2026-01-31', 'infinity')"
        )
    return database


def test_infinity_and_years_before_christ_end_no_table(
    endless: str, run: Run, sandbox: RunningSandbox, sandbox_config: Path
) -> None:
    assert synced(run, sandbox_config, "--from", endless, "--table", "unending")["entered"] == 2
    with closing(open_source(endless)) as source:
        first, second = rows_of(source, Selection(table="unending"))
    assert tuple(map(str, first[1:4])) == ("infinity", "0044-03-15 BC", "-infinity")
    assert second[1].isoformat() in {"2026-01-31T12:00:00+00:00", "2026-01-31T13:00:00+01:00"}


@pytest.mark.parametrize("cursor", ["until", "seen", "at"])
def test_infinity_in_the_cursor_is_told_and_nothing_is_skipped(
    cursor: str, endless: str, run: Run, sandbox_config: Path
) -> None:
    arguments = ["--table", "unending", "--cursor", cursor, "--audience", "VIPs", "--config", sandbox_config]
    result = run("--from", endless, *arguments)
    assert result.returncode in {1, 2}
    assert Code.CURSOR_UNUSABLE in result.stderr
    assert "is no time that can be kept, such as infinity" in result.stderr
    assert not list(sandbox_config.parent.glob("*.state.json"))


def test_only_the_columns_that_are_needed_are_asked_for(
    run: Run, database: str, server: str, sandbox_config: Path
) -> None:
    with psycopg.connect(f"{server}/shop", autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE VIEW some_broken AS SELECT email, id, 1 / (id - id) AS broken FROM "
            '"Sales Dept"."Customers" LIMIT 10'
        )
    source = ["--from", database, "--table", "some_broken"]
    assert synced(run, sandbox_config, *source, "--cursor", "id")["entered"] == 10
    broken = run(*source, "--columns", "email,broken", "--audience", "VIPs", "--config", sandbox_config)
    assert broken.returncode == 1
    assert Code.SOURCE_STOPPED in broken.stderr


def test_a_missing_right_is_answered_in_postgresql_s_words(database: str, server: str) -> None:
    with psycopg.connect(f"{server}/shop", autocommit=True) as connection:
        connection.execute("CREATE USER stranger")
        connection.execute("CREATE TABLE IF NOT EXISTS secrets (email text)")
    with (
        closing(open_source(database.replace("reader@", "stranger@"))) as source,
        raises(Code.QUERY_REFUSED, match="permission denied for table secrets"),
    ):
        source.open_rows(Selection(table="secrets"), 10)


def test_postgresql_incrementally(run: Run, database: str, sandbox: RunningSandbox, sandbox_config: Path) -> None:
    source = ["--from", database, "--table", "Sales Dept.Customers", "--cursor", "seen"]
    assert synced(run, sandbox_config, *source)["entered"] == ROWS
    # The last row again, because others may share its cursor.
    assert synced(run, sandbox_config, *source)["entered"] == 1
    assert sandbox.members("VIPs") == digests(emails())


def test_postgresql_rows_are_counted_without_waiting_long(database: str, server: str) -> None:
    with closing(open_source(database)) as source:
        assert source.count(Selection(table="Sales Dept.Customers")) == ROWS
    with psycopg.connect(f"{server}/shop", autocommit=True) as connection:
        connection.execute("CREATE OR REPLACE VIEW endless AS SELECT pg_sleep(60)::text AS nap")
    began = time.monotonic()
    with closing(open_source(database)) as source:
        assert source.count(Selection(table="endless")) is None
        assert rows_of(source, Selection(query="SELECT 1 AS one")) == [(1,)]
    assert time.monotonic() - began < 10


def test_postgresql_can_not_be_written_to(database: str) -> None:
    query = 'DELETE FROM "Sales Dept"."Customers" RETURNING id'
    with closing(open_source(database)) as source, pytest.raises((UsageError, SourceError)):
        rows_of(source, Selection(query=query))
    with closing(open_source(database)) as source:
        assert source.count(Selection(table="Sales Dept.Customers")) == ROWS


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("email::int", "InvalidTextRepresentation"),
        ("split_part(email, '@', 1)::regclass", "UndefinedTable"),
        ("email::regtype", "SyntaxError"),
        ("to_tsquery(email || ' &')", "SyntaxError"),
        ("current_setting(email)", "UndefinedObject"),
        ("query_to_xml('SELECT 1 FROM ' || quote_ident(email), true, true, '')", "UndefinedTable"),
    ],
)
@pytest.mark.parametrize("cursor", [None, "one"])
def test_an_error_of_postgresql_does_not_quote_the_value_that_caused_it(
    expression: str, kind: str, cursor: str | None, database: str
) -> None:
    query = f'SELECT {expression} AS x, 1 AS one FROM "Sales Dept"."Customers" WHERE email IS NOT NULL'
    with closing(open_source(database)) as source, raises(Code.SOURCE_STOPPED) as error:
        rows_of(source, Selection(query=query, cursor=cursor))
    assert kind in str(error.value)
    assert re.search("person|example", str(error.value), re.IGNORECASE) is None


@pytest.mark.parametrize("query", ["SELEC 1", "SELECT emial FROM pg_class", "SELECT 1 FROM emial", "SELECT emial()"])
def test_a_mistake_in_a_query_is_answered_with_postgresql_s_first_line(query: str, database: str) -> None:
    with (
        closing(open_source(database)) as source,
        raises(Code.QUERY_REFUSED, match=r"refuses the query: .*(SELEC|emi)"),
    ):
        source.open_rows(Selection(query=query), 10)


def test_a_table_that_postgresql_has_not_is_answered_with_the_one_that_it_has(database: str) -> None:
    with (
        closing(open_source(database)) as source,
        raises(Code.TABLE_OR_COLUMN_UNKNOWN, match=r"did you mean 'Sales Dept\.Customers'"),
    ):
        source.open_rows(Selection(table="Sales Dept.Customer"), 10)


def test_a_server_side_cursor_is_used_so_that_memory_does_not_grow_with_the_table(
    run: Run, database: str, server: str, sandbox_config: Path
) -> None:
    """While the sync runs, the server says what it was asked for."""
    with psycopg.connect(f"{server}/shop", autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE VIEW slow AS SELECT 'p' || i || '@example.com' AS email, pg_sleep(0.001)::text AS nap "
            "FROM generate_series(1, 3000) AS r(i)"
        )
        command = [
            *PROGRAM,
            "sync",
            "--from",
            database,
            "--table",
            "slow",
            "--audience",
            "VIPs",
            "--batch-rows",
            "500",
            "--config",
            str(sandbox_config),
            "--columns",
            "email",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            asked: set[str] = set()
            while process.poll() is None:
                rows = connection.execute("SELECT query FROM pg_stat_activity WHERE datname = 'shop'").fetchall()
                asked |= {str(query) for (query,) in rows}
                time.sleep(0.05)
            process.communicate()
    assert process.returncode == 0
    assert any(query.startswith(("DECLARE", "FETCH")) for query in asked), asked


def test_a_replaced_audience_is_the_table_and_keeps_its_id(
    run: Run, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path
) -> None:
    ids = []
    for people in (range(100), range(50, 130)):
        addresses: list[str | None] = [f"person{number}@example.com" for number in people]
        (tmp_path / "people.csv").write_text("\n".join(["email", *map(str, addresses)]))
        ids.append(synced(run, sandbox_config, "--from", "people.csv", "--replace")["audience_id"])
        assert sandbox.members("VIPs") == digests(addresses)
    assert ids[0] == ids[1]


def test_sqlite(run: Run, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, spent REAL, photo BLOB)")
        rows = [(number, email, number * 1.1, b"\x00\xff") for number, email in enumerate(emails())]
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows)
    report = synced(run, sandbox_config, "--from", "sqlite:///shop.sqlite", "--table", "customers")
    assert report["entered"] == ROWS
    assert sandbox.members("VIPs") == digests(emails())


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_files(suffix: str, run: Run, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path) -> None:
    path = tmp_path / f"our customers.{suffix}"
    with duckdb.connect() as database:
        database.execute("CREATE TABLE customers (id BIGINT, email VARCHAR, born DATE, spent DECIMAL(12, 2))")
        rows = [[number, email, "2000-01-31", "1.10"] for number, email in enumerate(emails(2000))]
        database.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows)
        database.execute(f"COPY customers TO '{path}'")
    report = synced(run, sandbox_config, "--from", path.name)
    assert report["streams"] == ["our customers"]
    assert sandbox.members("VIPs") == digests(emails(2000))


def test_a_sync_that_is_killed_in_the_middle_loses_nobody(
    run: Run, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path
) -> None:
    """kill -9 of the command line and of the connector, then the same command again."""
    count = 40_000
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            f"CREATE TABLE t AS SELECT i AS id, 'p' || i || '@example.com' AS email FROM range({count}) r(i)"
        )
    arguments = ["--from", str(path), "--table", "t", "--cursor", "id", "--state", "state.json", "--batch-rows", "1000"]
    common = ["--audience", "VIPs", "--config", str(sandbox_config)]
    process = subprocess.Popen(
        [*PROGRAM, "sync", *arguments, *common, "--quiet"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 60
    while not (tmp_path / "state.json").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    children = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    for pid in (process.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    kept = int(json.loads((tmp_path / "state.json").read_text())["state"]["cursor"])
    assert 0 < kept < count - 1
    report = synced(run, sandbox_config, *arguments)
    assert report["entered"] == count - kept
    assert sandbox.members("VIPs") == digests([f"p{i}@example.com" for i in range(count)])


def test_a_refresh_token_that_rotated_is_good_for_the_next_run(
    run: Run, people: Path, sandbox: RunningSandbox, sandbox_config: Path
) -> None:
    before = json.loads(sandbox_config.read_text())["credentials"]["refresh_token"]
    synced(run, sandbox_config, "--from", people, "--table", "people")
    after = json.loads(sandbox_config.read_text())
    assert after["credentials"]["refresh_token"] != before
    assert "audience_name" not in after
    synced(run, sandbox_config, "--from", people, "--table", "people")


def test_the_report_is_printed_once(run: Run, people: Path, sandbox_config: Path) -> None:
    result = run("--from", people, "--table", "people", "--audience", "VIPs", "--config", sandbox_config)
    assert result.returncode == 0, result.stderr
    assert "Rows synced          100" in result.stdout
    assert "pinterest_sync" not in result.stderr + result.stdout
    assert "Identifiers" not in result.stderr
    assert "identities: email as EMAIL" in result.stderr


def test_a_table_without_identity_is_answered_with_its_columns(
    run: Run, people: Path, sandbox: RunningSandbox, sandbox_config: Path
) -> None:
    query = "SELECT id AS number FROM people"
    result = run("--from", people, "--query", query, "--audience", "VIPs", "--config", sandbox_config)
    assert result.returncode == 1
    assert "number" in result.stderr.splitlines()[-1]


def test_no_terminal_gets_plain_lines_and_no_control_characters(run: Run, people: Path, sandbox_config: Path) -> None:
    result = run("--from", people, "--table", "people", "--audience", "VIPs", "--config", sandbox_config)
    assert "\x1b" not in result.stdout + result.stderr
    assert "Reading the source (100 rows) and sending to Pinterest." in result.stderr


def test_a_file_that_grows_is_sent_by_its_numbers_with_nothing_but_the_environment(
    run: Run, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    environment = {
        "PINTEREST_ACCESS_TOKEN": "pina_sandbox",
        "PINTEREST_AD_ACCOUNT_ID": "549755885175",
        "PINTEREST_API_BASE_URL": sandbox.api_base_url,
        "EXPORTS": str(tmp_path),
    }
    arguments = ["--from", "${EXPORTS}/people.csv", "--cursor", "id", "--audience", "VIPs", "--json"]
    for last, entered in ((12, 12), (29, 18)):
        people = range(1, last + 1)
        (tmp_path / "people.csv").write_text("\n".join(["id,email", *(f"{i},p{i}@example.com" for i in people), ""]))
        result = run(*arguments, environment=environment)
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["audiences"][0]["entered"] == entered
        assert sandbox.members("VIPs") == digests([f"p{i}@example.com" for i in people])
    assert not (tmp_path / "config.json").exists()
