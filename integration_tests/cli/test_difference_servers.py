"""The difference in real servers: what SQL takes is what the mapper takes, and the audience is the table."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from demo.sandbox_process import RunningSandbox
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import LetterCase
from integration_tests.cli.mariadb import mariadb
from integration_tests.cli.postgresql import postgresql
from integration_tests.cli.programs import PROGRAM, Run
from pinterest_audiences.difference.judging import Judgement
from pinterest_audiences.difference.sent_table import SentTable
from pinterest_audiences.difference.sqlalchemy_warehouse import SQLAlchemySession, SQLAlchemyWarehouse
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.trust import HARD_VALUES
from pinterest_audiences.sources.source import Selection
from unit_tests.support.examples import examples
from unit_tests.support.judged_values import VALUES, check
from unit_tests.support.raises import raises

PEOPLE = 3_000


def digests(engine: sa.Engine) -> set[str]:
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT email FROM people WHERE email LIKE '%@%'")).scalars().all()
    plain = (each.strip().lower().replace("exämple", "xn--exmple-cua") for each in found)
    return {hashlib.sha256(each.encode()).hexdigest() for each in plain}


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with a schema for what was sent."""
    with postgresql() if request.param == "postgresql" else mariadb() as server:
        admin = sa.create_engine(
            f"{server}/postgres".replace("postgresql:", "postgresql+psycopg:")
            if request.param == "postgresql"
            else f"{server}/mysql".replace("mysql:", "mysql+pymysql:"),
            isolation_level="AUTOCOMMIT",
        )
        with admin.connect() as connection:
            connection.execute(sa.text("CREATE DATABASE shop"))
            if request.param == "mariadb":
                connection.execute(sa.text("CREATE DATABASE pins"))
                connection.execute(sa.text("ALTER DATABASE shop CHARACTER SET utf8mb4"))
        admin.dispose()
        if request.param == "postgresql":
            with engine_of(f"{server}/shop").begin() as connection:
                connection.execute(sa.text("CREATE SCHEMA pins"))
        yield f"{server}/shop"


def engine_of(address: str) -> sa.Engine:
    driver = address.replace("postgresql:", "postgresql+psycopg:").replace("mysql:", "mysql+pymysql:")
    return sa.create_engine(driver, poolclass=sa.NullPool)


@pytest.fixture
def engine(address: str) -> sa.Engine:
    """Has a table of people, and nothing that was sent."""
    engine = engine_of(address)
    with engine.begin() as connection:
        for table in ("pins.pinterest_audience", "pins.pinterest_sent", "pins.pinterest_change", "people"):
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
        connection.execute(sa.text("CREATE TABLE people (id INT, email VARCHAR(200))"))
        rows = [{"id": i, "email": f"P{i}@example.com"} for i in range(PEOPLE)]
        rows += [{"id": 9000, "email": " ada@exämple.com"}, {"id": 9001, "email": None}, {"id": 9002, "email": "x"}]
        connection.execute(sa.text("INSERT INTO people VALUES (:id, :email)"), rows)
    return engine


def change(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.fixture
def arguments(address: str, sandbox_config: Path) -> list[str]:
    return [
        *("--from", address, "--table", "people", "--audience", "VIPs", "--config", str(sandbox_config)),
        *("--difference", "warehouse", "--difference-schema", "pins", "--json"),
    ]


def report(run: Run, arguments: list[str]) -> dict[str, Any]:
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)["audiences"][0]
    return found


@pytest.fixture(scope="module")
def session(address: str) -> Iterator[SQLAlchemySession]:
    with closing(SQLAlchemyWarehouse.of_url(address)) as warehouse, warehouse.session() as session:
        yield session


