from __future__ import annotations

from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.history.store import History
from pinterest_audiences.project import memory
from pinterest_audiences.project.project import Project, read_project
from pinterest_audiences.project.unfinished import Begun


def project(folder: Path) -> Project:
    (folder / "audiences.yml").write_text("audiences: {vip: {source: 'duckdb:///shop.duckdb', table: customers}}\n")
    return read_project(folder / "audiences.yml", {})


def test_an_audience_of_which_no_run_is_known_is_among_those_to_run_again(tmp_path: Path) -> None:
    assert memory.has_failed(None, project(tmp_path), "vip")
    assert memory.has_failed(History(tmp_path / "history.sqlite3"), project(tmp_path), "vip")


def test_a_killed_run_gets_the_records_that_it_could_not_write(tmp_path: Path) -> None:
    history, shop = History(tmp_path / "history.sqlite3"), project(tmp_path)
    begun = Begun("r1", "run", "2026-11-27T01:00:00+00:00", ("vip", "gone from the file"))
    environment = {"PINTEREST_ACCESS_TOKEN": "pina_x", "PINTEREST_AD_ACCOUNT_ID": "7", "HOME": str(tmp_path)}
    history.record_runs(memory.killed_records(shop, begun, environment))
    (record,) = memory.last_runs(history, shop, "vip")
    assert (record.run_id, record.ad_account_id, record.failure_code) == ("r1", "7", Code.RUN_NOT_ENDED)
    assert memory.has_failed(history, shop, "vip")
    assert "began at 2026-11-27T01:00:00+00:00 was killed" in (record.failure_text or "")
