"""A cursor of a database goes on only where its order is sure; a later run then misses nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.cursor_order import CursorOrder
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import RowBatch, Selection
from unit_tests.support.raises import raises


def seen(*values: Any, since: Any = None) -> CursorOrder:
    order = CursorOrder("c", since)
    list(order.checked([RowBatch([(value,) for value in values])], 0))
    return order


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (("2026-01-31", "2026-02-01"), "____-__-__"),
        (("2026-01-31 10:00", "2026-02-01 10:00"), "____-__-__ __:__"),
        (("2026-01-31T10:00:00", "2026-01-31T10:00:00.5"), "____-__-__T__:__:__%"),
        (("2026-01-31T10:00:00Z", "2026-01-31T10:00:01Z"), "____-__-__T__:__:__Z"),
        (("2026-01-31T10:00:00.123Z", "2026-01-31T10:00:01.124Z"), "____-__-__T__:__:__.___Z"),
        (("2026-01-31 10:00:00+02:00",), "____-__-__ __:__:__+02:00"),
        (("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"), "_" * 26),
        ((None, "2026-01-31"), "____-__-__"),
    ],
)
def test_texts_that_are_written_in_one_way_are_a_cursor(texts: tuple[str, ...], pattern: str) -> None:
    assert seen(*texts).pattern == pattern


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("9", "10"), "10 comes before 9"),
        (("01/02/2026",), "is sorted as text"),
        (("2026-13-01",), "is sorted as text"),
        (("",), "is sorted as text"),
        (("order-1",), "is sorted as text"),
        (("12345678901234567890",), "is sorted as text"),
        (("2026-01-31T10:00:00Z", "2026-01-31T10:00:00.5Z"), "not all written in one way"),
        (("2026-01-31T10:00:00+01:00", "2026-01-31T10:00:00+02:00"), "not all written in one way"),
        (("2026-01-31", "2026-01-31 10:00:00"), "not all written in one way"),
        ((1, "2026-01-31"), "of several types"),
        ((float("nan"),), "infinite or no number"),
        ((1.0, float("inf")), "infinite or no number"),
        ((b"x",), "of the type bytes"),
        ((True,), "of the type bool"),
    ],
)
def test_values_without_a_sure_order_are_refused_with_the_reason(values: tuple[Any, ...], said: str) -> None:
    with raises(Code.CURSOR_UNUSABLE, match=f"--cursor c: .*{said}"):
        seen(*values)


def test_whole_numbers_and_decimals_are_one_kind() -> None:
    assert seen(1, 1.5, since=2).pattern is None


def made(engine: str, path: Path, kind: str, values: list[Any]) -> str:
    """A database whose table t has the column c."""
    if engine == "duckdb":
        with duckdb.connect(str(path)) as database:
            database.execute(f"CREATE OR REPLACE TABLE t (c {kind})")
            database.executemany("INSERT INTO t VALUES (?)", [[value] for value in values])
    else:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("DROP TABLE IF EXISTS t")
            database.execute(f"CREATE TABLE t (c {kind})")
            database.executemany("INSERT INTO t VALUES (?)", [[value] for value in values])
    return f"{engine}:///{path}"


def read(address: str, since: Any) -> list[Any]:
    with closing(open_source(address)) as source:
        stream = source.open_rows(Selection(table="t", cursor="c", since=since), 10)
        return [row[0] for batch in stream.batches for row in batch.rows]


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_a_text_column_of_numbers_is_refused(engine: str, tmp_path: Path) -> None:
    with raises(Code.CURSOR_UNUSABLE, match="10 comes before 9"):
        read(made(engine, tmp_path / "x", "TEXT", ["9", "10"]), None)


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
@pytest.mark.parametrize("stray", ["01/02/2026", "", "1"])
def test_a_text_that_sorts_before_the_start_is_not_skipped_in_silence(engine: str, stray: str, tmp_path: Path) -> None:
    address = made(engine, tmp_path / "x", "TEXT", ["2026-01-30", "2026-01-31", stray])
    with raises(Code.CURSOR_UNUSABLE, match="not all written in one way"):
        read(address, "2026-01-31")
    assert read(made(engine, tmp_path / "x", "TEXT", ["2026-01-30", "2026-01-31"]), "2026-01-31") == ["2026-01-31"]


def test_numbers_and_texts_in_one_column_of_sqlite_are_refused(tmp_path: Path) -> None:
    with raises(Code.CURSOR_UNUSABLE, match="of several types"):
        read(made("sqlite", tmp_path / "x", "", [1, "2026-01-31"]), None)
    with raises(Code.CURSOR_UNUSABLE, match="not all written in one way"):
        read(made("sqlite", tmp_path / "x", "", [1, "2026-01-31"]), "2026-01-31")


@pytest.mark.parametrize(("kind", "value"), [("DOUBLE", "nan"), ("TIMESTAMP", "infinity"), ("DATE", "infinity")])
def test_an_endless_value_of_duckdb_is_refused(kind: str, value: str, tmp_path: Path) -> None:
    with raises(Code.CURSOR_UNUSABLE, match="infinite or no number"):
        read(made("duckdb", tmp_path / "x", kind, [value]), None)
