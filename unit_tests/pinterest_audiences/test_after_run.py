from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pinterest_audiences.after_run import AfterRun
from pinterest_audiences.alerts.rules import SignIn
from pinterest_audiences.alerts.settings import AlertSettings
from pinterest_audiences.failures import Failure
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.history.store import History
from unit_tests.support.webhook import Webhook, webhook

NOW = datetime.now(UTC)
RUN = RunRecord(
    "r1", None, "vip", "VIP", "1", None, "run", NOW, NOW, 0, None, None, None, "1",
    {
        "entered": 100, "not_synced": {}, "audience_id": "25", "audience_status": "READY", "audience_size": 500,
        "notes": ["about ada@example.com"],
    },
)  # fmt: skip
LOST = replace(
    RUN, exit_code=1, failure_kind="transient_error", failure_code="PIN-NET-001", figures={},
    failure_text="PIN-NET-001: No answer about ada@example.com.",
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


class World:
    """A history, alerts to a server, and what was said."""

    def __init__(self, folder: Path, server: Webhook, **settings: Any) -> None:
        self.path = folder / "history.sqlite3"
        self.said: list[str] = []
        self.settings = AlertSettings.model_validate({"notify": f"json://{server.host}", **settings})

    @property
    def after(self) -> AfterRun:
        environment = {"PINTEREST_AUDIENCES_HISTORY": str(self.path)}
        return AfterRun.of(environment, lambda _: self.settings, lambda _, text: self.said.append(text))


@pytest.fixture
def world(tmp_path: Path, server: Webhook) -> World:
    return World(tmp_path, server)


def test_a_clean_run_is_kept_and_nobody_is_told(world: World, server: Webhook) -> None:
    world.after.ran([RUN])
    assert [run.name for run in History(world.path).runs()] == ["vip"]
    assert (server.posted, world.said) == ([], [])


def test_a_failed_run_is_kept_and_told_without_persons(world: World, server: Webhook) -> None:
    world.after.ran([LOST])
    (posted,) = server.posted
    assert "PIN-NET-001: No answer about […]" in posted.json()["message"]
    assert "ada@example.com" not in posted.body.decode()
    assert b"ada@example.com" not in world.path.read_bytes()


def test_a_run_that_is_well_again_is_told(world: World, server: Webhook) -> None:
    world.after.ran([LOST])
    world.after.ran([RUN])
    assert [posted.json()["type"] for posted in server.posted] == ["failure", "success"]


def test_a_failure_before_the_ad_account_was_known_is_over_with_a_run_that_is_well(
    world: World, server: Webhook
) -> None:
    world.after.ran([replace(LOST, ad_account_id="")])
    world.after.ran([RUN])
    assert [posted.json()["type"] for posted in server.posted] == ["failure", "success"]


def test_a_drop_against_what_the_history_has_is_told(world: World, server: Webhook) -> None:
    History(world.path).record_observations(
        [Observation("1", "25", "VIP", NOW - timedelta(days=2), 1000, "READY", "observe")]
    )
    world.after.ran([RUN])
    assert "is 500, and was 1,000" in server.posted[0].json()["message"]


def test_a_sign_in_that_ends_is_told(world: World, server: Webhook) -> None:
    world.after.ran([RUN], [SignIn("main", NOW + timedelta(days=3))])
    assert 'Profile "main"' in server.posted[0].json()["message"]


def test_observing_tells_of_a_sign_in_that_failed_and_when_it_is_well_again(world: World, server: Webhook) -> None:
    failure = Failure("PIN-AUTH-002: Pinterest does not renew the sign-in.", "PIN-AUTH-002", "config_error")
    world.after.observed([], [SignIn("main", None)], {"main": failure})
    world.after.observed([], [SignIn("main", None)])
    assert [posted.json()["type"] for posted in server.posted] == ["failure", "success"]
    assert "PIN-AUTH-002" in server.posted[0].json()["message"]


def test_observing_tells_of_runs_that_no_longer_come(tmp_path: Path, server: Webhook) -> None:
    world = World(tmp_path, server, stale_after="26h")
    old = NOW - timedelta(hours=30)
    History(world.path).record_runs(
        [replace(RUN, started_at=old, finished_at=old), replace(RUN, name="fresh", audience="B")]
    )
    world.after.observed([])
    message = server.posted[0].json()["message"]
    assert 'Run "vip": no run has succeeded for long. The last run that succeeded was 30 hours ago' in message
    assert "fresh" not in message


def test_a_run_that_a_wrong_clock_has_dated_is_not_fresh(tmp_path: Path, server: Webhook) -> None:
    world = World(tmp_path, server, stale_after="26h")
    old, ahead = NOW - timedelta(hours=30), NOW + timedelta(days=900)
    runs = [replace(RUN, run_id=str(at), started_at=at, finished_at=at) for at in (old, ahead)]
    History(world.path).record_runs(runs)
    world.after.observed([])
    assert "The last run that succeeded was 30 hours ago" in server.posted[0].json()["message"]


def test_a_history_that_is_broken_is_said_and_alerts_still_come(world: World, server: Webhook) -> None:
    world.path.write_bytes(b"broken" * 500)
    world.after.ran([LOST])
    assert world.said[0].startswith("This run is not in the history. PIN-CLI-124: ")
    assert len(server.posted) == 1


def test_a_history_that_is_off_is_quiet(tmp_path: Path) -> None:
    said: list[str] = []
    after = AfterRun.of({"PINTEREST_AUDIENCES_HISTORY": "off"}, lambda _: None, lambda _, text: said.append(text))
    after.ran([RUN])
    after.observed([])
    assert said == []
    assert list(tmp_path.iterdir()) == []


def test_an_alert_that_no_one_takes_is_only_said(world: World, server: Webhook) -> None:
    server.status = 500
    world.after.ran([LOST])
    assert "it answered HTTP 500" in world.said[0]
