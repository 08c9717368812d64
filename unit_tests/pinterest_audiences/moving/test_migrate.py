from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from destination_pinterest.config import read_config
from pinterest_audiences.__main__ import main
from pinterest_audiences.project.project import read_project
from unit_tests.pinterest_audiences.moving.exports import ACCOUNT, SECRET, listing, old_flow


def export(folder: Path, *audiences: Any, **more: Any) -> Path:
    path = folder / "old.json"
    path.write_text(json.dumps(old_flow(*audiences, **more)))
    return path


def migrate(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code = main(["migrate", "v4", "--json", *map(str, arguments)])
    return code, json.loads(capsys.readouterr().out)


def test_a_project_and_a_config_are_written_that_run_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = export(tmp_path, {"name": "VIP customers", "mappingId": "2680059592705"}, {"name": "Lapsed"})

    code, result = migrate(capsys, "--from", old, "--out", tmp_path / "new")

    project = read_project(tmp_path / "new" / "audiences.yml", {})
    config = json.loads((tmp_path / "new" / "config.json").read_text())
    assert code == 0
    assert config == {"ad_account_id": ACCOUNT}
    assert read_config({**config, "credentials": {"auth_method": "access_token", "access_token": "t"}})
    assert [each.request(variables={}).destination_object for each in project.audiences] == [
        f"VIP customers ({ACCOUNT}/2680059592705)",
        None,
    ]
    identities = {"email_sha256": "EMAIL:sha256", "gaid": "GAID"}
    assert [each["identities"] for each in result["audiences"]] == [identities, identities]
    assert {each["what"]: each["count"] for each in result["not_carried"]} == {"mapped namespace ECID": 2, "sign-in": 1}


def test_no_secret_of_the_export_is_written_or_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    migrate(capsys, "--from", export(tmp_path, {"name": "VIP"}), "--out", tmp_path / "new")
    code = main(["migrate", "v4", "--from", str(tmp_path / "old.json"), "--out", str(tmp_path / "new"), "--force"])

    written = "".join(path.read_text() for path in (tmp_path / "new").iterdir())
    assert code == 0
    assert SECRET not in written + capsys.readouterr().out


@pytest.mark.parametrize("name", ["null", "123", "yes", "a: b", 'say "hi" # now', "$HOME", "Großkunden ✓", "日本"])
def test_any_name_comes_through(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    migrate(capsys, "--from", export(tmp_path, {"name": name}, {"name": f"{name}!"}), "--out", tmp_path / "new")

    project = read_project(tmp_path / "new" / "audiences.yml", {"HOME": "elsewhere"})

    assert project.audiences[0].audience == name


def test_a_name_with_braces_is_carried_by_its_id_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = export(tmp_path, {"name": "A ${x}", "mappingId": "2680059592705"}, {"name": "B {x}"})

    _, result = migrate(capsys, "--from", old, "--out", tmp_path / "new")

    assert [each["audience"] for each in result["audiences"]] == ["A ${x}"]
    assert 'audience "B {x}"' in [each["what"] for each in result["not_carried"]]


def test_ids_that_the_export_lacks_come_from_a_listing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = listing(("VIP", "2680059592705"), ("Twice", "1"), ("Twice", "2"))
    (tmp_path / "listing.json").write_text(json.dumps(listed))
    old = export(tmp_path, {"name": "VIP"}, {"name": "Twice"})

    _, result = migrate(capsys, "--from", old, "--out", tmp_path / "new", "--audiences", tmp_path / "listing.json")

    assert [each["audience_id"] for each in result["audiences"]] == ["2680059592705", None]


def test_names_that_differ_in_case_alone_are_told_apart_by_their_ids_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [{"name": "VIP", "mappingId": "1"}, {"name": "Vip", "mappingId": "2"}, {"name": "vip"}]

    _, result = migrate(capsys, "--from", export(tmp_path, *named), "--out", tmp_path / "new")

    assert [each["audience_id"] for each in result["audiences"]] == ["1", "2"]
    assert 'audience "vip"' in [each["what"] for each in result["not_carried"]]


def test_a_disabled_audience_stays_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    migrate(capsys, "--from", export(tmp_path, {"name": "VIP"}, state="disabled"), "--out", tmp_path / "new")

    (entry,) = yaml.safe_load((tmp_path / "new" / "audiences.yml").read_text())["audiences"].values()

    assert entry["enabled"] is False


def test_files_that_are_there_are_left_alone_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = export(tmp_path, {"name": "VIP"})
    (tmp_path / "config.json").write_text("mine")

    code, result = migrate(capsys, "--from", old, "--out", tmp_path)

    assert (code, result["error_code"]) == (2, "PIN-CLI-145")
    assert (tmp_path / "config.json").read_text() == "mine"
    assert migrate(capsys, "--from", old, "--out", tmp_path, "--force")[0] == 0


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{}", "PIN-CLI-143"),
        ("[]", "PIN-CLI-143"),
        ("not JSON", "PIN-CLI-143"),
        ("3", "PIN-CLI-143"),
        ('{"audiences": [], "advertiser_id": "1"}', "PIN-CLI-143"),
        ('{"audiences": ["VIP"]}', "PIN-CLI-144"),
    ],
)
def test_an_export_that_can_not_be_used_writes_nothing(
    content: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.json").write_text(content)

    exit_code, result = migrate(capsys, "--from", tmp_path / "old.json", "--out", tmp_path / "new")

    assert (exit_code, result["error_code"]) == (2, code)
    assert not (tmp_path / "new").exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, result = migrate(capsys, "--from", tmp_path / "nothing.json")

    assert (exit_code, result["error_code"]) == (2, "PIN-CLI-143")
    assert "nothing.json" in result["error"]


def test_an_id_of_a_listing_writes_nothing_but_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = '1"\n    settings: {api_base_url: "https://example.com"}\n    # '
    (tmp_path / "listing.json").write_text(json.dumps(listing(("VIP", hostile))))
    old = export(tmp_path, {"name": "VIP"})

    migrate(capsys, "--from", old, "--out", tmp_path / "new", "--audiences", tmp_path / "listing.json")

    written = tmp_path / "new" / "audiences.yml"
    if written.exists():
        (audience,) = yaml.safe_load(written.read_text())["audiences"].values()
        assert "settings" not in audience
