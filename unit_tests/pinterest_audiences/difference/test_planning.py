"""A table whose digests do not fit into the memory is compared all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinterest_audiences.difference import duckdb_warehouse
from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse
from pinterest_audiences.difference.guard import Guard
from pinterest_audiences.difference.planning import planned
from pinterest_audiences.difference.table_rows import TableRows
from pinterest_audiences.sources.source import Selection
from unit_tests.pinterest_audiences.difference.conftest import Make
from unit_tests.pinterest_audiences.difference.test_table_rows import CONFIG, plan

PEOPLE = 200_000


@pytest.mark.parametrize("is_query", [False, True])
def test_what_does_not_fit_into_the_memory_is_spilled(
    warehouse: DuckDBWarehouse, table: Make, path: Path, monkeypatch: pytest.MonkeyPatch, *, is_query: bool
) -> None:
    monkeypatch.setattr(duckdb_warehouse, "COMPARING_MEMORY", "32MB")
    with warehouse.session() as session:
        session.run("SET threads = 2")  # Each takes memory of its own.
        run = table()
        run.take(session)
        run.begin_epoch(session, None)
        session.run(f"INSERT INTO people (id, email) SELECT range, 'p' || range || '@example.com' FROM range({PEOPLE})")
        selection = Selection(query="SELECT * FROM people") if is_query else Selection(table="people")
        rows = TableRows(
            run.statements,
            plan(),
            CONFIG,
            rejected=None,
            batch_rows=1_000,
            read=lambda _: None,
            comparison=warehouse.comparison(run.statements, selection),
        )
        guard = Guard("VIPs", plan().stream.key, CONFIG)
        found = planned(session, run, rows, plan=plan(), guard=guard, before=None)
        assert (found.difference.leaving, found.difference.joining) == (0, PEOPLE)
        assert Path(f"{path}.tmp").is_dir()
