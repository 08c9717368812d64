from __future__ import annotations

import time
from collections.abc import Callable

from destination_pinterest.error_codes import Code
from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse
from pinterest_audiences.difference.pace import Heartbeat, Pace
from pinterest_audiences.difference.sent_table import SentTable
from pinterest_audiences.difference.warehouse import Session

Make = Callable[[], SentTable]
PATIENCE_S = 10.0


def noted(session: Session, table: SentTable) -> tuple[int, int, str | None]:
    found = session.rows(f"SELECT begun_to, done_to, customer_list_id FROM {table.statements.audiences}")
    begun, done, customer_list = found[0]
    return begun, done, customer_list


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_what_is_begun_is_noted_before_it_is_sent_and_what_is_accepted_with_the_next(
    session: Session, table: Make
) -> None:
    run = table()
    run.take(session)
    pace = Pace(run)
    pace.begin(session, 20)
    assert noted(session, run) == (20, 0, None)
    pace.accepted({"changes": 20})
    pace.found_list("11")
    pace.begin(session, 40)
    assert noted(session, run) == (40, 20, "11")


def test_what_pinterest_was_not_told_is_taken_out_once_it_is_behind(
    session: Session, table: Make, staged: Callable[..., None]
) -> None:
    run = table()
    run.take(session)
    run.begin_epoch(session, "11")
    staged("a", "b", "c")
    session.run(run.statements.plan_joiners(), epoch=run.epoch, leaving=0)
    pace = Pace(run)
    pace.begin(session, 3)
    pace.rejected({"line": 2, "reason": "needs_records_v2"})
    pace.note(session)
    assert [change.number for change in run.between(session, 0, 3)] == [1, 2, 3]
    pace.accepted({"changes": 3})
    pace.note(session)
    assert [change.number for change in run.between(session, 0, 3)] == [1, 3]


def test_the_heartbeat_notes_what_was_accepted_while_nothing_is_fed(
    warehouse: DuckDBWarehouse, session: Session, table: Make
) -> None:
    run = table()
    run.take(session)
    pace = Pace(run)
    with Heartbeat(warehouse, pace, every_s=0.01) as heartbeat:
        pace.begin(session, 20)
        pace.accepted({"changes": 20})
        until(lambda: noted(session, run) == (20, 20, None))
    assert heartbeat.failure is None


def test_the_heartbeat_tells_that_another_run_has_taken_over(
    warehouse: DuckDBWarehouse, session: Session, table: Make
) -> None:
    run = table()
    run.take(session)
    with Heartbeat(warehouse, Pace(run), every_s=0.01) as heartbeat:
        table().take(session)
        until(lambda: heartbeat.failure is not None)
    assert heartbeat.failure is not None
    assert heartbeat.failure.code is Code.DIFFERENCE_TAKEN_OVER
