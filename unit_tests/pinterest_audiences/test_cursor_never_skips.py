"""Whatever comes in whatever order, and whenever a run is killed: every row that was ever there is sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

from unit_tests.support.cursor_runs import KINDS, Rows, Step, Written, never_sent, steps
from unit_tests.support.examples import examples

DUCKDB_TYPES = {
    "integer": "BIGINT",
    "decimal": "DECIMAL(18, 2)",
    "date": "DATE",
    "local": "TIMESTAMP",
    "moment": "TIMESTAMPTZ",
}


def csv(folder: Path, kind: str) -> Written:
    def write(rows: Rows) -> tuple[str, str]:
        path = folder / f"{kind}.csv"
        lines = [f"{number},{'' if value is None else value},p{number}@example.com" for number, value in rows]
        path.write_text("\n".join(["id,c,email", *lines, ""]))
        return str(path), kind

    return write


def in_duckdb(folder: Path, kind: str) -> Written:
    def write(rows: Rows) -> tuple[str, str]:
        path = folder / f"{kind}.duckdb"
        with duckdb.connect(str(path)) as database:
            database.execute(f"CREATE OR REPLACE TABLE t (id BIGINT, c {DUCKDB_TYPES[kind]})")
            if rows:
                database.executemany("INSERT INTO t VALUES (?, ?)", rows)
        return f"duckdb:///{path}", "t"

    return write


def in_sqlite(folder: Path, kind: str) -> Written:
    def write(rows: Rows) -> tuple[str, str]:
        path = folder / f"{kind}.sqlite"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("DROP TABLE IF EXISTS t")
            database.execute("CREATE TABLE t (id INTEGER, c)")
            values = [(number, value if value is None or kind == "integer" else str(value)) for number, value in rows]
            database.executemany("INSERT INTO t VALUES (?, ?)", values)
        return f"sqlite:///{path}", "t"

    return write


@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        *((csv, kind) for kind in KINDS),
        *((in_duckdb, kind) for kind in KINDS),
        *((in_sqlite, kind) for kind in ("integer", "date")),
    ],
)
@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=steps)
def test_every_row_is_sent_in_some_run(
    engine: Callable[[Path, str], Written], kind: str, history: list[Step], tmp_path: Path
) -> None:
    assert never_sent(engine(tmp_path, kind), kind, history) == set()
