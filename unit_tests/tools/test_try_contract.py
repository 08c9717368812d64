from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tools import try_contract
from tools.try_contract import OURS, SCHEMATHESIS, Description, command, configuration, descriptions, main, obeys

IDS = {"ad_account_id": "1", "audience_id": "2", "to_change": "3"}

needs_schemathesis = pytest.mark.skipif(
    not SCHEMATHESIS.exists(), reason="schemathesis is not set up; `make contract` sets it up"
)


def test_requests_show_a_token_or_the_apps_secret_and_name_what_is_there() -> None:
    written = tomllib.loads(configuration(IDS))

    assert written["headers"] == {"Authorization": "Bearer pina_sandbox"}
    assert written["parameters"] == {"path.ad_account_id": "1", "path.audience_id": "2"}
    by_operation = {each["include-operation-id"]: each for each in written["operations"]}
    assert by_operation["oauth/token"]["headers"]["Authorization"].startswith("Basic ")
    assert by_operation["audiences/update"]["parameters"] == {"path.audience_id": "3"}


def test_only_the_operations_that_the_sandbox_speaks_are_tried() -> None:
    description = Description(Path("theirs.json"), ["a/get", "b/list"], ("x", "y"))

    line = " ".join(command(description, "http://127.0.0.1:1/v5", Path("c.toml"), 7))

    assert "--include-operation-id a/get --include-operation-id b/list" in line
    assert "--exclude-checks x,y" in line
    assert "--max-examples 7" in line


def test_a_description_that_is_not_at_hand_is_said_to_be_missing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs.json"
    assert [description.path for description in descriptions(theirs)] == [OURS]
    assert capsys.readouterr().out.startswith(f"NOT COMPARED with Pinterest's description, which is not at {theirs}.")

    theirs.touch()
    assert [description.path for description in descriptions(theirs)] == [OURS, theirs]
    assert capsys.readouterr().out == ""


def test_without_schemathesis_it_fails_and_says_what_sets_it_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(try_contract, "SCHEMATHESIS", tmp_path / "none")
    monkeypatch.setattr(sys, "argv", ["try_contract", "--description", str(OURS)])

    assert main() == 1
    assert "`make contract`" in capsys.readouterr().err


@needs_schemathesis
@pytest.mark.parametrize(("planted", "status"), [("string", 0), ("integer", 1)])
def test_an_answer_that_the_description_does_not_promise_fails(tmp_path: Path, planted: str, status: int) -> None:
    description = yaml.safe_load(OURS.read_text(encoding="utf-8"))
    description["components"]["schemas"]["CustomerList"]["properties"]["name"]["type"] = planted
    path = tmp_path / "planted.yaml"
    path.write_text(yaml.safe_dump(description), encoding="utf-8")

    assert obeys(Description(path, ["customer_lists/get"], ("positive_data_acceptance",)), 1) == status
