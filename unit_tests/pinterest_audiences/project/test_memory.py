from __future__ import annotations

from pathlib import Path

from pinterest_audiences.history.store import History
from pinterest_audiences.project import memory
from pinterest_audiences.project.project import Project, read_project


def project(folder: Path) -> Project:
    (folder / "audiences.yml").write_text("audiences: {vip: {source: 'duckdb:///shop.duckdb', table: customers}}\n")
    return read_project(folder / "audiences.yml", {})


def test_an_audience_of_which_no_run_is_known_is_among_those_to_run_again(tmp_path: Path) -> None:
    assert memory.has_failed(None, project(tmp_path), "vip")
    assert memory.has_failed(History(tmp_path / "history.sqlite3"), project(tmp_path), "vip")
