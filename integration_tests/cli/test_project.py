"""A project file's commands through the real connectors: each audience is what its rows say; all share one quota."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
import yaml

from destination_pinterest.error_codes import Code
from integration_tests.cli.programs import PROGRAM, Result
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox
from pinterest_audiences.project.schemas import SCHEMAS

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def started() -> Iterator[RunningSandbox]:
    """One that counts a minute as Pinterest does with Standard access, and matches at once."""
    sandbox = RunningSandbox("--tier", "standard", "--matching-delay-s", "0", "--quiet", "--keep-bodies")
    yield sandbox
    sandbox.stop()


@pytest.fixture
def account(started: RunningSandbox) -> RunningSandbox:
    started.reset()
    return started


@pytest.fixture
def folder(account: RunningSandbox, tmp_path: Path) -> Path:
    """A folder with a config, a warehouse and no project file yet."""
    credentials = {"auth_method": "access_token", "access_token": "pina_sandbox"}
    config = tmp_path / "config.json"
    settings = {"credentials": credentials, "ad_account_id": AD_ACCOUNT_ID, "api_base_url": account.api_base_url}
    config.write_text(json.dumps(settings))
    config.chmod(0o600)
    change(
        tmp_path, "CREATE TABLE customers AS SELECT i AS id, 'c' || i || '@example.com' AS email FROM range(90) r(i)"
    )
    change(
        tmp_path,
        "CREATE TABLE buyers AS SELECT i AS id, i AS version, "
        "CASE WHEN i = 5 THEN 'nobody' ELSE 'b' || i || '@example.com' END AS email FROM range(40) r(i)",
    )
    return tmp_path


def change(folder: Path, statement: str) -> None:
    with duckdb.connect(str(folder / "shop.duckdb")) as database:
        database.execute(statement)


@pytest.fixture
def command(folder: Path) -> Command:
    def runs(*arguments: str) -> Result:
        return subprocess.run(
            [*PROGRAM, *arguments],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    return runs


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PINTEREST_AUDIENCES_HOME": str(folder / "home")}


def project(folder: Path, **audiences: Any) -> None:
    content = {
        "config": "config.json",
        "source": "duckdb:///shop.duckdb",
        "defaults": {"settings": {"retry_hours": 0}},
        "audiences": audiences,
    }
    (folder / "audiences.yml").write_text(yaml.safe_dump(content, sort_keys=False))


def digests(*names: str) -> set[str]:
    return {hashlib.sha256(f"{name}@example.com".encode()).hexdigest() for name in names}


def report(result: Result, what: str = "run") -> dict[str, Any]:
    content: dict[str, Any] = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMAS[what]()).validate(content)
    return content


BUYERS = {"table": "buyers", "primary_key": "id", "rejected": True}


def test_the_others_are_kept_if_one_fails_and_the_failed_one_alone_is_run_again(
    folder: Path, command: Command, account: RunningSandbox
) -> None:
    project(
        folder, vip={"audience": "VIPs", "table": "customers", "mode": "replace"}, buyers=BUYERS, gone={"table": "late"}
    )
    result = command("run", "--parallel", "3", "--json")
    assert result.returncode == 1, result.stderr
    outcome = report(result)
    by_name = {each["name"]: each for each in outcome["audiences"]}
    assert [each["status"] for each in outcome["audiences"]] == ["done", "done", "failed"]
    assert (outcome["failure_kind"], by_name["gone"]["error_code"]) == ("config_error", Code.TABLE_OR_COLUMN_UNKNOWN)
    assert by_name["vip"]["ad_account_id"] == AD_ACCOUNT_ID
    assert account.members_of("VIPs") == digests(*(f"c{number}" for number in range(90)))
    assert account.members_of("buyers") == digests(*(f"b{number}" for number in range(40) if number != 5))

    change(folder, "CREATE TABLE late AS SELECT 'l' AS id, 'late@example.com' AS email")
    again = report(command("run", "--failed", "--json"))
    assert [(each["name"], each["status"]) for each in again["audiences"]] == [("gone", "done")]
    assert account.members_of("gone") == digests("late")
    nothing = report(command("run", "--failed", "--json"))
    assert (nothing["audiences"], nothing["exit_code"]) == ([], 0)


def test_what_passes_ends_with_another_code_than_what_somebody_has_to_change(
    folder: Path, command: Command, account: RunningSandbox
) -> None:
    project(folder, vip={"table": "customers"})
    account.fault({"kind": "status", "status": 500}, times=50)
    result = command("run", "--json")
    account.clear_faults()
    assert result.returncode == 75, result.stderr
    assert report(result)["failure_kind"] == "transient_error"


def test_rejected_rows_are_read_again_by_their_keys(folder: Path, command: Command, account: RunningSandbox) -> None:
    project(folder, buyers=BUYERS)
    assert command("run").returncode == 0
    change(folder, "UPDATE buyers SET email = 'b5@example.com' WHERE id = 5")
    outcome = report(command("retry", "--json"))
    (figures,) = outcome["audiences"][0]["report"]["audiences"]
    assert (figures["entered"], figures["synced"]) == (1, 1)
    assert account.members_of("buyers") == digests(*(f"b{number}" for number in range(40)))
    result = command("retry")
    assert result.returncode == 2
    assert Code.RETRY_IMPOSSIBLE in result.stderr


def test_rows_that_are_rejected_again_are_no_fault_of_a_retry(folder: Path, command: Command) -> None:
    project(folder, buyers=BUYERS)
    assert command("run", "--quiet").returncode == 0
    again = command("retry", "--quiet", "--json")
    assert (again.returncode, again.stderr) == (0, "")
    (buyers,) = report(again)["audiences"]
    assert buyers["report"]["audiences"][0]["not_synced"] == {"invalid_email": 1}
    assert "invalid_email" in (folder / ".pinterest-audiences" / "buyers.rejected.jsonl").read_text()


def test_who_may_not_change_an_audience_is_told_by_a_run_as_by_a_plan(folder: Path, command: Command) -> None:
    project(folder, buyers={"table": "buyers", "ad_account_id": "549755885176"})
    result = command("run")
    assert result.returncode == 1, result.stderr
    assert f"{Code.ROLE_MISSING}: " in result.stderr
    assert " the ad account 549755885176" in result.stderr
    assert "Ask the account's owner for the role Admin or Audience in Pinterest's business access" in result.stderr


def test_what_a_killed_run_has_rejected_behind_its_cursor_is_still_written_down(folder: Path, command: Command) -> None:
    project(folder, buyers={**BUYERS, "cursor": "version", "batch_rows": 1})
    rejected = folder / ".pinterest-audiences" / "buyers.rejected.jsonl"
    state = rejected.with_name("buyers.state.json")
    killed = subprocess.Popen(
        [*PROGRAM, "run"], cwd=folder, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 30
    while not state.exists() or int(json.loads(state.read_text())["state"]["cursor"]) <= 5:
        assert time.monotonic() < until
        time.sleep(0.002)
    killed.kill()
    killed.wait()
    change_when_possible(folder, "INSERT INTO buyers VALUES (99, 99, 'nobody')")
    outcome = command("run", "--failed", "--quiet")
    assert outcome.returncode == 0, outcome.stderr
    assert Code.RUN_NOT_ENDED in outcome.stderr
    assert Code.RUN_NOT_ENDED not in command("run", "--quiet").stderr
    keys = {json.loads(line)["primary_key"]["id"] for line in rejected.read_text().splitlines()}
    assert keys == {5, 99}


def test_a_plan_says_what_a_run_then_does_and_changes_nothing(
    folder: Path, command: Command, account: RunningSandbox
) -> None:
    project(folder, vip={"table": "customers", "mode": "replace"}, gone={"table": "late"})
    result = command("plan", "--json")
    assert result.returncode == 1
    vip, gone = report(result, "plan")["audiences"]
    assert (vip["status"], gone["status"]) == ("ready", "failed")
    (found,) = vip["plan"]["pinterest"]["audiences"]
    assert (found["is_new"], found["joins"]["at_most"]) == (True, 90)
    assert account.customer_lists() == []
    told = command("plan", "--select", "vip")
    assert told.returncode == 0
    assert "1 of 1 audiences are ready to run. Nothing was changed." in told.stdout
    assert told.stderr == ""


def test_an_audience_whose_difference_is_computed_in_the_warehouse_is_planned_and_run(
    folder: Path, command: Command, account: RunningSandbox
) -> None:
    change(folder, "CREATE SCHEMA pins")
    entry = {"table": "customers", "mode": "replace", "difference": "warehouse", "difference_schema": "pins"}
    project(folder, vip=entry)
    new = report(command("plan", "--json"), "plan")["audiences"][0]["plan"]["pinterest"]["audiences"][0]
    assert (new["is_new"], new["joins"]) == (True, {"at_least": 90, "at_most": 90})
    report(command("run", "--json"))
    change(folder, "DELETE FROM customers WHERE id < 5")
    known = report(command("plan", "--json"), "plan")["audiences"][0]["plan"]["pinterest"]["audiences"][0]
    assert known["counted_by"] == "warehouse"
    assert (known["joins"]["at_most"], known["leaves"]["at_least"], known["members"]["at_least"]) == (0, 5, 90)


def test_an_emptied_table_fails_alone_and_a_new_audience_of_an_empty_one_is_marked(
    folder: Path, command: Command, account: RunningSandbox
) -> None:
    vip, late = {"audience": "VIPs", "table": "customers", "mode": "replace"}, {"table": "late", "mode": "replace"}
    project(folder, vip=vip, late=late)
    change(folder, "CREATE TABLE late (id INTEGER, email VARCHAR)")
    first = command("run", "--parallel", "2", "--json")
    assert first.returncode == 0, first.stderr
    assert [each["empty_table"] for each in report(first)["audiences"]] == [None, "nobody_yet"]
    assert "warning: late: " in first.stderr
    assert "no usable rows, so no audience is created" in first.stderr
    change(folder, "DELETE FROM customers")
    plan = command("plan", "--json")
    assert (plan.returncode, Code.EMPTY_TABLE_KEPT in plan.stderr) == (1, True)
    assert [each["status"] for each in report(plan, "plan")["audiences"]] == ["refused", "ready"]
    second = command("run", "--json")
    assert (second.returncode, Code.EMPTY_TABLE_KEPT in second.stderr) == (1, True)
    kept, new = report(second)["audiences"]
    assert (kept["status"], kept["empty_table"], new["status"]) == ("failed", "kept", "done")
    assert len(account.members_of("VIPs")) == 90
    statuses = report(command("status", "--offline", "--json"), "status")["audiences"]
    assert [(each["status"], each["empty_table"]) for each in statuses] == [("failed", "kept"), ("done", "nobody_yet")]


def test_the_status_has_the_last_run_and_what_pinterest_says(folder: Path, command: Command) -> None:
    project(folder, vip={"audience": "VIPs", "table": "customers", "schedule": "24h"})
    stale = command("status", "--offline", "--fail-if-stale")
    assert (stale.returncode, Code.RUNS_STALE in stale.stderr) == (1, True)
    assert command("run", "--quiet").returncode == 0
    result = command("status", "--json", "--fail-if-stale")
    assert result.returncode == 0, result.stderr
    (vip,) = report(result, "status")["audiences"]
    assert vip["status"] == "done"
    (found,) = vip["at_pinterest"]
    assert (found["ad_account_id"], found["audience"]) == (AD_ACCOUNT_ID, "VIPs")
    assert found["audience_id"]


def test_what_has_only_ever_failed_is_stale(folder: Path, command: Command) -> None:
    project(folder, gone={"table": "late", "schedule": "24h"})
    assert command("run", "--quiet").returncode == 1
    stale = command("status", "--offline", "--fail-if-stale", "26h")
    assert (stale.returncode, Code.RUNS_STALE in stale.stderr) == (1, True)


def test_a_database_becomes_a_project_that_runs(folder: Path, command: Command, account: RunningSandbox) -> None:
    result = command("init", "--from", "duckdb:///shop.duckdb", "--config", "config.json", "--yes")
    assert result.returncode == 0, result.stderr
    assert command("validate").returncode == 0
    assert command("run", "--select", "customers", "--quiet").returncode == 0
    assert len(account.members_of("customers")) == 90
    again = command("init", "--from", "duckdb:///shop.duckdb", "--yes")
    assert again.returncode == 2
    assert Code.INIT_IMPOSSIBLE in again.stderr


def test_rounds_send_what_is_new_and_a_signal_ends_them(folder: Path, account: RunningSandbox) -> None:
    project(folder, buyers={**BUYERS, "cursor": "version"})
    process = subprocess.Popen(
        [*PROGRAM, "every", "1s", "--json"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert (first["command"], first["status"]) == ("every", "done")
    change_when_possible(folder, "INSERT INTO buyers VALUES (99, 99, 'new@example.com')")
    until = time.monotonic() + 30
    while not digests("new") <= account.members_of("buyers"):
        assert time.monotonic() < until
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 143, errors


def change_when_possible(folder: Path, statement: str) -> None:
    """DuckDB lets nobody write while a round reads."""
    for _ in range(200):
        try:
            change(folder, statement)
        except duckdb.IOException:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(statement)


def test_audiences_that_run_at_once_keep_within_the_quota_of_one(
    folder: Path, command: Command, account: RunningSandbox
) -> None:
    settings = {"settings": {"batch_size": 10}}
    project(folder, **{f"a{number}": {"table": "customers", **settings} for number in range(3)})
    assert command("run", "--parallel", "3", "--quiet").returncode == 0
    writes = [request for request in account.seen() if request["category"] == "ads_write"]
    assert len(writes) >= 30
    assert {request["status"] for request in writes} <= {200, 201}
    moments = [request["at"] for request in writes]
    # As many as one process may send; one on its way longer than the one before it may arrive a little nearer to it.
    assert max(sum(begin <= at < begin + 1.0 for at in moments) for begin in moments) <= 8
