"""`pinterest-audiences probe` through the real connector: asks first, writes what it learned, and syncs follow it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.cli.programs import PROGRAM, Result
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox


@pytest.fixture(scope="module")
def started() -> Iterator[RunningSandbox]:
    sandbox = RunningSandbox("--tier", "trial", "--matching-delay-s", "0", "--quiet")
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


def probe(*arguments: object) -> Result:
    whole = [*PROGRAM, "probe", *map(str, arguments)]
    return subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


def facts_in(config: Path) -> dict[str, Any]:
    settings = json.loads(config.read_text())
    return dict(json.loads(settings["pinterest_facts"]))


def test_what_was_learned_is_written_where_a_sync_reads_it(
    account: RunningSandbox, config: Path, tmp_path: Path
) -> None:
    account.change(rule_change="refuse")
    probed = probe("--config", config, "--yes", "--only", "rule", "--only", "headers", "--json")
    assert probed.returncode == 0, probed.stderr
    report = json.loads(probed.stdout)
    assert (report["status"], report["learned"]["rule_change"]) == ("succeeded", "refused")
    assert len(report["customer_list_ids"]) == 2
    assert "stay in the ad account for ever" in probed.stderr
    learned = facts_in(config)
    assert (learned["format"], learned["access_tier"], learned["rule_change"]) == (1, "trial", "refused")
    assert report["facts"] == json.loads(config.read_text())["pinterest_facts"]

    people = tmp_path / "people.csv"
    people.write_text("email\n" + "".join(f"p{number}@example.com\n" for number in range(5)))
    sync = [*PROGRAM, "sync", "--from", people, "--audience", "VIP", "--config", config, "--replace"]
    first, second = (subprocess.run(sync, capture_output=True, text=True, timeout=60, check=False) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert "as the probe of" in first.stderr
    lists = len(account.customer_lists())
    assert second.returncode != 0
    assert "PIN-AUD-" in second.stderr
    assert "nothing was sent: by the probe of" in second.stderr
    assert len(account.customer_lists()) == lists


@pytest.mark.parametrize("arguments", [(), ("--only", "rule")])
def test_nobody_is_asked_where_nobody_can_answer_and_nothing_is_done(
    account: RunningSandbox, config: Path, arguments: tuple[str, ...]
) -> None:
    before = config.read_text()
    refused = probe("--config", config, *arguments)
    assert refused.returncode == 2
    assert "PIN-CLI-072" in refused.stderr
    assert (account.seen(), config.read_text()) == ([], before)


def test_the_steps_can_be_read_without_a_config_and_without_pinterest(account: RunningSandbox) -> None:
    listed = probe("--list", "--only", "size", "--json")
    assert listed.returncode == 0
    content = json.loads(listed.stdout)
    assert [step["step"] for step in content["steps"]] == ["list", "counters", "size", "end"]
    assert "for ever" in content["stays"]
    assert account.seen() == []
    unknown = probe("--list", "--only", "everything")
    assert unknown.returncode == 2
    assert "PIN-CLI-071" in unknown.stderr


def test_at_a_terminal_each_step_waits_for_a_yes(account: RunningSandbox, config: Path) -> None:
    master, slave = pty.openpty()
    whole = [*PROGRAM, "probe", "--config", str(config)]
    running = subprocess.Popen(whole, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.write(master, b"yes\nno\nperhaps\n")
    out, said = running.communicate(timeout=60)
    os.close(master)
    os.close(slave)
    assert running.returncode == 0, said
    assert said.count("Type yes, no, or stop: ") == 3
    assert len(account.customer_lists()) == 1
    assert facts_in(config)["names"] == "kept"
    assert "For Airbyte's form" in out


def test_a_step_that_is_left_out_is_named(account: RunningSandbox, config: Path) -> None:
    account.change(records_v2="refuse")
    probed = probe("--config", config, "--yes", "--only", "removal")
    assert probed.returncode == 0, probed.stderr
    assert "\nremoval: Not certain. Left out: it needs the step v2.\n" in probed.stderr


def test_a_token_that_is_refused_is_said_and_nothing_is_written(account: RunningSandbox, config: Path) -> None:
    settings = json.loads(config.read_text())
    settings["credentials"]["access_token"] = "pina_of_nobody"
    config.write_text(json.dumps(settings))
    failed = probe("--config", config, "--yes")
    assert failed.returncode == 1
    assert "PIN-AUTH-" in failed.stderr
    assert "pinterest_facts" not in json.loads(config.read_text())
