"""MySQL's and MariaDB's side of `--from`, against a server: what is read, what is said, and what is not."""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from demo.sandbox_process import RunningSandbox
from destination_pinterest.error_codes import Code
from integration_tests.cli.mariadb import mariadb
from integration_tests.cli.programs import Run
from pinterest_audiences.cursor_state import cursor_state, cursor_value
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Selection, Source
from unit_tests.support.cursor_runs import Rows, Step, never_sent
from unit_tests.support.raises import raises

ROWS = 3_000


def connected(address: str) -> pymysql.Connection[Any]:
    url = sa.make_url(address)
    return pymysql.connect(
        host=url.host, port=url.port or 0, user=url.username, password=str(url.password), autocommit=True
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with mariadb() as address:
        yield address


@pytest.fixture(scope="module")
def database(server: str) -> str:
    with closing(connected(server)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
        cursor.execute(
            "CREATE TABLE shop.`our customers` (id BIGINT PRIMARY KEY, email VARCHAR(200), spent DECIMAL(12,2), "
            "born DATE, seen TIMESTAMP(6) NULL, booked DATETIME NULL, rate DOUBLE, share FLOAT, raw VARBINARY(9))"
        )
        cursor.execute("USE shop")
        cursor.execute("INSERT INTO `our customers` (id) SELECT seq FROM seq_0_to_2999")
        cursor.execute(
            "UPDATE shop.`our customers` SET email = CONCAT('person', id, '@example.com'), spent = id * 1.1, "
            "born = DATE '2000-01-01' + INTERVAL id % 900 DAY, "
            "seen = TIMESTAMP '2026-10-24 20:00:00.000001' + INTERVAL id MINUTE, "
            "booked = TIMESTAMP '2026-01-01 00:00:00' + INTERVAL id SECOND, rate = id / 7, "
            "share = id / 7, raw = X'00ff'"
        )
        cursor.execute("CREATE USER reader@'%' IDENTIFIED BY 'canary'")
        cursor.execute("CREATE USER reader@localhost IDENTIFIED BY 'canary'")
        cursor.execute("CREATE TABLE shop.secrets (email VARCHAR(200))")
        for host in ("'%'", "localhost"):
            cursor.execute(f"GRANT SELECT ON shop.`our customers` TO reader@{host}")
    return f"{server}/shop"


def rows_of(source: Source, selection: Selection) -> list[Sequence[Any]]:
    return [row for batch in source.open_rows(selection, 500).batches for row in batch.rows]


def test_a_table_of_mariadb_becomes_an_audience(
    run: Run, database: str, sandbox: RunningSandbox, sandbox_config: Path
) -> None:
    arguments = ["--from", database, "--table", "our customers", "--audience", "VIPs", "--config", sandbox_config]
    result = run(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["audiences"][0]["entered"] == ROWS
    people = {hashlib.sha256(f"person{number}@example.com".encode()).hexdigest() for number in range(ROWS)}
    assert sandbox.members("VIPs") == people


@pytest.mark.parametrize("cursor", ["id", "spent", "born", "seen", "booked", "rate", "share"])
def test_mariadb_is_read_on_from_a_cursor_of_any_type(cursor: str, database: str) -> None:
    columns = ("id", cursor) if cursor != "id" else ("id",)
    with closing(open_source(database)) as source:
        rows = rows_of(source, Selection(table="our customers", columns=columns, cursor=cursor))
        since = cursor_value(json.loads(json.dumps(cursor_state(cursor, rows[ROWS // 2][-1]))))
        again = rows_of(source, Selection(table="our customers", columns=columns, cursor=cursor, since=since))
    expected = {row[0] for row in rows[ROWS // 2 :]}
    assert len(rows) == ROWS
    assert expected <= {row[0] for row in again}
    assert len(again) < len(expected) + 20


def test_timestamps_are_read_in_utc_wherever_the_server_is(database: str) -> None:
    with closing(open_source(database)) as source:
        ((zone,),) = rows_of(source, Selection(query="SELECT @@session.time_zone AS zone"))
    assert zone == "+00:00"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELEC 1", "SQL syntax"),
        ("SELECT emial FROM `our customers`", "Unknown column 'emial'"),
        ("SELECT 1 FROM custommers", "'shop.custommers' doesn't exist"),
        ("SELECT emial(1)", "emial does not exist"),
    ],
)
def test_a_mistake_in_a_query_is_answered_in_mariadb_s_words(query: str, said: str, database: str) -> None:
    with closing(open_source(database)) as source, raises(Code.QUERY_REFUSED, match=f"refuses the query: .*{said}"):
        source.open_rows(Selection(query=query), 10)


def test_a_missing_right_is_answered_in_mariadb_s_words(database: str) -> None:
    address = database.replace("root:secret", "reader:canary")
    with closing(open_source(address)) as source, raises(Code.QUERY_REFUSED, match="command denied to user") as error:
        source.open_rows(Selection(query="SELECT * FROM secrets"), 10)
    assert "canary" not in str(error.value)
    with raises(Code.SOURCE_NOT_OPENED, match="Access denied for user 'reader'") as error:
        open_source(address.replace("canary", "canari"))
    assert "canari" not in str(error.value)


def test_a_table_that_mariadb_has_not_is_answered_with_the_one_that_it_has(database: str) -> None:
    with (
        closing(open_source(database)) as source,
        raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="did you mean 'our customers'"),
    ):
        source.open_rows(Selection(table="our custommers"), 10)


@pytest.mark.parametrize(
    "expression",
    [
        "ExtractValue('<a/>', CONCAT(email, '('))",
        "JSON_EXTRACT('{}', email)",
        "email REGEXP CONCAT(email, '(')",
        "(SELECT CONCAT(email, x.id) FROM (SELECT 1 AS id UNION SELECT 2) x)",
    ],
)
@pytest.mark.parametrize("cursor", [None, "one"])
def test_an_error_of_mariadb_does_not_quote_the_value_that_caused_it(
    expression: str, cursor: str | None, database: str
) -> None:
    query = f"SELECT {expression} AS x, 1 AS one FROM `our customers`"
    with closing(open_source(database)) as source:
        try:
            rows_of(source, Selection(query=query, cursor=cursor))
        except Exception as error:  # noqa: BLE001 - some of them MariaDB takes
            assert re.search("person|example", str(error), re.IGNORECASE) is None  # noqa: PT017


def test_mariadb_can_not_be_written_to(database: str) -> None:
    with closing(open_source(database)) as source, raises(Code.SOURCE_STOPPED):
        rows_of(source, Selection(query="DELETE FROM `our customers`"))
    with closing(open_source(database)) as source:
        assert source.count(Selection(table="our customers")) == ROWS


def test_a_long_count_is_given_up_and_reading_goes_on(database: str) -> None:
    with closing(connected(database)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE VIEW shop.endless AS SELECT id FROM shop.`our customers` WHERE SLEEP(1) = 0")
    began = time.monotonic()
    with closing(open_source(database)) as source:
        assert source.count(Selection(table="endless")) is None
        assert rows_of(source, Selection(query="SELECT 1 AS one")) == [(1,)]
    assert time.monotonic() - began < 10


def test_a_read_of_mariadb_that_is_left_early_is_not_read_to_its_end(database: str) -> None:
    query = "SELECT a.id, SLEEP(0.001) AS nap FROM `our customers` a JOIN `our customers` b"
    source = open_source(database)
    assert next(source.open_rows(Selection(query=query), 10).batches).rows
    began = time.monotonic()
    source.close()
    assert time.monotonic() - began < 5


def test_an_interrupted_read_of_mariadb_fails(database: str) -> None:
    with closing(open_source(database)) as source:
        threading.Timer(0.3, source.interrupt).start()
        with raises(Code.SOURCE_STOPPED):
            rows_of(source, Selection(query="SELECT id, SLEEP(1) AS nap FROM `our customers`"))


@pytest.mark.parametrize("kind", ["integer", "decimal", "date", "local"])
def test_a_cursor_of_mariadb_never_skips_a_row(kind: str, database: str) -> None:
    types = {"integer": "BIGINT", "decimal": "DECIMAL(18, 2)", "date": "DATE", "local": "TIMESTAMP(6) NULL"}
    with closing(connected(database)) as connection, connection.cursor() as cursor:

        def write(rows: Rows) -> tuple[str, str]:
            cursor.execute(f"CREATE OR REPLACE TABLE shop.growing (id BIGINT, c {types[kind]})")
            cursor.execute("SET time_zone = '+00:00'")
            cursor.executemany("INSERT INTO shop.growing VALUES (%s, %s)", rows)
            return database, "growing"

        chance = random.Random(kind)
        for _ in range(6):
            history = [
                Step(
                    new=[chance.choice([0, 0, 1, 5, None]) for _ in range(chance.randint(1, 7))],
                    order=chance.randint(0, 30),
                    batch_rows=chance.randint(1, 4),
                    killed_after=chance.choice([None, 0, 1, 2]),
                    lookback=chance.choice([None, "3"]),
                )
                for _ in range(3)
            ]
            assert never_sent(write, kind, history) == set(), history
