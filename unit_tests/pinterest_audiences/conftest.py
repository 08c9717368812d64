from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Path:
    """Table `people`: 25 rows with a cursor that repeats and one row without; and a view, a schema, odd names."""
    path = tmp_path / "some people's.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            "CREATE TABLE people AS SELECT i AS id, 'person' || i || '@example.com' AS email, "
            "CASE WHEN i <> 7 THEN TIMESTAMP '2026-01-01' + to_days((i // 5)::INT) END AS updated_at "
            "FROM range(25) AS r(i)"
        )
        database.execute("CREATE VIEW adults AS SELECT * FROM people WHERE id > 17")
        database.execute('CREATE SCHEMA "my shop"; CREATE TABLE "my shop"."big ""spenders" AS SELECT 1 AS id')
    return path


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    """The same as a SQLite file, without the schema."""
    path = tmp_path / "some people's.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE people (id INTEGER, email TEXT, updated_at TEXT)")
        rows = [(i, f"person{i}@example.com", None if i == 7 else f"2026-01-{1 + i // 5:02d}") for i in range(25)]
        database.executemany("INSERT INTO people VALUES (?, ?, ?)", rows)
        database.execute("CREATE VIEW adults AS SELECT * FROM people WHERE id > 17")
        database.execute('CREATE TABLE "big ""spenders" AS SELECT 1 AS id')
    return path
