from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from destination_pinterest.membership.spooled_rows import ROWS, SpooledRows
from destination_pinterest.membership.workspace import Workspace

SELECT = "SELECT row, 0, 1, 2, row, row, row, row, 1, 2, 3, 4, NULL FROM batch"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path)
    yield workspace
    workspace.close()
    assert list(tmp_path.iterdir()) == []


def insert(rows: SpooledRows, first: int, count: int) -> None:
    rows.insert(SELECT, {"row": np.arange(first, first + count, dtype="<u8")})


def found(workspace: Workspace) -> list[int]:
    return sorted(row for (row,) in workspace.execute("SELECT row FROM spool"))


def files(workspace: Workspace) -> set[str]:
    return {path.name for path in workspace.folder.glob("rows.*")}


@pytest.mark.parametrize("most_in_memory", [0, 4, 5, 9, 10, 100])
def test_rows_are_there_once_they_have_settled_however_many_stay_in_memory(
    workspace: Workspace, most_in_memory: int
) -> None:
    rows = SpooledRows(workspace, most_in_memory)
    insert(rows, 0, 5)
    insert(rows, 5, 4)
    insert(rows, 9, 1)
    rows.settle()
    assert found(workspace) == list(range(10))
    assert bool(files(workspace)) is (most_in_memory < 10)
    workspace.execute(f"UPDATE {ROWS} SET kind = 7 WHERE row = 3")
    assert workspace.execute("SELECT row FROM spool WHERE kind = 7") == [(3,)]


def test_many_rows_are_written_without_waiting_for_the_end(workspace: Workspace) -> None:
    rows = SpooledRows(workspace, 10)
    for first in range(0, 600_000, 50_000):
        insert(rows, first, 50_000)
    assert workspace.number("SELECT count(*) FROM spool") >= 500_000
    rows.settle()
    assert workspace.number("SELECT count(DISTINCT row) FROM spool") == 600_000


def test_what_was_forgotten_leaves_neither_rows_nor_a_file_and_it_begins_anew(workspace: Workspace) -> None:
    rows = SpooledRows(workspace, 3)
    insert(rows, 0, 5)
    rows.clear()
    assert (found(workspace), files(workspace)) == ([], set())
    insert(rows, 7, 2)
    rows.settle()
    assert (found(workspace), files(workspace)) == ([7, 8], set())
    insert(rows, 9, 2)
    rows.settle()
    assert found(workspace) == [7, 8, 9, 10]
    assert "rows.duckdb" in files(workspace)
