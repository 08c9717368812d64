"""Whatever the tables, and wherever runs are killed: one that ends leaves the audience equal to its table."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.vocabulary import LetterCase
from integration_tests.property.budget import budget
from pinterest_audiences.difference.comparison import Comparison
from pinterest_audiences.difference.dialects import DUCKDB
from pinterest_audiences.difference.duckdb_warehouse import DuckDBSession, DuckDBWarehouse
from pinterest_audiences.difference.judging import Judgement
from pinterest_audiences.difference.sent_table import SentTable
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.warehouse import Session
from unit_tests.support.judged_values import VALUES, check

SLICE = 2
PEOPLE = st.sets(st.sampled_from("abcdefgh"))


@dataclass(frozen=True)
class Step:
    """A run.

    Args:
        table: whom the table has.
        killed_after: after how many moments it is killed, if it is.
        arrived: which changes in flight had arrived by then.
        left_out: whom the connector does not send, and says so.
        odd: whom only Python can judge.
    """

    table: set[str]
    killed_after: int | None
    arrived: set[int] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)


STEPS = st.lists(
    st.builds(Step, PEOPLE, st.none() | st.integers(0, 60), st.sets(st.integers(1, 10)), PEOPLE, PEOPLE),
    min_size=1,
    max_size=5,
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


class KillableSession(DuckDBSession):
    """A run may be killed before each statement; without transactions, each counts for itself."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, pinterest: Pinterest, *, has_transactions: bool) -> None:
        super().__init__(cursor, threading.RLock(), None)
        self._pinterest = pinterest
        self._has_transactions = has_transactions

    def transaction(self, *, is_snapshot: bool = False) -> AbstractContextManager[None]:
        return super().transaction(is_snapshot=is_snapshot) if self._has_transactions else nullcontext()

    def rows(self, statement: str, **values: Any) -> Sequence[Sequence[Any]]:
        self._pinterest.moment()
        return super().rows(statement, **values)


def run(session: Session, table: SentTable, step: Step, pinterest: Pinterest, *, at_once: bool) -> None:
    """What a run does, with moments at which it may be killed."""
    pinterest.moments = step.killed_after
    kept = table.take(session)
    if kept.customer_list_id is None:
        table.begin_epoch(session, "11")
    statements = table.statements
    comparison = Comparison(statements, holds_nothing=False)
    stage(session, statements, step.table - step.odd)
    if at_once:
        session.run(comparison.of_staging(), epoch=table.epoch)
        stage(session, statements, set())
    session.insert(statements.stage_identifier(), as_rows(step.table & step.odd))
    statements_of_plan = comparison if at_once else statements
    session.run(statements_of_plan.plan_leavers(), epoch=table.epoch)
    leaving = sum(row[-1] for row in session.rows(statements.count_changes(), epoch=table.epoch))
    session.run(statements_of_plan.plan_joiners(), epoch=table.epoch, leaving=leaving)
    last = sum(row[-1] for row in session.rows(statements.count_changes(), epoch=table.epoch))
    after = 0
    untold: list[int] = []
    while after < last:
        until = min(after + SLICE, last)
        table.advance(session, until, after, untold)
        untold = send(session, table, (after, until), pinterest, step)
        after = until
    table.advance(session, last, last, untold)
    table.settle(session, last, last)


def stage(session: Session, statements: Statements, people: set[str]) -> None:
    for statement in statements.stage_creation():
        session.run(statement)
    session.insert(statements.stage_identifier(), as_rows(people))


def as_rows(people: set[str]) -> list[dict[str, Any]]:
    return [{"identifier": each, "kind": "EMAIL"} for each in people]


def send(session: Session, table: SentTable, between: tuple[int, int], pinterest: Pinterest, step: Step) -> list[int]:
    """Sends changes; returns those that were left out."""
    all_changes = table.between(session, *between)
    changes = [change for change in all_changes if change.identifier not in step.left_out]
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
    return [change.number for change in all_changes if change.identifier in step.left_out]


@budget(8)
@given(steps=STEPS, at_once=st.booleans(), has_transactions=st.booleans())
def test_a_run_that_gets_to_its_end_leaves_the_audience_equal_to_the_table(
    warehouse: DuckDBWarehouse, steps: list[Step], *, at_once: bool, has_transactions: bool
) -> None:
    statements = Statements(DUCKDB, "pins", "people", "1")
    make: Callable[[], SentTable] = lambda: SentTable(warehouse, statements, "5", "VIPs", sleep=lambda _: None)  # noqa: E731
    pinterest = Pinterest()
    with warehouse.session() as session:
        for table in (statements.audiences, statements.sent, statements.changes):
            session.run(f"DROP TABLE IF EXISTS {table}")
        for step in [*steps, Step(steps[-1].table, None)]:
            runs = KillableSession(warehouse._connection.cursor(), pinterest, has_transactions=has_transactions)
            try:
                with closing(runs):
                    run(runs, make(), step, pinterest, at_once=at_once)
            except KilledError:
                continue
            found = session.rows(f"SELECT identifier, doubt FROM {statements.sent}")
            known = {identifier for identifier, doubt in found if not doubt}
            assert pinterest.members - step.left_out == step.table - step.left_out == known - step.left_out
            assert known <= pinterest.members <= {identifier for identifier, _ in found}
            assert step.left_out or len(known) == len(found)


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
