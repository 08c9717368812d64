"""`pinterest-audiences audiences` through the real connector: what the sandbox has is shown, and nothing changes."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integration_tests.cli.programs import PROGRAM, Result
from integration_tests.sandbox_process import AD_ACCOUNT_ID, AUDIENCES, RunningSandbox

SECRETS = re.compile(r"pin[ar]_\w+|sandbox-secret")


@pytest.fixture(scope="module")
def started() -> Iterator[RunningSandbox]:
    """One that matches at once."""
    sandbox = RunningSandbox("--tier", "none", "--matching-delay-s", "0", "--quiet")
    yield sandbox
    sandbox.stop()


@pytest.fixture
def account(started: RunningSandbox) -> RunningSandbox:
    """A sandbox as if it had just been started."""
    started.reset()
    return started


@pytest.fixture
def config(account: RunningSandbox, tmp_path: Path) -> Path:
    return written(tmp_path / "config.json", account, auth_method="access_token", access_token="pina_sandbox")


@pytest.fixture
def oauth_config(account: RunningSandbox, tmp_path: Path) -> Path:
    keys = {"client_id": "1234567", "client_secret": "sandbox-secret", "refresh_token": "pinr_sandbox"}
    return written(tmp_path / "config.json", account, auth_method="oauth2.0", **keys)


def written(path: Path, account: RunningSandbox, **credentials: str) -> Path:
    settings = {"credentials": credentials, "ad_account_id": AD_ACCOUNT_ID, "api_base_url": account.api_base_url}
    path.write_text(json.dumps(settings))
    path.chmod(0o600)
    return path


def command(name: str, *arguments: object) -> Result:
    whole = [*PROGRAM, name, *map(str, arguments)]
    return subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)


def listing(config: Path) -> dict[str, Any]:
    result = command("audiences", "--config", config, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    assert not SECRETS.search(result.stdout)
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def replaced_by(people: range, config: Path) -> dict[str, Any]:
    """The report's part after the audience "VIP" was made equal to a table of so many people."""
    table = config.with_name("people.csv")
    table.write_text("email\n" + "".join(f"p{number}@example.com\n" for number in people))
    result = command("sync", "--from", table, "--audience", "VIP", "--config", config, "--replace", "--json")
    assert result.returncode == 0, result.stderr
    audience: dict[str, Any] = json.loads(result.stdout)["audiences"][0]
    return audience


def test_what_the_sync_reported_is_what_is_listed_later(account: RunningSandbox, config: Path) -> None:
    first = replaced_by(range(1000), config)
    second = replaced_by(range(200, 1100), config)
    account.new_list(name="Made by hand")
    account.new_visitor_audience("Visitors")
    content = listing(config)
    (audience,) = content["audiences"]
    truth = account.call("GET", f"{AUDIENCES}/{second['audience_id']}").json()
    assert (audience["audience_id"], audience["audience_status"], audience["audience_size"]) == (
        truth["id"], truth["status"], truth["size"],
    )  # fmt: skip
    assert audience["customer_list"]["customer_list_id"] == second["customer_list_id"]
    assert audience["customer_list"]["counts"] == second["pinterest_counts_after"]
    assert audience["customer_list"]["counts"] == {"records": 900, "added": 900, "removed": 0, "batches": 1}
    assert audience["match_estimate"] == {
        "share": round(truth["size"] / 900, 4), "of": "people", "is_approximate": True, "people": 900,
        "counted_on": f"{datetime.now(UTC):%Y-%m-%d}",
    }  # fmt: skip
    free = {each["customer_list_id"]: each for each in content["customer_lists_without_audience"]}
    assert free[first["customer_list_id"]]["left_over_of"] == "VIP"
    assert second["left_over_customer_list_ids"] == [first["customer_list_id"]]
    assert sorted(each["left_over_of"] or each["name"] for each in free.values()) == ["Made by hand", "VIP"]
    assert content["other_audiences"] == {"VISITOR": 1}


def test_all_pages_are_listed(account: RunningSandbox, config: Path) -> None:
    list_id = account.new_list()
    names = {f"Audience {number}" for number in range(251)}
    for name in names:
        account.new_audience(name, list_id)
    free = {account.new_list(name=f"List {number}") for number in range(250)}
    account.forget_requests()
    content = listing(config)
    assert {audience["name"] for audience in content["audiences"]} == names
    assert len(content["audiences"]) == len(names)
    assert {each["customer_list_id"] for each in content["customer_lists_without_audience"]} == free
    assert [request["method"] for request in account.seen()] == ["GET"] * 4


def test_for_people_there_are_blocks_of_text(account: RunningSandbox, config: Path) -> None:
    account.new_audience("Small", account.new_list("a@example.com,b@example.com"))
    result = command("audiences", "--config", config, "--long")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == 'Audience "Small"'
    assert re.fullmatch(r"  Audience          TOO_SMALL \(id \d+\)", lines[1])
    assert "Fewer than 100 people are matched" in result.stdout
    assert "2 (2 added less 0 removed, repeats count; requests so far: 1)" in result.stdout
    assert lines[-1] == (
        f"Ad account {AD_ACCOUNT_ID}: audiences made from customer lists: 1; customer lists without an audience: 0."
    )


