"""`sync --difference warehouse` through the real connector, into the sandbox: the audience is the table."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from demo.sandbox_process import RunningSandbox
from destination_pinterest.error_codes import Code
from integration_tests.cli.programs import Run


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


def kept(database: Path) -> set[tuple[str, str, int]]:
    """All that the schema has of people once a run is over."""
    with duckdb.connect(str(database)) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'pins' ORDER BY ALL"
        ).fetchall()
        assert [name for (name,) in names] == ["pinterest_audience", "pinterest_change", "pinterest_sent"]
        assert connection.execute("SELECT count(*) FROM pins.pinterest_change").fetchone() == (0,)
        return set(connection.execute("SELECT identifier, kind, doubt FROM pins.pinterest_sent").fetchall())


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


def test_the_audience_is_filled_then_gets_differences_and_keeps_those_whom_a_guard_keeps(
    run: Run, arguments: list[str], database: Path, sandbox: RunningSandbox
) -> None:
    device, phone = "f7b3a5c1-8d2e-4f6a-9b0c-1d2e3f4a5b6c", "+49 1512 3456789"
    change(
        database,
        "ALTER TABLE people ADD COLUMN device VARCHAR",
        "ALTER TABLE people ADD COLUMN phone VARCHAR",
        f"UPDATE people SET device = '{device.upper()}', phone = '{phone}' WHERE id = 70",
    )
    arguments += ["--identity", "email=EMAIL", "--identity", "device=IDFA", "--identity", "phone=PHONE"]
    first = report(run, arguments)
    assert (first["entered"], first["synced"]) == (103, 101)
    assert first["not_synced"] == {"invalid_email": 1, "no_identity": 1}
    assert first["identities"]["shares"].keys() == {"EMAIL", "IDFA", "PHONE"}
    device_ids = {(digest(device), "IDFA", 0), ("@p" + digest("4915123456789"), "PHONE", 0)}
    assert kept(database) == {(each, "EMAIL", 0) for each in table(database)} | device_ids
    assert sandbox.members("VIPs") == {digest(device), *table(database)}  # Phone numbers are rows of their own there.
    change(
        database,
        "DELETE FROM people WHERE id < 10",
        "INSERT INTO people (id, email) VALUES (300, 'new@example.com')",
        "UPDATE people SET device = NULL, phone = NULL",
    )
    second = report(run, arguments)
    assert (second["identifiers_added"], second["identifiers_removed"]) == (1, 12)
    assert second["members"] == {
        "before": 103,
        "after": 92,
        "unchanged": 91,
        "left_by_absence": 12,
        "unresolved_deletions": 0,
        "expired": 0,
        "counted_by": "warehouse",
    }
    assert sandbox.members("VIPs") == table(database)
    before = table(database)
    change(database, "DELETE FROM people WHERE id >= 20")
    refused = run(*arguments)
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error_code"] == Code.REMOVAL_ABOVE_LIMIT
    assert sandbox.members("VIPs") == before


def test_an_audience_that_is_there_already_becomes_equal_to_the_table(
    run: Run, arguments: list[str], database: Path, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path
) -> None:
    (tmp_path / "others.csv").write_text("email\n" + "".join(f"other{n}@example.com\n" for n in range(90)))
    assert run("--from", "others.csv", "--audience", "VIPs", "--config", sandbox_config).returncode == 0
    settings = json.loads(sandbox_config.read_text())
    sandbox_config.write_text(json.dumps({**settings, "max_removal_percent": 100}))
    replaced = report(run, arguments)
    assert any("took the place of its members" in note for note in replaced["notes"])
    assert sandbox.members("VIPs") == table(database)
    assert kept(database) == {(each, "EMAIL", 0) for each in table(database)}