@example(values=[*HARD_VALUES, None], case=LetterCase.LOWER)
@settings(max_examples=examples(8), deadline=None, suppress_health_check=list(HealthCheck))
@given(values=st.lists(st.none() | VALUES, min_size=1, max_size=40), case=st.sampled_from(LetterCase))
def test_what_a_server_takes_the_mapper_takes_alike(
    session: SQLAlchemySession, address: str, values: list[str | None], case: LetterCase
) -> None:
    dialect = session._dialect
    kept = [None if value is None else value.replace("\x00", "") for value in values]
    session.run("DROP TABLE IF EXISTS tried")
    session.run("CREATE TABLE tried (place INT, email VARCHAR(300))")
    session.insert(
        "INSERT INTO tried VALUES (:place, :email)",
        [{"place": place, "email": value} for place, value in enumerate(kept)],
    )

    def judge(one: Judgement) -> list[tuple[str, str | None]]:
        statement = f"SELECT way_0, {one.sent('text_0', 'way_0')} FROM {ways_of(one)} ORDER BY place"
        return [(way, sent) for way, sent in session.rows(statement)]

    def ways_of(one: Judgement) -> str:
        return Statements(dialect, "pins", "tried")._ways([one], "tried", ["place"])

    check(dialect, judge, kept, case)


