from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT))  # under pytest's importlib mode the checkout is not importable by itself

from demo.sandbox_process import RunningSandbox, running_sandbox  # noqa: E402
from integration_tests.cli.programs import PROGRAM, Result, Run, StandIn  # noqa: E402


@pytest.fixture(autouse=True)
def _the_command_line_is_measured(coverage_of_processes: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only in processes that a test starts itself: each connector that these start would take twice its time."""
    if coverage_of_processes:
        for name, value in coverage_of_processes.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).with_name("first_process")), prepend=os.pathsep)


@pytest.fixture
def config_path(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    credentials = {"auth_method": "oauth2.0", "client_id": "1", "client_secret": "s", "refresh_token": "pinr_old"}
    path.write_text(json.dumps({"credentials": credentials, "ad_account_id": "549755885175"}))
    path.chmod(0o600)
    return path


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A DuckDB database with a table of 100 people, in order of `id`."""
    path = tmp_path / "people.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            "CREATE TABLE people AS SELECT i AS id, 'p' || i || '@example.com' AS email FROM range(100) r(i)"
        )
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `pinterest-audiences sync` in the test's folder."""

    def runs(*arguments: object, environment: dict[str, str] | None = None) -> Result:
        command = [*PROGRAM, "sync", *map(str, arguments)]
        without = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        return subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**without, **(environment or {})},
        )

    return runs


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str], StandIn]:
    def make(mode: str) -> StandIn:
        folder = tmp_path / f"stand-in {mode}"
        folder.mkdir(exist_ok=True)
        executable = folder / "destination"
        script = Path(__file__).with_name("stand_in.py")
        executable.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" {mode} "{folder}" "$@"\n')
        executable.chmod(0o755)
        return StandIn(executable, folder)

    return make


@pytest.fixture(scope="module")
def started_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "log") as running:
        yield running


@pytest.fixture
def sandbox(started_sandbox: RunningSandbox) -> RunningSandbox:
    """A sandbox as if it had just been started."""
    reset = started_sandbox.api_base_url.removesuffix("/v5") + "/_sandbox/reset"
    with urllib.request.urlopen(urllib.request.Request(reset, method="POST"), timeout=10):
        return started_sandbox


@pytest.fixture
def sandbox_config(sandbox: RunningSandbox, tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    credentials = {
        "auth_method": "oauth2.0",
        "client_id": "1234567",
        "client_secret": "sandbox-secret",
        "refresh_token": "pinr_sandbox",
    }
    config = {"credentials": credentials, "ad_account_id": "549755885175", "api_base_url": sandbox.api_base_url}
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return path
