"""`pyab destination-smoke-test`, the test that Airbyte offers for any destination, as somebody types it.

Its built-in streams have no column that is recognised as an identity column: as it comes it ends with the error that
says so, and it succeeds where the settings name a column of theirs. One of them has neither primary key nor cursor;
PyAirbyte sets it to overwrite, which this connector does not offer, so scenarios are named here.

Source: airbyte 0.71.3, airbyte/_util/destination_smoke_tests.py and airbyte/cli/smoke_test_source (read and run
2026-11-22).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from integration_tests.airbyte_messages import config, digests
from integration_tests.connector_process import PROGRAM, WATCHDOG_S
from integration_tests.hosts.environments import PYAIRBYTE, host_environment, needs_pyairbyte
from integration_tests.sandbox_process import RunningSandbox

pytestmark = needs_pyairbyte
NAMESPACE = "smoke_test_of_ours"
BUILT_IN = "basic_types,large_batch_stream,duplicate_primary_keys"
PEOPLE = {
    "name": "newsletter",
    "primary_key": [["id"]],
    "json_schema": {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "email": {"type": ["null", "string"]}, "maid": {"type": "string"}},
    },
    "records": [
        {"id": 1, "email": "Ada@Example.com", "maid": "38400000-8cf0-11bd-b23e-10b96e40000d"},
        {"id": 2, "email": "no address", "maid": ""},
        {"id": 3, "email": None},
        {"id": 4, "email": "grace@example.com"},
    ],
}
NOBODY = {
    "name": "nobody",
    "json_schema": {"type": "object", "properties": {"email": {"type": "string"}}},
    "primary_key": [["email"]],
    "records": [],
}
COLUMNS = [
    {"column": "email", "identifier": "EMAIL"},
    {"column": "maid", "identifier": "MAID"},
    {"column": "name", "identifier": "LR_ID"},
]


@dataclass(frozen=True)
class Verdict:
    """What one run came to: its exit code, the JSON that it prints, what stands in the terminal besides, its logs."""

    exit_code: int
    said: dict[str, Any]
    terminal: str
    logged: str


@dataclass(frozen=True)
class Runs:
    """One run with settings that know the columns, and one as it comes; each goes to a sandbox of its own."""

    with_columns: Verdict
    as_it_comes: Verdict
    sandbox: RunningSandbox
    untouched_sandbox: RunningSandbox


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Side by side: either spends most of its time on importing PyAirbyte, again and again."""
    sandboxes = [RunningSandbox("--tier", "none", "--matching-delay-s", "0", "--quiet") for _ in range(2)]
    scenarios = tmp_path_factory.mktemp("scenarios") / "scenarios.yaml"
    scenarios.write_text(json.dumps([PEOPLE, NOBODY]))
    arguments = [f"--scenarios={BUILT_IN}", f"--custom-scenarios={scenarios}", "--skip-preflight"]
    with ThreadPoolExecutor() as side_by_side:
        with_columns = side_by_side.submit(
            smoke_test,
            tmp_path_factory.mktemp("with_columns"),
            config(sandboxes[0].api_base_url, identity_columns=COLUMNS, allow_missing_columns=True),
            arguments,
        )
        as_it_comes = side_by_side.submit(
            smoke_test, tmp_path_factory.mktemp("as_it_comes"), config(sandboxes[1].api_base_url), []
        )
    yield Runs(with_columns.result(), as_it_comes.result(), *sandboxes)
    for sandbox in sandboxes:
        sandbox.stop()


def smoke_test(folder: Path, settings: dict[str, Any], arguments: list[str]) -> Verdict:
    config_file = folder / "config.json"
    config_file.write_text(json.dumps(settings))
    options = [f"--destination={PROGRAM}", f"--config={config_file}", f"--reuse-namespace={NAMESPACE}"]
    done = subprocess.run(
        [str(PYAIRBYTE / "bin" / "pyab"), "destination-smoke-test", *options, *arguments],
        cwd=folder,
        env=host_environment(folder / "own"),
        capture_output=True,
        text=True,
        timeout=2 * WATCHDOG_S,
        check=False,
    )
    logged = "".join(path.read_text() for path in (folder / "own" / "logs" / PROGRAM.name).iterdir())
    said = done.stdout[done.stdout.find("{") :]
    assert said, done.stderr
    return Verdict(done.returncode, json.loads(said), done.stderr, logged)


def test_streams_whose_columns_are_named_in_the_settings_are_delivered(runs: Runs) -> None:
    verdict = runs.with_columns

    assert verdict.exit_code == 0, verdict.terminal
    assert {**verdict.said, "elapsed_seconds": None} == {
        "success": True,
        "destination": "destination-pinterest",
        "namespace": NAMESPACE,
        "records_delivered": 3 + 1_000 + 6 + 4,
        "scenarios_requested": BUILT_IN,
        "elapsed_seconds": None,
        "error": None,
        "preflight_passed": None,
        # Those are for destinations whose tables PyAirbyte can read back.
        "table_statistics": None,
        "tables_not_found": None,
        "warnings": None,
    }


def test_each_stream_that_has_people_has_its_audience_with_them(runs: Runs) -> None:
    found = {each["name"]: runs.sandbox.members_of(each["name"]) for each in runs.sandbox.audiences()}

    assert found == {
        "newsletter": digests("ada@example.com", "grace@example.com", "38400000-8cf0-11bd-b23e-10b96e40000d"),
        "basic_types": {"Alice", "Bob"},
        "duplicate_primary_keys": {"Alice", "Bob", "Charlie"},
        "large_batch_stream": {f"record_{number:06d}" for number in range(1, 1_001)},
    }


def test_as_it_comes_it_ends_with_the_error_that_names_the_stream_and_its_columns(runs: Runs) -> None:
    verdict = runs.as_it_comes

    assert verdict.exit_code == 1
    assert verdict.said["success"] is False
    assert verdict.said["preflight_passed"] is False
    assert verdict.said["records_delivered"] == 0
    assert verdict.said["error"].startswith("Preflight check failed for '_preflight_basic_types': ")
    error = (
        f'{Code.NO_IDENTITY_COLUMN_RECOGNISED}: No column of the stream "{NAMESPACE}._preflight_basic_types" is '
        "recognised as an identity column; its columns are id, name, amount, is_active."
    )
    assert error in verdict.said["error"]
    assert f"ERROR: {error}" in verdict.terminal
    assert '"failure_type":"config_error"' in verdict.logged
    assert runs.untouched_sandbox.audiences() == []


def test_nothing_that_it_logged_holds_an_address(runs: Runs) -> None:
    assert "pinterest_sync_report" in runs.with_columns.logged
    assert "@example.com" not in (runs.with_columns.logged + runs.with_columns.terminal).lower()
