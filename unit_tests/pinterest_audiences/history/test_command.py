from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pinterest_audiences.__main__ import main
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.history.store import History

NOW = datetime.now(UTC)


def test_the_history_of_one_project_is_shown_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PINTEREST_AUDIENCES_HISTORY", str(tmp_path / "history"))
    shop, travel = tmp_path / "shop" / "audiences.yml", tmp_path / "travel.yml"
    shop.parent.mkdir()
    run = RunRecord("r", str(shop), "vip", "VIP", "1", None, "run", NOW, NOW, 0, None, None, None, "1")
    history = History(tmp_path / "history")
    history.record_runs([run, replace(run, project=str(travel), ad_account_id="2")])
    history.record_observations([Observation(account, "7", "VIP", NOW, 5, "READY", "observe") for account in "12"])
    for asked, account in ((str(shop), "1"), (str(shop.parent), "1"), (str(travel), "2")):
        assert main(["history", "--project", asked, "--json"]) == 0
        content = json.loads(capsys.readouterr().out)
        assert [each["ad_account_id"] for each in (*content["runs"], *content["observations"])] == [account] * 2
    assert main(["history", "--project", str(tmp_path / "none.yml")]) == 2
