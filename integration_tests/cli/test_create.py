"""`pinterest-audiences create` through the real connector, and a sync that goes on with what it created."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.cli.programs import PROGRAM, Result
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox


@pytest.fixture(scope="module")
def started() -> Iterator[RunningSandbox]:
    sandbox = RunningSandbox("--tier", "none", "--matching-delay-s", "0", "--quiet")
    yield sandbox
    sandbox.stop()


@pytest.fixture
def account(started: RunningSandbox) -> RunningSandbox:
    started.reset()
    return started


@pytest.fixture
def config(account: RunningSandbox, tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    credentials = {"auth_method": "access_token", "access_token": "pina_sandbox"}
    settings = {"credentials": credentials, "ad_account_id": AD_ACCOUNT_ID, "api_base_url": account.api_base_url}
    path.write_text(json.dumps(settings))
    path.chmod(0o600)
    return path


def command(name: str, *arguments: object) -> Result:
    whole = [*PROGRAM, name, *map(str, arguments)]
    return subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)


def test_an_audience_is_created_once_and_a_sync_goes_on_with_it(
    account: RunningSandbox, config: Path, tmp_path: Path
) -> None:
    first = command("create", "VIP", "--config", config, "--json")
    assert (first.returncode, first.stderr) == (0, "")
    (made,) = json.loads(first.stdout)["audiences"]
    second = command("create", "VIP", "--config", config)
    assert second.returncode == 0
    assert f"there already (id {made['audience_id']}" in second.stdout
    table = tmp_path / "people.csv"
    table.write_text("email\na@example.com\nb@example.com\n")
    synced = command("sync", "--from", table, "--audience", "VIP", "--config", config, "--json")
    (audience,) = json.loads(synced.stdout)["audiences"]
    assert (audience["audience_id"], audience["notes"]) == (made["audience_id"], [])
    assert len(account.members_of("VIP")) == 3
    assert len(account.customer_lists()) == 1


def test_where_pinterest_makes_no_audience_yet_the_list_is_there_and_the_command_fails(
    account: RunningSandbox, config: Path
) -> None:
    account.change(audience_floor="refuse")
    refused = command("create", "VIP", "--config", config, "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error_code"] == "PIN-AUD-031"
    assert [one["name"] for one in account.customer_lists()] == ["VIP"]


def test_a_blank_name_is_refused_as_it_is_written(config: Path) -> None:
    assert command("create", " ", "--config", config).returncode == 2
