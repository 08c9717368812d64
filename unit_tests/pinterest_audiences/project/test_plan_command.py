from __future__ import annotations

import json
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from pinterest_audiences.__main__ import main
from pinterest_audiences.project import plan_command

NAMES = ("c", "a", "d", "b")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINTEREST_AUDIENCES_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.json").write_text('{"credentials": {"access_token": "pina_test"}, "ad_account_id": "1"}')
    (tmp_path / "c.json").chmod(0o600)
    for number, name in enumerate(NAMES, start=1):
        (tmp_path / f"{name}.csv").write_text("email\n" + "".join(f"p{row}@example.com\n" for row in range(number)))
    entries = "".join(f"  {name}: {{source: {name}.csv}}\n" for name in NAMES)
    (tmp_path / "audiences.yml").write_text(f"config: c.json\naudiences:\n{entries}")
    return tmp_path


def test_audiences_are_counted_at_once_and_told_in_the_files_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    together, tried = Barrier(4), plan_command.tried

    def met(*arguments: Any) -> Any:
        together.wait(10)
        return tried(*arguments)

    monkeypatch.setattr(plan_command, "tried", met)
    assert main(["plan", "--offline", "--json", "--parallel", "4"]) == 0
    audiences = json.loads(capsys.readouterr().out)["audiences"]
    assert [(each["name"], each["plan"]["rows"]) for each in audiences] == [("c", 1), ("a", 2), ("d", 3), ("b", 4)]


def test_an_audience_with_a_cursor_is_planned_before_the_first_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "audiences.yml").write_text("config: c.json\nsource: v.csv\naudiences: {vip: {cursor: version}}\n")
    (folder / "v.csv").write_text("email,version\nada@example.com,1\n")
    assert main(["plan", "--offline", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["audiences"][0]["plan"]["rows"] == 1
    assert not (folder / ".pinterest-audiences").exists()


@pytest.mark.parametrize("number", ["0", "17"])
def test_a_number_that_can_not_be_is_refused(number: str) -> None:
    assert main(["plan", "--offline", "--parallel", number]) == 2
