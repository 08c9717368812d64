"""Whatever the tables, and wherever runs are killed: one that ends leaves the audience equal to its table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.vocabulary import LetterCase
from integration_tests.property.budget import budget
from pinterest_audiences.difference.dialects import DUCKDB
from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse
from pinterest_audiences.difference.judging import Judgement
from pinterest_audiences.difference.sent_table import SentTable
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.warehouse import Session
from unit_tests.support.judged_values import VALUES, check

SLICE = 2
PEOPLE = st.sets(st.sampled_from("abcdefgh"))


@dataclass(frozen=True)
class Step:
    """A run: the table, after how many moments it is killed, and which requests in flight had arrived by then."""

    table: set[str]
    killed_after: int | None
    arrived: set[int] = field(default_factory=set)


STEPS = st.lists(
    st.builds(Step, PEOPLE, st.none() | st.integers(0, 9), st.sets(st.integers(1, 10))), min_size=1, max_size=5
)


class KilledError(Exception):
    pass


class Pinterest:
    """A customer list, and who kills the run that changes it."""

    def __init__(self) -> None:
        self.members: set[str] = set()
        self.moments: int | None = None

    def moment(self) -> None:
        if self.moments == 0:
            raise KilledError
        if self.moments is not None:
            self.moments -= 1


@pytest.fixture(scope="module")
def warehouse() -> Iterator[DuckDBWarehouse]:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA pins")
    opened = DuckDBWarehouse(connection, "duckdb")
    yield opened
    opened.close()


def run(session: Session, table: SentTable, step: Step, pinterest: Pinterest) -> None:
    """What a run does, with moments at which it may be killed."""
    pinterest.moments = step.killed_after
    kept = table.take(session)
    if kept.customer_list_id is None:
        table.begin_epoch(session, "11")
    statements = table.statements
    for statement in statements.stage_creation():
        session.run(statement)
    session.insert(statements.stage_identifier(), [{"identifier": each, "kind": "EMAIL"} for each in step.table])
    pinterest.moment()
    session.run(statements.plan_leavers(), epoch=table.epoch)
    pinterest.moment()
    leaving = sum(row[-1] for row in session.rows(statements.count_changes(), epoch=table.epoch))
    session.run(statements.plan_joiners(), epoch=table.epoch, leaving=leaving)
    last = sum(row[-1] for row in session.rows(statements.count_changes(), epoch=table.epoch))
    after = 0
    while after < last:
        until = min(after + SLICE, last)
        table.advance(session, until, after)
        send(session, table, (after, until), pinterest, step)
        after = until
    table.settle(session, last, last)


def send(session: Session, table: SentTable, between: tuple[int, int], pinterest: Pinterest, step: Step) -> None:
    changes = table.between(session, *between)
    try:
        pinterest.moment()
    except KilledError:
        changes = [change for change in changes if change.number in step.arrived]
        raise
    finally:
        for change in changes:
            if change.operation == "add":
                pinterest.members.add(change.identifier)
            else:
                pinterest.members.discard(change.identifier)


@budget(8)
@given(steps=STEPS)
def test_a_run_that_gets_to_its_end_leaves_the_audience_equal_to_the_table(
    warehouse: DuckDBWarehouse, steps: list[Step]
) -> None:
    statements = Statements(DUCKDB, "pins", "people", "1")
    make: Callable[[], SentTable] = lambda: SentTable(warehouse, statements, "5", "VIPs", sleep=lambda _: None)  # noqa: E731
    pinterest = Pinterest()
    with warehouse.session() as session:
        for table in (statements.audiences, statements.sent, statements.changes):
            session.run(f"DROP TABLE IF EXISTS {table}")
        for step in [*steps, Step(steps[-1].table, None)]:
            try:
                run(session, make(), step, pinterest)
            except KilledError:
                continue
            assert pinterest.members == step.table
            found = session.rows(f"SELECT identifier, doubt FROM {statements.sent}")
            assert {(identifier, doubt) for identifier, doubt in found} == {(each, 0) for each in step.table}


@budget(3)
@given(values=st.lists(st.none() | VALUES, min_size=1, max_size=40), case=st.sampled_from(LetterCase))
def test_what_duckdb_takes_the_mapper_takes_alike(
    warehouse: DuckDBWarehouse, values: list[str | None], case: LetterCase
) -> None:
    with warehouse.session() as session:
        session.run("CREATE OR REPLACE TABLE tried (place BIGINT, email VARCHAR)")
        rows = [{"place": place, "email": value} for place, value in enumerate(values)]
        session.insert("INSERT INTO tried (place, email) VALUES (:place, :email)", rows)

        def judge(one: Judgement) -> list[tuple[str, str | None]]:
            ways = Statements(DUCKDB, "pins", "tried")._ways([one], "tried", ["place"])
            found = session.rows(f"SELECT way_0, {one.sent('text_0', 'way_0')} FROM {ways} ORDER BY place")
            return [(way, sent) for way, sent in found]

        check(DUCKDB, judge, values, case)
