"""What comes into the staging table, and what is counted, is what the connector would make of the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.difference import table_rows
from pinterest_audiences.difference.comparison import Comparison
from pinterest_audiences.difference.dialects import DUCKDB, Dialect
from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.table_rows import RowCounts, TableRows
from pinterest_audiences.difference.warehouse import Session
from pinterest_audiences.dry_run import DryRun
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sources.source import Selection
from unit_tests.support.examples import examples
from unit_tests.support.raises import raises

COLUMNS = ("email", "idfa")
CONFIG = read_config(
    {
        "credentials": {"auth_method": "access_token", "access_token": "pina_x"},
        "ad_account_id": "5",
        "audience_name": "VIPs",
        "identity_columns": [{"column": "email", "identifier": "EMAIL"}, {"column": "idfa", "identifier": "IDFA"}],
    }
)
STREAM = StreamDescription("people", {name: {"type": ["null", "string"]} for name in COLUMNS})
UUID = "f7b3a5c1-8d2e-4f6a-9b0c-1d2e3f4a5b6c"
Row = tuple[str | None, str | None]
ADDRESSES = st.sampled_from(
    [
        *(None, "", "  ", "\t", "ada@example.com", " ADA@example.com", "ädä@exämple.com", "nobody", "a@b.test"),
        *("ada@example.com;bob@example.com", "0" * 64, "c" * 64),
    ]
)
IDS = st.sampled_from([None, "", UUID, UUID.upper(), f" {UUID}\n", "00000000-0000-0000-0000-000000000000", "x"])


def plan() -> StreamPlan:
    (found,) = plan_streams(parse_catalog(msgspec.json.encode(STREAM.catalog())), CONFIG)
    return found


def put(session: Session, rows: Sequence[Row]) -> None:
    session.run("DELETE FROM people")
    session.insert(
        "INSERT INTO people (email, idfa) VALUES (:email, :idfa)",
        [{"email": one, "idfa": other} for one, other in rows],
    )


def staged(session: Session, statements: Statements, read: Callable[[int], None] = lambda _: None) -> RowCounts:
    rows = TableRows(statements, plan(), CONFIG, rejected=None, batch_rows=3, read=read)
    return rows.stage(session)


@pytest.fixture(scope="module")
def memory() -> DuckDBWarehouse:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA pins")
    connection.execute("CREATE TABLE people (email VARCHAR, idfa VARCHAR)")
    return DuckDBWarehouse(connection, "duckdb")


@example(rows=[("ada@example.com", UUID), ("ädä@exämple.com", UUID), ("nobody", None), (None, ""), ("nobody", UUID)])
@settings(max_examples=examples(10), deadline=None)
@given(rows=st.lists(st.tuples(ADDRESSES, IDS), max_size=12))
def test_a_table_is_staged_and_counted_as_a_dry_run_counts_it(memory: DuckDBWarehouse, rows: list[Row]) -> None:
    with memory.session() as session:
        put(session, rows)
        statements = Statements(DUCKDB, "pins", "people", "1")
        counts = staged(session, statements)
        found = session.rows(f"SELECT DISTINCT identifier FROM {statements.staging} WHERE identifier IS NOT NULL")
    expected = DryRun(STREAM, COLUMNS, CONFIG)
    mapper = expected._map
    expected.count(rows)
    identifiers = {each for row in rows for each in mapper(row).identifiers}
    assert {identifier for (identifier,) in found} == identifiers
    assert (counts.rows, counts.usable) == (len(rows), expected.counts.usable)
    assert counts.not_synced == expected.counts.not_synced
    assert counts.identifiers_refused == expected.counts.identifiers_refused
    assert sum(counts.not_synced.values()) + counts.usable == counts.rows


def test_only_what_sql_can_t_judge_travels(memory: DuckDBWarehouse) -> None:
    with memory.session() as session:
        put(session, [("ada@example.com", None), ("", None), ("ädä@exämple.com", UUID)])
        assert staged(session, Statements(DUCKDB, "pins", "people", "1")).travelled == 1


def test_rejected_rows_are_written_down_blank_ones_too(memory: DuckDBWarehouse, tmp_path: Path) -> None:
    rejected = RejectedFile.create(tmp_path / "rejected.jsonl", has_values=False)
    with memory.session() as session:
        put(session, [("ada@example.com", None), (None, ""), ("nobody", None), ("ädä@exämple.com", "x")])
        statements = Statements(DUCKDB, "pins", "people", "1")
        rows = TableRows(statements, plan(), CONFIG, rejected=rejected, batch_rows=3, read=lambda _: None)
        counts = rows.stage(session)
    written = [json.loads(line) for line in (tmp_path / "rejected.jsonl").read_text().splitlines()]
    assert sorted((each["reason"], each["row_used"]) for each in written) == [
        ("invalid_advertising_id", True),
        ("invalid_email", False),
        ("no_identity", False),
    ]
    assert counts.not_synced == {"invalid_email": 1, "no_identity": 1}


def test_the_rows_of_a_query_are_staged(memory: DuckDBWarehouse) -> None:
    with memory.session() as session:
        put(session, [("ada@example.com", None), ("bob@example.com", None), ("ädä@exämple.com", UUID)])
        relation = memory.relation(Selection(query="SELECT * FROM people WHERE email NOT LIKE 'b%' -- :all"))
        counts = staged(session, Statements(DUCKDB, "pins", relation, "1"))
    assert (counts.rows, counts.usable, counts.travelled) == (2, 2, 1)


@example(rows=[("ada@example.com", UUID), ("ädä@exämple.com", UUID), ("nobody", None), ("ada@example.com", None)])
@settings(max_examples=examples(5), deadline=None)
@given(rows=st.lists(st.tuples(ADDRESSES, IDS), max_size=12))
def test_comparing_while_reading_counts_as_staging_does_and_finds_the_same_difference(
    memory: DuckDBWarehouse, rows: list[Row]
) -> None:
    statements = Statements(DUCKDB, "pins", "people", "1")
    sent = {"c" * 64, "ab" * 32}
    with memory.session() as session:
        for table in (statements.audiences, statements.sent, statements.changes):
            session.run(f"DROP TABLE IF EXISTS {table}")
        for statement in statements.creations():
            session.run(statement)
        session.run(f"INSERT INTO {statements.sent} SELECT 'e', unnest(:sent), 'EMAIL', 0", sent=sorted(sent))
        put(session, rows)
        expected = staged(session, statements)
        found = session.rows(f"SELECT DISTINCT identifier FROM {statements.staging} WHERE identifier IS NOT NULL")
        identifiers = {identifier for (identifier,) in found}
        for holds_nothing in (True, False):
            comparison = Comparison(statements, holds_nothing=holds_nothing)
            one = TableRows(
                statements, plan(), CONFIG, rejected=None, batch_rows=3, read=lambda _: None, comparison=comparison
            )
            counts = one.stage(session, "e")
            session.run(comparison.plan_leavers(), epoch="e")
            session.run(comparison.plan_joiners(), epoch="e", leaving=0)
            changes = session.rows(f"SELECT operation, identifier FROM {statements.changes}")
            session.run(statements.drop_changes(), epoch="e")
            leaving, joining = sent - identifiers, identifiers - sent
            assert sorted(changes) == sorted([("remove", n) for n in leaving] + [("add", n) for n in joining])
            for of in ("rows", "usable", "travelled", "not_synced", "identifiers_refused", "kinds"):
                assert getattr(counts, of) == getattr(expected, of), of


def test_a_table_is_compared_as_it_is_stored_but_neither_a_view_nor_a_query(memory: DuckDBWarehouse) -> None:
    with memory.session() as session:
        session.run("CREATE OR REPLACE VIEW sorted AS SELECT * FROM people ORDER BY email")
        session.run('CREATE OR REPLACE TABLE "a ""table" (email VARCHAR)')
    statements = Statements(DUCKDB, "pins", "people", "1")
    held = [
        memory.comparison(statements, selection).holds_nothing
        for selection in (
            Selection(table="people"),
            Selection(table='a "table'),
            Selection(table="sorted"),
            Selection(query="SELECT * FROM people"),
        )
    ]
    assert held == [True, True, False, False]


@pytest.fixture
def without_snapshots() -> Dialect:
    return replace(DUCKDB, is_exclusive=False, has_snapshot=False)


def test_without_snapshots_a_table_that_stands_still_is_read_as_it_is(
    memory: DuckDBWarehouse, without_snapshots: Dialect
) -> None:
    with memory.session() as session:
        put(session, [("ada@example.com", None), ("ädä@exämple.com", UUID), ("ädä@exämple.com", UUID)])
        counts = staged(session, Statements(without_snapshots, "pins", "people", "1"))
    assert (counts.usable, counts.travelled) == (3, 2)


def test_without_snapshots_a_table_that_never_stands_still_is_refused(
    memory: DuckDBWarehouse, without_snapshots: Dialect
) -> None:
    with memory.session() as session:
        put(session, [("ädä@exämple.com", None)])

        def another(_: int) -> None:
            session.run("INSERT INTO people VALUES ('ödö@exämple.com', NULL)")

        with raises(Code.DIFFERENCE_TABLE_CHANGES):
            staged(session, Statements(without_snapshots, "pins", "people", "1"), another)


def test_where_an_insert_of_one_row_takes_as_long_as_one_of_many_what_python_judges_is_staged_in_parts(
    memory: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_rows, "MOST_IN_A_QUERY", 2)
    dialect = replace(DUCKDB, parts="SELECT UNNEST(string_split({text}, ',')) AS identifier")
    with memory.session() as session:
        put(session, [*((f"ädä{n}@exämple.com", None) for n in range(3)), ("ödö@exämple.com", UUID), ("x", None)])
        found = []
        for each in (DUCKDB, dialect):
            statements = Statements(each, "pins", "people", "1")
            staged(session, statements)
            select = f"SELECT identifier, kind FROM {statements.staging} WHERE identifier IS NOT NULL ORDER BY ALL"
            found.append(session.rows(select))
    assert found[0] == found[1]
    assert len(found[0]) == 5
