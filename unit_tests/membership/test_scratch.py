from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from destination_pinterest.membership.scratch import Scratch
from destination_pinterest.membership.workspace import Workspace

LAST = (1 << 64) - 1
# Both ends of every digest, and what lies on the edges of two, three and five passes.
DIGESTS = sorted(
    {0, 1, LAST, *(LAST * n // d + more for d in (2, 3, 5) for n in range(1, d) for more in (-1, 0, 1, 2))}
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path)
    digests = np.array([*DIGESTS, *DIGESTS], dtype="<u8")
    workspace.execute("CREATE TABLE digests (t1 UBIGINT)")
    workspace.insert("INSERT INTO digests SELECT t1 FROM batch", {"t1": digests})
    yield workspace
    workspace.close()
    assert list(tmp_path.iterdir()) == []


TWICE = "SELECT t1, count(*) AS times FROM digests WHERE in_pass(t1) GROUP BY t1"


def files(workspace: Workspace) -> set[str]:
    return {path.name for path in workspace.folder.glob("made.*")}


@pytest.mark.parametrize("passes", [1, 2, 3, 5, 40])
def test_every_row_is_looked_at_in_one_pass_and_with_those_of_its_digest(workspace: Workspace, passes: int) -> None:
    made = Scratch(workspace, "made", at_once=10)
    made.begin(10 * passes)
    made.create("counted", TWICE, f"SELECT {10 * passes}")
    found = workspace.execute("SELECT t1, times FROM made.counted ORDER BY t1")
    assert found == [(digest, 2) for digest in DIGESTS]
    assert bool(files(workspace)) is (passes > 1)


def test_tables_are_made_anew_and_their_file_is_gone_once_there_is_little(workspace: Workspace) -> None:
    made = Scratch(workspace, "made", at_once=10)
    for rows, has_file in [(0, False), (11, True), (25, True), (10, False), (9, False), (11, True)]:
        made.begin(rows)
        made.create("counted", TWICE, f"SELECT {rows}")
        assert workspace.number("SELECT sum(times) FROM made.counted") == 2 * len(DIGESTS)
        made.create("counted", "SELECT 7 AS times", "SELECT 0")
        assert workspace.execute("SELECT times FROM made.counted") == [(7,)]
        assert ("made.duckdb" in files(workspace)) is has_file


def test_only_what_joins_with_too_much_takes_more_than_a_pass(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Scratch(workspace, "made", at_once=10)
    made.begin(100)
    ran: list[str] = []
    execute = workspace.execute

    def record(statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        ran.append(statement)
        return execute(statement, parameters)

    monkeypatch.setattr(workspace, "execute", record)
    for rows, passes in [(0, 1), (10, 1), (11, 2), (20, 2), (21, 3)]:
        ran.clear()
        assert made.takes_passes(f"SELECT {rows}") is (passes > 1)
        made.create("found", "SELECT d.t1 FROM digests d WHERE in_pass(d.t1)", f"SELECT {rows}")
        assert len({statement for statement in ran if "digests" in statement}) == passes
        assert workspace.number("SELECT count(*) FROM made.found") == 2 * len(DIGESTS)


def test_a_view_is_of_the_query_or_of_a_table_if_that_takes_passes(workspace: Workspace) -> None:
    made = Scratch(workspace, "made", at_once=10)
    tables = "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'made'"
    for rows, has_table in [(11, 1), (10, 0), (5, 0), (30, 1)]:
        made.begin(rows)
        made.see("counted", TWICE, f"SELECT {rows}")
        assert workspace.number(tables) == has_table
        assert workspace.execute("SELECT t1, times FROM counted ORDER BY t1") == [(digest, 2) for digest in DIGESTS]


def test_little_is_not_even_counted(workspace: Workspace) -> None:
    made = Scratch(workspace, "made", at_once=10)
    made.begin(10)
    assert not made.takes_passes("no query at all")
