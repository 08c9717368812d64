"""A dry run counts what a run would send, in whichever way an engine lets it, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.routing.plan import plan_streams
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.difference import table_rows
from pinterest_audiences.difference.counting import Counted, Trying, counted
from pinterest_audiences.difference.dialects import DUCKDB, Dialect
from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.dry_run import DryRun
from pinterest_audiences.sources.source import Selection
from unit_tests.support.examples import examples
from unit_tests.support.raises import raises

COLUMNS = ("email", "phone")
CONFIG = read_config(
    {
        "credentials": {"auth_method": "access_token", "access_token": "pina_x"},
        "ad_account_id": "5",
        "audience_name": "VIPs",
        "identity_columns": [{"column": "email", "identifier": "EMAIL"}, {"column": "phone", "identifier": "PHONE"}],
    }
)
STREAM = StreamDescription("people", {name: {"type": ["null", "string"]} for name in COLUMNS})
(PLAN,) = plan_streams(parse_catalog(msgspec.json.encode(STREAM.catalog())), CONFIG)
Row = tuple[str | None, str | None]
ROWS = st.tuples(
    st.sampled_from([None, "", "ada@example.com", " ADA@example.com", "bob@example.com", "ädä@exämple.com", "nobody"]),
    st.sampled_from([None, "", "+49 1512 3456789", "0" * 64, "c" * 64]),
)


class Server(DuckDBWarehouse):
    """A DuckDB that is compared like a server: `ways` is its dialect."""

    ways = DUCKDB

    @property
    def dialect(self) -> Dialect:
        return self.ways

    def comparison(self, *_: Any, **__: Any) -> None:  # type: ignore[override]
        return None


class WithTemporaryTables(Server):
    ways = replace(DUCKDB, is_exclusive=False, temporary="CREATE TEMPORARY TABLE")


class WithQueriesAlone(Server):
    ways = replace(DUCKDB, is_exclusive=False, parts="SELECT UNNEST(string_split({text}, ',')) AS identifier")


WAYS = (DuckDBWarehouse, WithTemporaryTables, WithQueriesAlone)
Count = Callable[..., Counted]


def trying(selection: Selection) -> Trying:
    return Trying("pins", selection, "VIPs", PLAN, CONFIG, batch_rows=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "people.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA pins")
        connection.execute("CREATE TABLE people (email VARCHAR, phone VARCHAR)")
    return path


def put(path: Path, rows: Sequence[Row]) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM people")
        if rows:
            connection.executemany("INSERT INTO people VALUES (?, ?)", rows)


def send(path: Path, known: dict[str, int]) -> None:
    """Puts down what was sent; 1 means that it is in doubt."""
    statements = Statements(DUCKDB, "pins", "people")
    with closing(DuckDBWarehouse.of_database(path)) as warehouse, warehouse.session() as session:
        for table in (statements.audiences, statements.sent, statements.changes):
            session.run(f"DROP TABLE IF EXISTS {table}")
        for statement in statements.creations():
            session.run(statement)
        session.run(statements.begin(), account="5", audience="VIPs")
        session.run(f"UPDATE {statements.audiences} SET epoch = 'e'")
        rows = [{"identifier": each, "doubt": doubt} for each, doubt in known.items()]
        into = f"INSERT INTO {statements.sent} (epoch, identifier, kind, doubt)"
        session.insert(f"{into} VALUES (:epoch, :identifier, :epoch, :doubt)", [{**row, "epoch": "e"} for row in rows])


def all_ways(path: Path, selection: Selection) -> Iterator[Counted]:
    """In a file that can't be written to."""
    for kind in WAYS:
        with closing(kind.of_database(path, writes=False)) as warehouse:
            yield counted(warehouse, trying(selection))


@example(
    rows=[("ada@example.com", "+49 1512 3456789"), ("ädä@exämple.com", None), ("nobody", None), (None, "c" * 64)],
    sent=[1, 3],
    doubtful=[2, 3],
)
@settings(max_examples=examples(5), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(ROWS, max_size=8),
    sent=st.lists(st.integers(0, 9), max_size=5),
    doubtful=st.lists(st.integers(0, 9), max_size=3),
)
def test_each_way_counts_who_would_join_and_leave(
    path: Path, rows: list[Row], sent: list[int], doubtful: list[int]
) -> None:
    expected = DryRun(STREAM, COLUMNS, CONFIG)
    mapper = expected._map
    expected.count(rows)
    identifiers = {each for row in rows for each in mapper(row).identifiers}
    candidates = [*sorted(identifiers), "ab" * 32, "@p" + "cd" * 32]
    known = {candidates[number % len(candidates)]: 0 for number in sent}
    known |= {candidates[number % len(candidates)]: 1 for number in doubtful}
    put(path, rows)
    send(path, known)
    sure = {identifier for identifier, doubt in known.items() if not doubt}
    for selection in (Selection(table="people"), Selection(query="SELECT * FROM people WHERE ':epoch' <> '' -- :x")):
        for found in all_ways(path, selection):
            assert found.everybody == len(identifiers)
            assert found.difference.known == len(known)
            assert found.difference.leaving == len(known.keys() - identifiers)
            assert found.difference.joining == len(identifiers - sure)
            assert (found.counts.rows, found.counts.usable) == (len(rows), expected.counts.usable)
            assert found.counts.not_synced == expected.counts.not_synced
            assert found.counts.identifiers_refused == expected.counts.identifiers_refused


def test_before_the_first_run_everybody_joins_though_there_are_no_tables_yet(path: Path) -> None:
    put(path, [("ada@example.com", None), ("ädä@exämple.com", None), ("ada@example.com", "+49 1512 3456789")])
    for found in all_ways(path, Selection(table="people")):
        assert (found.everybody, found.difference.joining, found.difference.leaving) == (3, 3, 0)
        assert found.kept.customer_list_id is None


def test_a_dry_run_compares_within_the_memory_of_a_run(path: Path) -> None:
    put(path, [("ada@example.com", None)])
    with closing(DuckDBWarehouse.of_database(path, writes=False)) as warehouse:
        counted(warehouse, trying(Selection(table="people")))
        with warehouse.session() as session:
            assert session.rows("SELECT current_setting('memory_limit')") == [("953.6 MiB",)]


def test_an_engine_that_judges_otherwise_is_not_counted_with(path: Path) -> None:
    class Upper(Server):
        ways = replace(WithTemporaryTables.ways, sha256="upper(sha256({x}))")

    with (
        closing(Upper.of_database(path, writes=False)) as warehouse,
        raises(Code.DIFFERENCE_JUDGED_OTHERWISE),
    ):
        counted(warehouse, trying(Selection(table="people")))


def test_more_than_a_query_can_hold_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path, [(None, f"+49 1512 345678{number}") for number in range(4)])
    monkeypatch.setattr(table_rows, "MOST_IN_A_QUERY", 3)
    with (
        closing(WithQueriesAlone.of_database(path, writes=False)) as warehouse,
        raises(Code.DIFFERENCE_TRIAL_TOO_LARGE),
    ):
        counted(warehouse, trying(Selection(table="people")))


def test_tables_of_a_later_version_are_refused_as_in_a_run(path: Path) -> None:
    send(path, {})
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE pins.pinterest_audience SET form = 99")
    with raises(Code.DIFFERENCE_OF_LATER_VERSION):
        next(all_ways(path, Selection(table="people")))
