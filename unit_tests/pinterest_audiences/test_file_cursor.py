"""A file's cursor is ordered by what its values are, though the file is in no order and is never sorted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.file_cursor import FileCursor
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Row, RowBatch, Selection
from unit_tests.support.raises import raises


def read(path: Path, *values: str, since: Any = None, batch_rows: int = 2) -> list[tuple[list[str], Any]]:
    """The cursor's texts of each batch with rows, and what is reached after it."""
    path.write_text("\n".join(["c,email", *(f'"{value}",p@example.com' for value in values), ""]))
    with closing(open_source(str(path))) as source:
        stream = source.open_rows(Selection(table=source.only_table, cursor="c", since=since), batch_rows)
        return [([row[0] for row in batch.rows], batch.reached) for batch in stream.batches if batch.rows]


def test_whole_numbers_are_ordered_as_numbers(tmp_path: Path) -> None:
    assert read(tmp_path / "x.csv", "9", "10", "11", since=9) == [(["9", "10"], 10), (["11"], 11)]


def test_what_is_reached_is_never_above_what_is_still_to_come(tmp_path: Path) -> None:
    assert read(tmp_path / "x.csv", "50", "7", "40", "8", "60") == [(["50", "7"], 8), (["40", "8"], 50), (["60"], 60)]


@pytest.mark.parametrize(
    ("values", "reached"),
    [
        (("1", "2.5"), Decimal("2.5")),
        (("-3", "+2"), 2),
        (("2026-01-31", "2026-02-01"), date(2026, 2, 1)),
        (("2026-01-31", "2026-01-31 10:00"), datetime(2026, 1, 31, 10)),  # noqa: DTZ001 - it has none
        (("2026-01-31T10:00:00+02:00", "2026-01-31 09:00:00Z"), datetime(2026, 1, 31, 9, tzinfo=UTC)),
        (("2026-01-31 10:00:00.5 UTC",), datetime(2026, 1, 31, 10, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_values_are_read_as_what_all_of_them_are(values: tuple[str, ...], reached: Any, tmp_path: Path) -> None:
    ((_, last),) = read(tmp_path / "x.csv", *values)
    assert last == reached
    assert type(last) is type(reached)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("12/30/2025", "01/01/2026"), "line 2 of .*x.csv has a date that can be read in two ways"),
        (("30.12.2025",), ".*can be read in two ways"),
        (("1", "2", "01/02/2026"), "line 4 of .*x.csv has a date"),
        (("vip",), "line 2 of .*x.csv has neither a number nor an ISO date or time"),
        (("1", "", "2", "1,500"), "line 5 of .*x.csv has none of the whole numbers"),
        (("2026-01-31 10:00", "2026-01-31T10:00Z"), ".*none of the ISO times without a zone"),
        (("2026-02-30",), ".*neither"),
        (("nan",), ".*neither"),
    ],
)
def test_values_of_no_sure_order_are_refused_with_their_line(
    values: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with raises(Code.CURSOR_UNUSABLE, match=f"--cursor c: {said}"):
        read(tmp_path / "x.csv", *values)


def test_rows_without_a_value_are_read_each_time(tmp_path: Path) -> None:
    assert read(tmp_path / "x.csv", "1", "", "2", since=2) == [([None], 2), (["2"], 2)]


def test_a_number_that_the_last_version_kept_as_text_starts_from_the_beginning(tmp_path: Path) -> None:
    """It sorted 12 before 2, so that a run that was stopped at 12 had not sent 2."""
    assert read(tmp_path / "x.csv", "2", "12", since="12") == [(["2", "12"], 12)]


def test_a_date_that_the_last_version_kept_as_text_is_gone_on_from(tmp_path: Path) -> None:
    read_on = read(tmp_path / "x.csv", "2026-01-30", "2026-01-31", since="2026-01-31")
    assert read_on == [(["2026-01-31"], date(2026, 1, 31))]
    with_time = read(tmp_path / "x.csv", "2026-01-30T09:00", "2026-01-31 08:00", since="2026-01-31 09:00")
    assert [rows for rows, _ in with_time] == [["2026-01-31 08:00"]]


def test_a_value_of_another_kind_than_the_last_run_kept_is_refused(tmp_path: Path) -> None:
    with raises(Code.CURSOR_UNUSABLE, match="none of the whole numbers"):
        read(tmp_path / "x.csv", "2026-01-31", since=4)


def versions(*contents: list[Row]) -> FileCursor:
    """A file that has another content each time that it is read."""
    left = iter(contents)

    def read_once(columns: Sequence[str], batch_rows: int) -> Iterator[RowBatch]:
        yield RowBatch([row[: len(columns)] for row in next(left)])

    return FileCursor(read_once, "x", "c")


def test_rows_that_are_added_while_a_file_is_read_come_with_the_next_run() -> None:
    cursor = versions([("5", "a")], [("5", "a"), ("1", "b")])
    assert [list(batch.rows) for batch in cursor.batches(["c", "email"], None, 10)] == [[("5", "a")]]


@pytest.mark.parametrize("later", [[], [("x", "a")]])
def test_a_file_that_shrinks_or_changes_its_kind_while_it_is_read_stops_the_run(later: list[Row]) -> None:
    with raises(Code.SOURCE_STOPPED, match="was changed while it was read"):
        list(versions([("5", "a")], later).batches(["c", "email"], None, 10))
