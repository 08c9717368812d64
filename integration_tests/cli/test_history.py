"""The history, alerts and notifications through the real commands, against the sandbox and a server on this machine."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from integration_tests.cli.programs import PROGRAM, Result
from pinterest_audiences.history.records import RunRecord
from pinterest_audiences.history.store import History
from unit_tests.support.webhook import Webhook, webhook

Commands = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def history_path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "history.sqlite3"


@pytest.fixture
def command(tmp_path: Path, history_path: Path) -> Commands:
    def runs(*arguments: object, **environment: str) -> Result:
        return subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "PINTEREST_AUDIENCES_HISTORY": str(history_path), **environment},
        )

    return runs


@pytest.fixture
def synced(command: Commands, people: Path, sandbox_config: Path) -> Commands:
    def runs(*arguments: object, **environment: str) -> Result:
        return command(
            "sync", "--from", f"duckdb:///{people}", "--table", "people", "--audience", "VIP", "--config",
            sandbox_config, "--quiet", *arguments, **environment,
        )  # fmt: skip

    return runs


def kept(path: Path) -> list[RunRecord]:
    return History(path).runs()


def test_a_sync_is_kept_with_its_figures_and_nobody_is_in_it(
    synced: Commands, command: Commands, history_path: Path
) -> None:
    done = synced()

    assert (done.returncode, done.stderr) == (0, "")
    (run,) = kept(history_path)
    assert (run.command, run.audience, run.exit_code, run.figures["synced"]) == ("sync", "VIP", 0, 100)
    with closing(sqlite3.connect(history_path)) as connection:
        assert "@example.com" not in "\n".join(connection.iterdump())
    shown = json.loads(command("history", "--json").stdout)
    assert shown["runs"][0]["run_id"] == run.run_id
    assert [each["source"] for each in shown["observations"]] == ["run"]


def test_a_sync_that_could_not_begin_is_kept_and_told_and_says_so_once(
    command: Commands, sandbox_config: Path, history_path: Path, server: Webhook
) -> None:
    done = command(
        "sync", "--from", "missing.csv", "--audience", "VIP", "--config", sandbox_config, "--quiet",
        PINTEREST_AUDIENCES_ALERTS=f"json://{server.host}/hook",
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stderr.count("PIN-CLI-005") == 1
    assert [(run.exit_code, run.failure_code) for run in kept(history_path)] == [(2, "PIN-CLI-005")]
    assert "PIN-CLI-005" in server.posted[0].json()["message"]


def test_a_history_that_is_broken_fails_nothing_and_is_said(synced: Commands, history_path: Path) -> None:
    history_path.parent.mkdir()
    history_path.write_bytes(b"no database" * 1000)

    done = synced()

    assert done.returncode == 0
    assert "This run is not in the history. PIN-CLI-124" in done.stderr
    assert "Rows synced" in done.stdout


def test_a_dry_run_is_not_kept(synced: Commands, history_path: Path) -> None:
    assert synced("--dry-run").returncode == 0
    assert not history_path.exists()


def test_observe_reads_every_audience_and_changes_nothing(
    synced: Commands, command: Commands, sandbox_config: Path, history_path: Path
) -> None:
    synced()
    done = command("observe", "--config", sandbox_config, "--json")

    assert done.returncode == 0
    (seen,) = json.loads(done.stdout)["observations"]
    assert (seen["audience"], seen["source"]) == ("VIP", "observe")
    assert len(kept(history_path)) == 1
    table = command("history").stdout
    assert 'Audience "VIP" in the ad account 549755885175' in table
    assert "seen 2 times" in table


def test_what_the_history_does_not_have_is_said(command: Commands, synced: Commands) -> None:
    assert "has nothing since then" in command("history").stdout
    unknown = command("history", "nobody", "--json")
    assert unknown.returncode == 2
    assert json.loads(unknown.stdout)["error_code"] == Code.HISTORY_EMPTY


def test_a_test_alert_arrives_and_one_that_does_not_is_counted(command: Commands, server: Webhook) -> None:
    addresses = f"json://{server.host}/hook json://user:hidden@127.0.0.1:1/hook"
    done = command("alerts", "test", "--json", PINTEREST_AUDIENCES_ALERTS=addresses)

    content = json.loads(done.stdout)
    assert (done.returncode, content["error_code"]) == (1, Code.ALERT_NOT_SENT)
    assert [each["problem"] is None for each in content["addresses"]] == [True, False]
    assert server.posted[0].json()["title"] == "Pinterest: a test alert"
    assert "hidden" not in done.stdout + done.stderr


def test_in_the_folder_of_a_project_its_own_addresses_are_tried(
    command: Commands, server: Webhook, tmp_path: Path
) -> None:
    (tmp_path / "audiences.yml").write_text(f"alerts: {{notify: ['json://{server.host}/hook']}}\n")
    done = command("alerts", "test")

    assert (done.returncode, len(server.posted)) == (0, 1), done.stderr


def test_an_address_that_can_not_be_used_stops_a_sync_before_it_begins(synced: Commands, history_path: Path) -> None:
    done = synced(PINTEREST_AUDIENCES_ALERTS="bogus://hidden")
    assert done.returncode == 2
    assert "PIN-CLI-126" in done.stderr
    assert "hidden" not in done.stderr
    assert not history_path.exists()


def test_the_connector_posts_its_report_at_the_end(synced: Commands, sandbox_config: Path, server: Webhook) -> None:
    config = json.loads(sandbox_config.read_text())
    sandbox_config.write_text(json.dumps({**config, "notify_url": f"http://{server.host}/hook"}))

    assert synced().returncode == 0

    (posted,) = server.posted
    content = posted.json()
    assert (content["status"], content["report"]["audiences"][0]["synced"]) == ("succeeded", 100)
    assert "@example.com" not in posted.body.decode()
    assert "pinr_" not in posted.body.decode()


def test_the_connector_posts_a_failure_and_a_receiver_that_fails_changes_nothing(
    synced: Commands, sandbox_config: Path, server: Webhook
) -> None:
    config = json.loads(sandbox_config.read_text())
    server.status = 500
    changed = {**config, "notify_url": f"http://{server.host}/hidden", "ad_account_id": "1"}
    sandbox_config.write_text(json.dumps(changed))

    done = synced()

    assert done.returncode == 1
    assert server.posted[0].json()["error_code"] in done.stderr
    assert "it answered HTTP 500" in done.stderr
    assert "hidden" not in done.stderr
