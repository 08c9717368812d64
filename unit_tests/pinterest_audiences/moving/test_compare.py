from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from pinterest_audiences.__main__ import main
from unit_tests.pinterest_audiences.moving.exports import ACCOUNT, listing, old_flow

VIP = {"name": "VIP", "mappingId": "2680059592705", "size": 1_000}
PROJECT = f"""
source: people.duckdb
audiences:
  vip:
    audience: VIP
    audience_id: 2680059592705
    ad_account_id: {ACCOUNT}
    table: vip
    identities: {{email: EMAIL, gaid: GAID}}
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old_flow(VIP, {"name": "Lapsed", "mappingId": "2680059592706"})))
    return path


def compare(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code = main(["compare", "--json", *map(str, arguments)])
    return code, json.loads(capsys.readouterr().out)


def test_a_listing_that_has_everything_ends_with_0(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new.json"
    new.write_text(json.dumps(listing(("VIP", "2680059592705"), ("Lapsed", "2680059592706"))))

    code, result = compare(capsys, old, new)

    assert (code, result["counts"]) == (0, {"same": 2, "lacks": 0, "missing": 0, "added": 0})


def test_what_a_listing_lacks_is_named_and_ends_with_1(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new.json"
    new.write_text(json.dumps(listing(("VIP", "2680059592705"), size=10)))

    code, result = compare(capsys, old, new)

    assert (code, result["error_code"]) == (1, "PIN-CLI-146")
    assert [(each["verdict"], each["lacks"]) for each in result["audiences"]] == [
        ("lacks", ["990 of 1,000 people"]),
        ("missing", ["the audience"]),
    ]


@pytest.mark.parametrize(("size", "lacks"), [("10", ["990 of 1,000 people"]), ("many", []), (1.5, []), (None, [])])
def test_a_size_of_another_type_is_read_or_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], size: Any, lacks: list[str]
) -> None:
    (tmp_path / "old.json").write_text(json.dumps(old_flow(VIP)))
    (tmp_path / "new.json").write_text(json.dumps(listing(("VIP", "2680059592705"), size=size)))
    _, result = compare(capsys, tmp_path / "old.json", tmp_path / "new.json")
    assert result["audiences"][0]["lacks"] == lacks


def test_what_could_not_be_compared_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export = old_flow({**VIP, "advertiserId": ACCOUNT}, advertiserId=ACCOUNT)
    export["items"].append({**old_flow({"name": "Lapsed"})["items"][0], "targetConnectionIds": ["gone"]})
    (tmp_path / "old.json").write_text(json.dumps(export))
    (tmp_path / "new.json").write_text(json.dumps(listing(("VIP", "2680059592705"))))
    code, result = compare(capsys, tmp_path / "old.json", tmp_path / "new.json")
    assert (code, result["error_code"]) == (1, "PIN-CLI-152")
    assert "dataflow without an advertiser ID (1)" in result["error"]


def test_people_read_names_sizes_and_updates(old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = tmp_path / "new.json"
    new.write_text(json.dumps(listing(("VIP", "2680059592705"), size=10)))

    assert main(["compare", str(old), str(new)]) == 1

    printed = capsys.readouterr()
    assert "1,000, now 10" in printed.out
    assert "now 2026-11-20 00:00 UTC" in printed.out
    assert "lacks 1 of the old one's audiences, and in 1 more something else" in printed.err


def test_a_project_file_is_compared_by_ids_and_identities(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "audiences.yml").write_text(PROJECT)

    code, result = compare(capsys, old, tmp_path / "audiences.yml")

    assert code == 1
    assert [each["verdict"] for each in result["audiences"]] == ["same", "missing"]
    assert result["audiences"][0]["unknown"] == ["size", "last update"]


def test_the_new_side_may_come_from_standard_input(
    old: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.dumps(listing(("VIP", "2680059592705"), ("Lapsed", "2680059592706"))).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

    assert compare(capsys, old, "-")[0] == 0


def test_the_listing_of_a_command_that_failed_is_refused(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new.json"
    new.write_text(json.dumps({"schema_version": 1, "status": "failed", "error": "PIN-NET-001: …"}))

    code, result = compare(capsys, old, new)

    assert (code, result["error_code"]) == (2, "PIN-CLI-143")
