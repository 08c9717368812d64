from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.__main__ import main
from pinterest_audiences.project.state_folder import held, made
from pinterest_audiences.project.unfinished import Begun, begin

BEGUN = Begun("r1", "run", "2026-11-27T01:00:00+00:00", ("vip",))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of which `vip` was begun and did not end, and its state folder."""
    monkeypatch.setenv("PINTEREST_AUDIENCES_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.json").write_text('{"credentials": {"access_token": "pina_test"}, "ad_account_id": "1"}')
    (tmp_path / "c.json").chmod(0o600)
    Path("audiences.yml").write_text("config: c.json\nsource: a.csv\naudiences: {vip: {}, leads: {}}\n")
    state = tmp_path / ".pinterest-audiences"
    made(state)
    begin(state, BEGUN)
    return state


def statuses(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["status", "--offline", "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["audiences"]
    return found


def test_a_run_that_was_killed_is_seen_before_the_next_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vip, leads = statuses(capsys)
    assert (vip["status"], vip["error_code"]) == ("failed", Code.RUN_NOT_ENDED)
    assert (vip["last_run_at"], vip["last_success_at"]) == ("2026-11-27T01:00:00Z", None)
    assert leads["status"] == "never"


def test_a_run_under_way_is_no_killed_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with held(folder):
        assert [each["status"] for each in statuses(capsys)] == ["never", "never"]


def test_who_looks_keeps_no_run_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    statuses(capsys)
    with held(folder):
        pass


def test_a_status_is_shown_though_what_was_left_can_not_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "unfinished.json").write_text("no JSON")
    assert main(["status", "--offline"]) == 0
    assert "Whether the last run was killed is not known." in capsys.readouterr().err
