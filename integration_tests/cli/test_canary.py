"""Nobody's plain identifier and no secret may be in anything that the command line says or leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from demo.sandbox_process import RunningSandbox
from integration_tests.cli.programs import Result, Run, StandIn

PERSON = "canary"
SECRETS = ("sandbox-secret", "pinr_", "pina_", "wrong-and-secret")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """1,000 people, every tenth with something that is no address; all begin with the canary."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            f"CREATE TABLE people AS SELECT i AS id, '{PERSON}' || i || CASE WHEN i % 10 = 0 THEN ' at home' "
            "ELSE '@example.com' END AS email FROM range(1000) r(i)"
        )
    return path


@pytest.fixture
def sync(run: Run, table: Path, sandbox_config: Path, tmp_path: Path) -> Callable[..., Result]:
    """Runs a sync whose temporary files, state and config all lie below the test's folder."""
    (tmp_path / "temporary").mkdir()

    def syncs(*arguments: object) -> Result:
        common = ["--from", table, "--audience", "VIPs", "--config", sandbox_config, "--batch-rows", "100"]
        return run(*common, *arguments, environment={"TMPDIR": str(tmp_path / "temporary")})

    return syncs


def assert_silent(result: Result, folder: Path, *, kept: frozenset[str] = frozenset()) -> None:
    """Neither output nor any file but the table holds a person; no output and no file but the config holds a secret."""
    for stream in (result.stdout, result.stderr):
        assert PERSON not in stream
        assert not [secret for secret in SECRETS if secret in stream]
    for path in folder.rglob("*"):
        if not path.is_file() or path.suffix == ".duckdb" or path.name in kept:
            continue
        content = path.read_text()
        assert PERSON not in content, path
        assert path.name == "config.json" or not [secret for secret in SECRETS if secret in content], path
    assert list((folder / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    "more", [[], ["--json"], ["--quiet"], ["--dry-run"], ["--rejected", "rejected.jsonl", "--primary-key", "email"]]
)
def test_a_sync_that_succeeds(
    more: list[str], sync: Callable[..., Result], tmp_path: Path, sandbox: RunningSandbox
) -> None:
    result = sync("--table", "people", "--cursor", "id", *more)
    assert result.returncode == 0, result.stderr
    assert (len(sandbox.members("VIPs")) if "--dry-run" not in more else 900) == 900
    assert bool(list(tmp_path.glob("*.state.json"))) is ("--dry-run" not in more)
    assert_silent(result, tmp_path)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("strptime(email, '%Y')", "InvalidInputException"),
        ("error(email)", "InvalidInputException"),
        ("regexp_matches(email, email || '(')", "InvalidInputException"),
        ("json_extract(email, '$.x')", "InvalidInputException"),
        ("CASE WHEN id < 900 THEN 0 ELSE email::INT END", "ConversionException"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--cursor", "id"], ["--dry-run"]])
def test_a_source_that_fails_on_somebody_s_value(
    expression: str, kind: str, more: list[str], sync: Callable[..., Result], tmp_path: Path
) -> None:
    result = sync("--query", f"SELECT id, email, {expression} AS x FROM people", *more)
    assert result.returncode == 1
    assert kind in result.stderr.splitlines()[-1]
    assert_silent(result, tmp_path)


def test_a_sync_that_pinterest_refuses(sync: Callable[..., Result], sandbox_config: Path, tmp_path: Path) -> None:
    config = json.loads(sandbox_config.read_text())
    config["credentials"]["client_secret"] = "wrong-and-secret"
    sandbox_config.write_text(json.dumps(config))
    result = sync("--table", "people", "--cursor", "id", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["error"]
    assert_silent(result, tmp_path)


@pytest.mark.parametrize("mode", ["die", "refuse", "forgetful"])
def test_a_connector_that_fails(
    mode: str, sync: Callable[..., Result], stand_in: Callable[[str], StandIn], tmp_path: Path
) -> None:
    connector = stand_in(mode)
    result = sync("--table", "people", "--cursor", "id", "--destination", connector.executable)
    assert result.returncode == 1
    # These two the stand-in writes itself, to show what it was given.
    assert_silent(result, tmp_path, kept=frozenset({"stdin", "config.json"}))


@pytest.mark.parametrize(("cursor", "more"), [("email", []), ("id", ["--identity", "id=EMAIL"])])
def test_a_cursor_that_identifies_people_is_refused_because_it_would_be_kept_in_plain(
    cursor: str, more: list[str], sync: Callable[..., Result], tmp_path: Path
) -> None:
    result = sync("--table", "people", "--cursor", cursor, *more)
    assert result.returncode == 2
    assert f"--cursor {cursor}: the column identifies people" in result.stderr
    assert not list(tmp_path.glob("*.state.json"))
    assert_silent(result, tmp_path)
