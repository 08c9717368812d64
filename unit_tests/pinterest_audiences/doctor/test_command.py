from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pinterest_audiences.__main__ import main


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two profiles, of which none is the default one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PINTEREST_AUDIENCES_HOME", str(tmp_path))
    (tmp_path / "profiles").mkdir(mode=0o700)
    for number, name in enumerate(("shop", "travel"), start=1):
        path = tmp_path / "profiles" / f"{name}.json"
        path.write_text(json.dumps({"credentials": {"access_token": "pina_test"}, "ad_account_id": f"{number}"}))
        path.chmod(0o600)
    return tmp_path


def settings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    main(["doctor", "--offline", "--json", *arguments])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return [each for each in findings if each["name"] in {"Settings", "Project"}]


def test_the_profiles_that_a_project_file_names_are_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    (without,) = settings(capsys)
    assert (without["state"], "There are several profiles" in without["text"]) == ("failed", True)
    Path("audiences.yml").write_text(
        "profile: travel\nsource: a.csv\naudiences: {vip: {}, leads: {}, buyers: {profile: shop}}\n"
    )
    project, *found = settings(capsys)
    assert project["text"].endswith("audiences.yml")
    assert [each["text"].partition("; ")[2] for each in found] == ["ad account 2", "ad account 1"]
    (named,) = settings(capsys, "--profile", "shop")
    assert named["text"].endswith("ad account 1")


def test_a_project_file_that_can_not_be_used_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    Path("shop.yml").write_text("profile: nobody\nsource: a.csv\naudiences: {vip: {}, leads: {}}\n")
    _, fault = settings(capsys, "--file", "shop.yml")
    assert (fault["state"], "nobody" in fault["text"]) == ("failed", True)
    _, fault = settings(capsys, "--file", "none.yml")
    assert (fault["state"], "none.yml" in fault["text"]) == ("failed", True)
