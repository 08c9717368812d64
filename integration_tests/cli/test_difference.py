"""`sync --difference warehouse` through the real connector, into the sandbox: the audience is the table."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo.sandbox_process import RunningSandbox
from destination_pinterest.error_codes import Code
from integration_tests.cli.programs import PROGRAM, Run


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def database(people: Path) -> Path:
    with duckdb.connect(str(people)) as connection:
        connection.execute("CREATE SCHEMA pins")
        connection.execute("INSERT INTO people VALUES (200, ' ÄDA@exämple.com'), (201, NULL), (202, 'nobody')")
    return people


def change(database: Path, *statements: str) -> None:
    with duckdb.connect(str(database)) as connection:
        for statement in statements:
            connection.execute(statement)


def table(database: Path) -> set[str]:
    with duckdb.connect(str(database)) as connection:
        found = connection.execute("SELECT email FROM people WHERE email LIKE '%@%'").fetchall()
    return {digest(email.strip().lower().replace("ä", "ä").replace("exämple", "xn--exmple-cua")) for (email,) in found}


@pytest.fixture
def arguments(database: Path, sandbox_config: Path) -> list[str]:
    return [
        *("--from", f"duckdb:///{database}", "--table", "people", "--audience", "VIPs"),
        *("--config", str(sandbox_config), "--difference", "warehouse", "--difference-schema", "pins", "--json"),
    ]


def report(run: Run, arguments: list[str]) -> dict[str, Any]:
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)["audiences"][0]
    return found


def test_the_audience_is_filled_and_then_gets_differences(
    run: Run, arguments: list[str], database: Path, sandbox: RunningSandbox
) -> None:
    first = report(run, arguments)
    assert (first["entered"], first["synced"]) == (103, 101)
    assert first["not_synced"] == {"invalid_email": 1, "no_identity": 1}
    assert sandbox.members("VIPs") == table(database)
    change(database, "DELETE FROM people WHERE id < 10", "INSERT INTO people VALUES (300, 'new@example.com')")
    second = report(run, arguments)
    assert (second["identifiers_added"], second["identifiers_removed"]) == (1, 10)
    assert second["members"] | {"unchanged": 0} == {
        "before": 101,
        "after": 92,
        "unchanged": 0,
        "left_by_absence": 10,
        "unresolved_deletions": 0,
        "expired": 0,
        "counted_by": "warehouse",
    }
    assert sandbox.members("VIPs") == table(database)


def test_no_plain_value_is_kept(run: Run, arguments: list[str], database: Path, sandbox: RunningSandbox) -> None:
    report(run, arguments)
    with duckdb.connect(str(database)) as connection:
        kept = connection.execute("SELECT identifier, kind, doubt FROM pins.pinterest_sent").fetchall()
        others = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'pins' ORDER BY ALL"
        ).fetchall()
    assert {row[0] for row in kept} == sandbox.members("VIPs")
    assert {row[1:] for row in kept} == {("EMAIL", 0)}
    assert [name for (name,) in others] == ["pinterest_audience", "pinterest_change", "pinterest_sent"]


def test_an_audience_that_is_there_already_becomes_equal_to_the_table(
    run: Run, arguments: list[str], database: Path, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path
) -> None:
    (tmp_path / "others.csv").write_text("email\n" + "".join(f"other{n}@example.com\n" for n in range(120)))
    assert run("--from", "others.csv", "--audience", "VIPs", "--config", sandbox_config).returncode == 0
    settings = json.loads(sandbox_config.read_text())
    sandbox_config.write_text(json.dumps({**settings, "max_removal_percent": 100}))
    replaced = report(run, arguments)
    assert any("took the place of its members" in note for note in replaced["notes"])
    assert sandbox.members("VIPs") == table(database)
    change(database, "DELETE FROM people WHERE id < 10")
    assert report(run, arguments)["identifiers_removed"] == 10
    assert sandbox.members("VIPs") == table(database)


def test_too_many_who_would_leave_stop_it_and_change_nothing(
    run: Run, arguments: list[str], database: Path, sandbox: RunningSandbox
) -> None:
    report(run, arguments)
    before = sandbox.members("VIPs")
    change(database, "DELETE FROM people WHERE id >= 20")
    refused = run(*arguments)
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error_code"] == Code.REMOVAL_ABOVE_LIMIT
    assert sandbox.members("VIPs") == before
    change(database, "DELETE FROM people")
    assert "The table has no usable rows" in " ".join(report(run, arguments)["notes"])
    assert sandbox.members("VIPs") == before


def test_a_killed_run_is_gone_on_with(
    run: Run, arguments: list[str], database: Path, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    change(database, "INSERT INTO people SELECT i, 'q' || i || '@example.com' FROM range(1000, 40000) r(i)")
    process = subprocess.Popen(
        [*PROGRAM, "sync", *arguments], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    until = time.monotonic() + 60
    while "goes to the audience" not in process.stderr.readline():
        assert time.monotonic() < until
    time.sleep(0.8)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()
    change(database, "DELETE FROM people WHERE id BETWEEN 2000 AND 2999")
    report(run, arguments)
    assert sandbox.members("VIPs") == table(database)


def test_what_can_t_be_computed_there_is_refused(run: Run, arguments: list[str], sandbox_config: Path) -> None:
    csv = run(*["people.csv" if each.startswith("duckdb:") else each for each in arguments])
    assert Code.DIFFERENCE_NO_WAREHOUSE in csv.stderr
    schema = run(*arguments[:-1], "--difference-schema", "nowhere")
    assert Code.DIFFERENCE_SCHEMA_UNUSABLE in schema.stderr
    cursor = run(*arguments, "--cursor", "id")
    assert Code.DIFFERENCE_NOT_POSSIBLE in cursor.stderr
    assert {csv.returncode, schema.returncode, cursor.returncode} == {2}
