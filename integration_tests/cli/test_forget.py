"""`pinterest-audiences forget` and `lists` through the real connector and sandbox."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from integration_tests.cli.programs import PROGRAM, Result, Run


@pytest.fixture
def config(sandbox_config: Path, tmp_path: Path) -> Path:
    (tmp_path / "suppressed").mkdir()
    content = json.loads(sandbox_config.read_text())
    store = {"store_type": "local", "path": str(tmp_path / "suppressed"), "store_key": "a key for these tests"}
    sandbox_config.write_text(json.dumps({**content, "suppression_store": store}))
    return sandbox_config


@pytest.fixture
def person(tmp_path: Path) -> Path:
    path = tmp_path / "person.csv"
    path.write_text("email\np7@example.com\nnobody\n")
    return path


def call(*arguments: object) -> Result:
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)


def shown(config: Path) -> dict[str, Any]:
    return json.loads(call("lists", "--config", config, "--json").stdout)  # type: ignore[no-any-return]


def sync(run: Run, people: Path, config: Path, *more: str) -> dict[str, Any]:
    command = ("--from", f"duckdb:///{people}", "--table", "people", "--audience", "VIP", "--config", config, *more)
    done = run(*command, "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_who_is_forgotten_leaves_left_over_lists_too_and_does_not_come_back(
    run: Run, people: Path, config: Path, person: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        sync(run, people, config, "--replace")
    certificate = tmp_path / "certificate.json"
    done = call(
        "forget", "--from", person, "--config", config, "--only-ours", "--certificate", certificate,
        "--rejected", tmp_path / "rejected.jsonl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "People forgotten: 1 of 2 rows used; 4 identifiers" in done.stdout
    assert "Rows not used: invalid_email 1." in done.stdout
    found = json.loads(certificate.read_text())
    assert [entry["kind"] for entry in found["lists"] if entry["state"] == "removed"] == ["ours", "left_over"]
    assert "p7@example.com" not in certificate.read_text() + done.stdout + done.stderr
    assert json.loads((tmp_path / "rejected.jsonl").read_text())["line"] == 3
    (audience,) = sync(run, people, config, "--replace")["audiences"]
    assert (audience["synced"], audience["not_synced"]) == (99, {"suppressed": 1})
    kinds = [each["kind"] for each in shown(config)["customer_lists"]]
    assert (kinds.count("ours"), kinds.count("left_over")) == (1, 2)


def test_an_exception_that_names_nothing_changes_nothing(config: Path, person: Path, tmp_path: Path) -> None:
    done = call("forget", "--from", person, "--config", config, "--only-ours", "--except", "no such", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error_code"] == "PIN-CLI-057"
    assert not list((tmp_path / "suppressed").rglob("people-*"))