def test_an_audience_of_a_server_is_the_table_after_a_kill_and_after_two_runs_at_once(
    run: Run, arguments: list[str], engine: sa.Engine, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    is_postgresql = engine.dialect.name == "postgresql"
    if is_postgresql:  # One server is enough for what is not the server's.
        killed(arguments, tmp_path)
        change(engine, "UPDATE pins.pinterest_audience SET leased_until = 1")
    change(engine, "DELETE FROM people WHERE id BETWEEN 100 AND 199")
    first = report(run, arguments)
    assert (first["entered"], first["synced"]) == (PEOPLE - 97, PEOPLE - 99)
    assert first["not_synced"] == {"invalid_email": 1, "no_identity": 1}
    assert sandbox.members("VIPs") == digests(engine)
    assert len(sandbox.customer_lists()) == 1  # What was killed is gone on with.
    change(engine, "DELETE FROM people WHERE id < 10", "INSERT INTO people VALUES (9003, 'new@example.com')")
    results = at_once(run, arguments, 2 if is_postgresql else 1)
    assert min(result.returncode for result in results) == 0
    assert all(Code.DIFFERENCE_BUSY in result.stderr for result in results if result.returncode)
    audiences = [json.loads(result.stdout)["audiences"][0] for result in results if not result.returncode]
    assert sum(each["identifiers_added"] for each in audiences) == 1
    assert sum(each["identifiers_removed"] for each in audiences) == 10
    assert sandbox.members("VIPs") == digests(engine)


def killed(arguments: list[str], folder: Path) -> None:
    """Starts a run and kills it while it sends."""
    process = subprocess.Popen(
        [*PROGRAM, "sync", *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    until = time.monotonic() + 60
    while "goes to the audience" not in process.stderr.readline():
        assert time.monotonic() < until
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def at_once(run: Run, arguments: list[str], runs: int) -> list[Any]:
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(run(*arguments))) for _ in range(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_without_the_right_to_create_tables_or_when_the_server_goes_away_nothing_is_sent(
    address: str, engine: sa.Engine
) -> None:
    if "mysql" in address:
        password = sa.make_url(address).password
        change(engine, f"CREATE OR REPLACE USER poor@localhost IDENTIFIED BY '{password}'")
        change(engine, "GRANT SELECT ON *.* TO poor@localhost")
    else:
        change(engine, "DROP ROLE IF EXISTS poor", "CREATE ROLE poor LOGIN", "GRANT USAGE ON SCHEMA pins TO poor")
        change(engine, "GRANT SELECT ON people TO poor")
    poor = sa.make_url(address).set(username="poor").render_as_string(hide_password=False)
    with closing(SQLAlchemyWarehouse.of_url(poor)) as warehouse, warehouse.session() as session:
        statements = Statements(warehouse.dialect, "pins", "people", "1")
        table = SentTable(warehouse, statements, "5", "VIPs", sleep=time.sleep)
        with raises(Code.DIFFERENCE_SCHEMA_UNUSABLE):
            table.take(session)
        ends = "KILL :id" if "mysql" in address else "SELECT pg_terminate_backend(:id)"
        (number,) = session.rows("SELECT connection_id()" if "mysql" in address else "SELECT pg_backend_pid()")[0]
        with engine.connect() as connection:
            connection.execute(sa.text(ends), {"id": number})
        with raises(Code.DIFFERENCE_STATEMENT_FAILED):
            session.run("SELECT 1")


def test_a_dry_run_that_may_not_read_what_was_sent_does_not_take_it_for_a_first_one(
    run: Run, arguments: list[str], address: str, engine: sa.Engine
) -> None:
    report(run, arguments)
    if "mysql" in address:
        password = sa.make_url(address).password
        change(engine, f"CREATE OR REPLACE USER blind@localhost IDENTIFIED BY '{password}'")
        change(engine, "GRANT SELECT, CREATE TEMPORARY TABLES ON shop.* TO blind@localhost")
        change(engine, "GRANT CREATE ON pins.* TO blind@localhost")
    else:
        change(engine, "DROP OWNED BY blind" if has_role(engine, "blind") else "CREATE ROLE blind LOGIN")
        change(engine, "GRANT USAGE ON SCHEMA pins TO blind", "GRANT SELECT ON people TO blind")
    blind = sa.make_url(address).set(username="blind").render_as_string(hide_password=False)
    for options in (["--dry-run"], []):
        result = run(*arguments, "--from", blind, *options)
        assert json.loads(result.stdout)["error_code"] in {
            Code.DIFFERENCE_RIGHT_MISSING,
            Code.DIFFERENCE_SCHEMA_UNUSABLE,
        }, result.stdout
        assert (result.returncode, "right" in result.stderr + result.stdout) == (2, True)


def has_role(engine: sa.Engine, name: str) -> bool:
    with engine.connect() as connection:
        return bool(connection.execute(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).all())


def test_names_may_have_the_signs_of_a_driver_s_and_no_password_is_shown(
    run: Run, arguments: list[str], engine: sa.Engine, sandbox: RunningSandbox
) -> None:
    quote = engine.dialect.identifier_preparer.initial_quote
    table, column = (f"{quote}{name}{quote}" for name in ("Über.100 %: :epoch", "E:mail of %s"))
    with engine.begin() as connection:
        for statement in (
            f"DROP TABLE IF EXISTS {table}",
            f"CREATE TABLE {table} AS SELECT email AS {column} FROM people WHERE id < 50 OR id = 9000",
        ):
            connection.execute(sa.text(statement.replace(":", "\\:")))
    named = [*arguments, "--table", "Über.100 %: :epoch", "--identity", "E:mail of %s=EMAIL"]
    assert report(run, named)["synced"] == 51
    tried = run(*(each for each in named if each != "--json"), "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert "Identifiers to add     0" in tried.stdout
    assert "secret" not in tried.stdout + tried.stderr


def test_a_query_with_signs_of_a_driver_s_is_read_as_it_is(address: str) -> None:
    query = "SELECT email AS \"the: 5 % :x\" FROM people WHERE email LIKE 'p:x%' -- :all"
    if "mysql" in address:
        query = query.replace('"', "`")
    with engine_of(address).begin() as connection:
        connection.execute(sa.text("CREATE TABLE IF NOT EXISTS people (id INT, email VARCHAR(200))"))
        connection.execute(sa.text("INSERT INTO people VALUES (1, 'p\\:x@example.com')"))
    with closing(SQLAlchemyWarehouse.of_url(address)) as warehouse, warehouse.session() as session:
        relation = warehouse.relation(Selection(query=query))
        assert warehouse.columns(Selection(query=query)) == ("the: 5 % :x",)
        assert session.rows(f"SELECT * FROM {relation}") == [("p:x@example.com",)]
        assert list(session.stream(f"SELECT * FROM {relation}", 5)) == [[("p:x@example.com",)]]
