"""`pinterest-audiences sync --dry-run` through the real connector: it asks the sandbox, and changes nothing there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.cli.programs import PROGRAM, Result
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox


@pytest.fixture(scope="module")
def started() -> Iterator[RunningSandbox]:
    """One that matches at once."""
    sandbox = RunningSandbox("--tier", "standard", "--matching-delay-s", "0", "--quiet")
    yield sandbox
    sandbox.stop()


@pytest.fixture
def account(started: RunningSandbox) -> RunningSandbox:
    """A sandbox as if it had just been started."""
    started.reset()
    return started


@pytest.fixture
def config(account: RunningSandbox, tmp_path: Path) -> Path:
    keys = {"client_id": "1234567", "client_secret": "sandbox-secret", "refresh_token": "pinr_sandbox"}
    path = tmp_path / "config.json"
    settings = {"ad_account_id": AD_ACCOUNT_ID, "api_base_url": account.api_base_url}
    path.write_text(json.dumps({"credentials": {"auth_method": "oauth2.0", **keys}, **settings}))
    path.chmod(0o600)
    return path


def sync(config: Path, people: Iterable[int], *options: str) -> Result:
    table = config.with_name("people.csv")
    table.write_text("email\n" + "".join(f"p{number}@example.com\n" for number in people))
    whole = [*PROGRAM, "sync", "--from", str(table), "--audience", "VIP", "--config", str(config), *options]
    return subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)


def dry_run(config: Path, people: Iterable[int], *options: str) -> dict[str, Any]:
    result = sync(config, people, "--dry-run", "--json", *options)
    assert (result.returncode, result.stderr) == (0, "")
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def written(account: RunningSandbox) -> list[str]:
    """The paths of requests that wrote, besides the renewal of the sign-in."""
    return [seen["path"] for seen in account.seen() if seen["method"] != "GET" and "oauth" not in seen["path"]]


def test_pinterest_is_asked_with_reads_alone_and_a_renewed_sign_in_is_kept(
    account: RunningSandbox, config: Path
) -> None:
    before = json.loads(config.read_text())
    found = dry_run(config, range(300), "--replace")
    after = json.loads(config.read_text())
    assert after["credentials"]["refresh_token"] != before["credentials"]["refresh_token"]
    (audience,) = found["pinterest"]["audiences"]
    assert (audience["is_new"], audience["joins"]["at_most"], audience["refusal"]) == (True, 300, None)
    assert AD_ACCOUNT_ID in found["pinterest"]["account"]
    assert found["pinterest"]["quota_left"]["ads_read"] < 1_000
    assert written(account) == []
    report = json.loads(sync(config, range(300), "--replace", "--json").stdout)
    assert report["requests"] <= found["requests_in_all"]
    assert report["audiences"][0]["audience_size"] is None or report["audiences"][0]["match_estimate"]["people"] == 300


def test_what_the_guard_would_say_is_no_failure_of_the_dry_run(account: RunningSandbox, config: Path) -> None:
    assert sync(config, range(300), "--replace").returncode == 0
    account.forget_requests()
    result = sync(config, range(10), "--replace", "--dry-run")
    assert result.returncode == 0
    assert "would stop the sync: PIN-GUARD-001" in result.stdout
    assert "Would leave            290 to 300 identifiers" in result.stdout
    assert written(account) == []


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_dead_sign_in_is_the_error_that_a_sync_would_have(
    account: RunningSandbox, config: Path, option: list[str]
) -> None:
    account.end_token("pinr_sandbox", "revoke")
    result = sync(config, range(10), "--dry-run", *option)
    assert result.returncode == sync(config, range(10), *option).returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("pinterest-audiences: PIN-AUTH-002")
    assert line.endswith("With --offline, the rows are counted without asking Pinterest.")
    if option:
        assert json.loads(result.stdout)["error_code"] == "PIN-AUTH-002"
    assert sync(config, range(10), "--dry-run", "--offline").returncode == 0


def test_offline_asks_nobody(account: RunningSandbox, config: Path) -> None:
    found = dry_run(config, range(10), "--offline")
    assert (found["usable"], found["pinterest"]) == (10, None)
    assert account.seen() == []


def test_offline_is_for_dry_runs(config: Path) -> None:
    result = sync(config, range(10), "--offline")
    assert result.returncode == 2
    assert "PIN-CLI-001: --offline needs --dry-run" in result.stderr


def test_what_is_odd_about_a_file_is_said_once(config: Path) -> None:
    table = config.with_name("odd.csv")
    table.write_text("All our people\nemail,name\n" + "p@example.com,P\n" * 9 + "q@example.com,Q,x,y\n")
    rejected = config.with_name("rejected.jsonl")
    options = ("--audience", "VIP", "--config", str(config), "--dry-run", "--rejected", str(rejected))
    whole = [*PROGRAM, "sync", "--from", str(table), *options]
    result = subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0
    assert result.stderr.count("Line 1 is no row") == 1
    assert result.stderr.count("1 of 10 rows can't be read") == 1
    assert [json.loads(line)["line"] for line in rejected.read_text().splitlines()] == [12]
