from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pinterest_audiences.difference.dialects import DUCKDB
from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse
from pinterest_audiences.difference.sent_table import SentTable
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.warehouse import Session

Make = Callable[[], SentTable]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "people.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA pins")
        connection.execute("CREATE TABLE people (id BIGINT, email VARCHAR, idfa VARCHAR)")
    return path


@pytest.fixture
def warehouse(path: Path) -> Iterator[DuckDBWarehouse]:
    opened = DuckDBWarehouse.of_database(path)
    yield opened
    opened.close()


@pytest.fixture
def session(warehouse: DuckDBWarehouse) -> Iterator[Session]:
    with warehouse.session() as session:
        yield session


@pytest.fixture
def statements() -> Statements:
    return Statements(DUCKDB, "pins", '"main"."people"', "1")


@pytest.fixture
def table(warehouse: DuckDBWarehouse, statements: Statements) -> Make:
    """What a further run sees."""

    def make() -> SentTable:
        return SentTable(warehouse, statements, "5", "VIPs", sleep=lambda _: None)

    return make


@pytest.fixture
def staged(session: Session, statements: Statements) -> Callable[..., None]:
    """Puts identifiers into the staging table, as if the user's table had them."""

    def stage(*identifiers: str) -> None:
        for statement in statements.stage_creation():
            session.run(statement)
        rows: list[dict[str, Any]] = [{"identifier": each, "kind": "EMAIL"} for each in identifiers]
        session.insert(statements.stage_identifier(), rows)

    return stage