def test_a_terminal_gets_tables(account: RunningSandbox, config: Path) -> None:
    account.new_audience("Small", account.new_list())
    shown, behind = pty.openpty()
    with os.fdopen(shown, "rb", closefd=True) as terminal:
        process = subprocess.Popen(
            [*PROGRAM, "audiences", "--long", "--config", str(config)], stdout=behind, stderr=behind
        )
        os.close(behind)
        text = b""
        try:
            while piece := os.read(terminal.fileno(), 65_536):
                text += piece
        except OSError:  # what the system says of a terminal that nobody writes to any more
            pass
        assert process.wait(timeout=30) == 0
    assert 'Audience "Small"' in text.decode()
    assert "│" in text.decode()


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_dead_token_fails_with_what_is_to_be_done(account: RunningSandbox, config: Path, option: list[str]) -> None:
    account.end_token("pina_sandbox", "revoke")
    result = command("audiences", "--config", config, *option)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("pinterest-audiences: ")
    assert "HTTP 401" in line
    assert not SECRETS.search(result.stdout + result.stderr)
    if option:
        said = json.loads(result.stdout)
        assert (said["schema_version"], said["status"]) == (1, "failed")
        assert said["error"] == line.removeprefix("pinterest-audiences: ")
    else:
        assert result.stdout == ""


def test_a_refresh_token_that_rotates_is_kept_and_spent_only_once(account: RunningSandbox, oauth_config: Path) -> None:
    before = json.loads(oauth_config.read_text())
    listing(oauth_config)
    after = json.loads(oauth_config.read_text())
    assert after["credentials"]["refresh_token"] != before["credentials"]["refresh_token"]
    assert {**after, "credentials": None} == {**before, "credentials": None}
    listing(oauth_config)
    assert json.loads(oauth_config.read_text()) == after
    assert len(account.seen("oauth/token")) == 1


def test_a_refresh_token_that_is_dead_leaves_the_config_as_it_was(account: RunningSandbox, oauth_config: Path) -> None:
    before = oauth_config.read_bytes()
    account.end_token("pinr_sandbox", "revoke")
    result = command("audiences", "--config", oauth_config)
    assert result.returncode == 1
    assert not SECRETS.search(result.stdout + result.stderr)
    assert oauth_config.read_bytes() == before


def test_a_run_that_loses_the_race_for_a_renewal_goes_on_with_what_the_other_run_has_written(
    account: RunningSandbox, oauth_config: Path
) -> None:
    before = oauth_config.read_bytes()
    listing(oauth_config)
    after = oauth_config.read_bytes()
    oauth_config.write_bytes(before)
    account.forget_requests()
    account.fault({"kind": "latency", "seconds": 1}, endpoint="oauth/token", times=1)
    program = [*PROGRAM, "audiences", "--config", str(oauth_config)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        account.wait_for_hits(1)
        oauth_config.write_bytes(after)
        _, said = run.communicate(timeout=60)
    assert (run.returncode, said) == (0, "")
    assert oauth_config.read_bytes() == after
    assert [request["status"] for request in account.seen("oauth/token")] == [401]


def test_a_config_that_others_may_read_is_warned_of(config: Path) -> None:
    config.chmod(0o644)
    result = command("audiences", "--config", config, "--json")
    assert result.returncode == 0
    assert result.stderr.startswith("warn: Others on this machine may read ")
    assert json.loads(result.stdout)["audiences"] == []


@pytest.mark.parametrize("arguments", [["--config", "there-is-none.json"], []])
def test_a_command_that_can_not_be_carried_out_ends_with_2(arguments: list[str]) -> None:
    result = command("audiences", *arguments)
    assert (result.returncode, result.stdout) == (2, "")


def test_settings_that_are_wrong_are_told(account: RunningSandbox, tmp_path: Path) -> None:
    config = written(tmp_path / "config.json", account, auth_method="oauth2.0", client_id="1234567")
    result = command("audiences", "--config", config)
    assert (result.returncode, result.stdout) == (1, "")
    assert "credentials" in result.stderr


def test_ctrl_c_twice_ends_it_at_once(account: RunningSandbox, config: Path) -> None:
    account.fault({"kind": "latency", "seconds": 15}, endpoint="audiences/list")
    process = subprocess.Popen(
        [*PROGRAM, "audiences", "--config", str(config), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    account.wait_for_hits(1)
    begun_s = time.monotonic()
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    output, errors = process.communicate(timeout=15)
    assert time.monotonic() - begun_s < 6
    assert (process.returncode, errors) == (
        130,
        "pinterest-audiences: PIN-CLI-018: Stopped before everything was read.\n",
    )
    assert json.loads(output)["status"] == "failed"
    account.clear_faults()
