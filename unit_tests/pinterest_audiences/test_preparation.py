"""What is prepared for a sync: above all, that nothing is begun anew which an earlier run has not got to the end of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.__main__ import parser
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.cursor_state import cursor_state
from pinterest_audiences.preparation import opened_at, prepared
from pinterest_audiences.sync_request import SyncRequest, read_request
from unit_tests.support.raises import raises

CONFIG = {"credentials": {"auth_method": "access_token", "access_token": "x"}, "ad_account_id": "549755885175"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.json").write_text(json.dumps(CONFIG))
    (tmp_path / "people.csv").write_text("id,email\n1,a@example.com\n")
    return tmp_path


def request_of(*arguments: str) -> SyncRequest:
    given = ["sync", "--from", "people.csv", "--audience", "VIPs", "--config", "c.json", "--rejected", "r.jsonl"]
    return read_request(parser().parse_args([*given, *arguments]))


def rejected_after(request: SyncRequest, state: dict[str, Any] | None) -> str:
    """What is left of an earlier run's rejected rows when a run begins, after one that was killed behind a state."""
    Path("r.jsonl").write_text('{"file": 1}\n')
    with prepared(request, ConfigFile("c.json", {})) as ready:
        if state is not None and ready.state_file is not None:
            ready.state_file.save(state)
    Path("r.jsonl").write_text('{"file": 1}\n{"li')
    with prepared(request, ConfigFile("c.json", {})):
        return Path("r.jsonl").read_text()


def test_what_a_variable_of_an_unreachable_address_holds_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE", "canary")
    with raises(Code.SOURCE_UNREACHABLE, match=r"\$\{DATABASE\}") as error:
        opened_at("mysql://u@127.0.0.1:1/${DATABASE}")
    assert "canary" not in str(error.value)


def test_rejected_rows_of_a_killed_run_stay_as_its_rows_are_not_read_again(folder: Path) -> None:
    assert folder
    assert rejected_after(request_of("--cursor", "id"), cursor_state("id", 1)) == '{"file": 1}\n'


def test_rejected_rows_of_a_run_that_is_read_again_from_its_beginning_are_written_anew(folder: Path) -> None:
    assert folder
    assert rejected_after(request_of("--cursor", "id"), None) == ""
    assert rejected_after(request_of(), None) == ""
