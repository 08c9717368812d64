from __future__ import annotations

import threading
import time
from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.difference.dialects import DUCKDB
from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse
from pinterest_audiences.difference.stopping import stopping
from pinterest_audiences.difference.warehouse import Session
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.sources.source import Selection
from unit_tests.support.raises import raises


def test_a_requested_stop_ends_what_the_database_computes(warehouse: DuckDBWarehouse, session: Session) -> None:
    interruption = Interruption()
    later = threading.Timer(0.1, lambda: interruption.request(15))
    later.start()
    begun = time.monotonic()
    with stopping(warehouse, interruption), raises(Code.DIFFERENCE_STATEMENT_FAILED):
        session.run("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7")
    assert time.monotonic() - begun < 20
    later.join()


def test_a_file_that_is_open_elsewhere_or_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.duckdb").write_text("no database")
    with raises(Code.SOURCE_NOT_OPENED):
        DuckDBWarehouse.of_database(tmp_path / "text.duckdb")


def test_nothing_is_spilled_before_only_digests_are_compared(
    warehouse: DuckDBWarehouse, session: Session, path: Path
) -> None:
    setting = "SELECT current_setting('temp_directory')"
    assert session.rows(setting) == [("",)]
    session.lets_spill()
    assert session.rows(setting) == [(f"{path}.tmp",)]
    assert session.rows("SELECT current_setting('memory_limit')") == [("953.6 MiB",)]


def test_a_query_of_the_user_s_may_have_colons(warehouse: DuckDBWarehouse, session: Session) -> None:
    session.run("INSERT INTO people VALUES (1, 'a:b', NULL)")
    relation = warehouse.relation(Selection(query="SELECT email AS \"a:b\" FROM people WHERE email = 'a:b' -- :all"))
    assert list(session.stream(f"SELECT * FROM {relation}", 10)) == [[("a:b",)]]


def test_names_may_have_colons_quotation_marks_dots_and_percent_signs(
    warehouse: DuckDBWarehouse, session: Session
) -> None:
    name = 'the "e: :epoch 100 % of.it'
    session.run(f"CREATE TABLE {DUCKDB.quoted(name)} ({DUCKDB.quoted(name)} VARCHAR)")
    session.run(f"INSERT INTO {DUCKDB.quoted(name)} VALUES (:epoch)", epoch="e")
    relation = warehouse.relation(Selection(table=name))
    assert session.rows(f"SELECT {DUCKDB.quoted(name)} FROM {relation} WHERE :epoch = 'e'", epoch="e") == [("e",)]
    assert warehouse.columns(Selection(table=name)) == (name,)


def test_a_transaction_that_fails_changes_nothing(warehouse: DuckDBWarehouse, session: Session) -> None:
    with raises(Code.DIFFERENCE_STATEMENT_FAILED), session.transaction():
        session.run("INSERT INTO people VALUES (1, 'a', NULL)")
        session.run("SELECT nonsense")
    assert session.rows("SELECT count(*) FROM people") == [(0,)]


def test_many_rows_are_inserted_at_once(session: Session) -> None:
    rows = [{"id": number, "email": None if number else "a"} for number in range(3)]
    session.insert("INSERT INTO people (id, email) VALUES (:id, :email)", rows)
    session.insert("INSERT INTO people (id, email) VALUES (:id, :email)", [])
    assert session.rows("SELECT id, email FROM people ORDER BY id") == [(0, "a"), (1, None), (2, None)]
