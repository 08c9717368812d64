from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier
from pinterest_audiences.difference.dialects import DUCKDB
from pinterest_audiences.difference.sent_table import Fill, SentTable
from pinterest_audiences.difference.warehouse import Session
from unit_tests.support.raises import raises

Make = Callable[[], SentTable]
Stage = Callable[..., None]


def planned(session: Session, table: SentTable) -> list[tuple[str, str]]:
    leaving = table.statements
    session.run(leaving.plan_leavers(), epoch=table.epoch)
    count = len(table.between(session, 0, 100))
    session.run(leaving.plan_joiners(), epoch=table.epoch, leaving=count)
    return [(each.operation, each.identifier) for each in table.between(session, 0, 100)]


def sent(session: Session, table: SentTable) -> Sequence[tuple[str, int]]:
    found = session.rows(f"SELECT identifier, doubt FROM {table.statements.sent} ORDER BY identifier")
    return [(identifier, doubt) for identifier, doubt in found]


def filled(session: Session, table: SentTable, staged: Stage, *identifiers: str) -> None:
    table.take(session)
    table.begin_epoch(session, "11")
    staged(*identifiers)
    changes = planned(session, table)
    table.settle(session, len(changes), len(changes))


def test_what_was_accepted_is_what_was_sent(session: Session, table: Make, staged: Stage) -> None:
    run = table()
    filled(session, run, staged, "a", "b", "b")
    assert sent(session, run) == [("a", 0), ("b", 0)]


def test_who_is_gone_leaves_and_who_is_new_joins_once(session: Session, table: Make, staged: Stage) -> None:
    run = table()
    filled(session, run, staged, "a", "b")
    staged("b", "c", "c", "d")
    changes = planned(session, run)
    assert changes[0] == ("remove", "a")
    assert sorted(changes[1:]) == [("add", "c"), ("add", "d")]
    assert run.settle(session, 3, 3) == 3


def test_a_slice_that_was_not_accepted_is_in_doubt_and_sent_again(session: Session, table: Make, staged: Stage) -> None:
    run = table()
    filled(session, run, staged, "a", "b")
    staged("b", "c", "d")
    changes = planned(session, run)
    run.advance(session, 2, 1)  # and then it is killed
    run.release(session)
    after = table()
    assert after.take(session).customer_list_id == "11"
    in_doubt = changes[1][1]
    assert sent(session, after) == sorted([("b", 0), (in_doubt, 1)])
    assert sorted(planned(session, after)) == [("add", "c"), ("add", "d")]


def test_who_is_in_doubt_and_gone_from_the_table_is_removed(session: Session, table: Make, staged: Stage) -> None:
    run = table()
    filled(session, run, staged, "a")
    staged("a", "c")
    planned(session, run)
    run.advance(session, 1, 0)
    run.release(session)
    after = table()
    after.take(session)
    staged("a")
    assert planned(session, after) == [("remove", "c")]


def test_a_removal_that_is_in_doubt_is_sent_again_and_its_person_can_come_back(
    session: Session, table: Make, staged: Stage
) -> None:
    run = table()
    filled(session, run, staged, "a", "b")
    staged("b")
    planned(session, run)
    run.advance(session, 1, 0)
    run.release(session)
    after = table()
    after.take(session)
    assert sent(session, after) == [("a", 1), ("b", 0)]
    staged("a", "b")
    assert planned(session, after) == [("add", "a")]


def test_what_pinterest_was_not_told_is_no_part_of_what_was_sent(session: Session, table: Make, staged: Stage) -> None:
    run = table()
    filled(session, run, staged, "a")
    staged("b")
    assert planned(session, run) == [("remove", "a"), ("add", "b")]
    run.advance(session, 2, 2, left_out=[2])
    run.settle(session, 2, 2)
    assert sent(session, run) == []


def test_another_epoch_knows_nobody(session: Session, table: Make, staged: Stage) -> None:
    run = table()
    filled(session, run, staged, "a")
    run.begin_epoch(session, None)
    assert run.count(session) == 0
    assert sent(session, run) == []


def test_a_run_that_was_taken_over_writes_nothing_more(session: Session, table: Make, staged: Stage) -> None:
    run = table()
    filled(session, run, staged, "a")
    staged("a", "b")
    planned(session, run)
    table().take(session)  # DuckDB lets no second process in, so whoever is here may take over.
    with raises(Code.DIFFERENCE_TAKEN_OVER):
        run.advance(session, 1, 1)
    with raises(Code.DIFFERENCE_TAKEN_OVER):
        run.settle(session, 1, 1)
    assert sent(session, run) == [("a", 0)]


def test_the_fill_is_kept(session: Session, table: Make) -> None:
    run = table()
    run.take(session)
    run.keep_fill(session, Fill(200, {Identifier.EMAIL: 0.5}))
    run.release(session)
    assert table().take(session).fill == Fill(200, {Identifier.EMAIL: 0.5})


def test_tables_of_a_later_version_are_left_alone(session: Session, table: Make) -> None:
    run = table()
    run.take(session)
    session.run(f"UPDATE {run.statements.audiences} SET form = 2")
    with raises(Code.DIFFERENCE_OF_LATER_VERSION):
        table().take(session)


@pytest.mark.parametrize("created", [0, 1, 2, 3])
def test_a_run_that_was_killed_while_it_created_the_tables_is_gone_on_with(
    session: Session, table: Make, created: int
) -> None:
    for statement in table().statements.creations()[:created]:
        session.run(statement)
    assert table().take(session).customer_list_id is None


def test_identifiers_are_not_shown(session: Session, table: Make, staged: Stage) -> None:
    run = table()
    run.take(session)
    staged("a0b1c2")
    planned(session, run)
    (change,) = run.between(session, 0, 1)
    assert "a0b1c2" not in repr(change)


def test_more_rows_than_duckdb_keeps_together_are_all_found_again(session: Session, table: Make, staged: Stage) -> None:
    run = table()
    run.take(session)
    run.begin_epoch(session, None)
    staged()
    many = 130_000
    session.run(f"INSERT INTO {run.statements.staging} SELECT 'i' || range, 'EMAIL', NULL FROM range({many})")
    session.run(run.statements.plan_leavers(), epoch=run.epoch)
    session.run(run.statements.plan_joiners(), epoch=run.epoch, leaving=0)
    assert sum(row[-1] for row in session.rows(run.statements.count_changes(), epoch=run.epoch)) == many
    assert run.settle(session, many, many) == many
    session.run(f"DELETE FROM {run.statements.staging} WHERE identifier = 'i7'")
    assert planned(session, run) == [("remove", "i7")]


def shared(table: SentTable, sleep: Callable[[float], None]) -> SentTable:
    """A run in a database that several processes may have open."""
    statements = replace(table.statements, dialect=replace(DUCKDB, is_exclusive=False))
    return SentTable(table._warehouse, statements, "5", "VIPs", sleep=sleep)


def test_an_audience_at_which_another_run_is_alive_is_left_to_it(session: Session, table: Make) -> None:
    run = shared(table(), lambda _: None)
    run.take(session)

    def renewed(_: float) -> None:
        session.run(f"UPDATE {run.statements.audiences} SET leased_until = leased_until + 20")

    with raises(Code.DIFFERENCE_BUSY):
        shared(run, renewed).take(session)


def test_an_audience_whose_run_died_is_taken_over_once_its_lease_is_over(session: Session, table: Make) -> None:
    run = shared(table(), lambda _: None)
    run.take(session)

    def over(_: float) -> None:
        session.run(f"UPDATE {run.statements.audiences} SET leased_until = 1")

    shared(run, over).take(session)
    with raises(Code.DIFFERENCE_TAKEN_OVER):
        run.advance(session, 1, 0)


def test_what_a_database_says_of_a_failed_statement_is_not_shown(session: Session) -> None:
    with raises(Code.DIFFERENCE_STATEMENT_FAILED) as failure:
        session.run("SELECT CAST('ada@example.com' AS INTEGER)")
    assert "ada" not in str(failure.value)
