from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.project.unfinished import Begun, begin, end, killed, unfinished
from unit_tests.support.raises import raises


def begun(*names: str) -> Begun:
    return Begun("r1", "run", "2026-11-27T01:00:00+00:00", names)


def test_what_was_begun_and_did_not_end_is_known_to_the_next_run(tmp_path: Path) -> None:
    assert unfinished(tmp_path) == set()
    begin(tmp_path, begun("vip", "leads"))
    end(tmp_path, ["leads"])
    assert unfinished(tmp_path) == {"vip"}
    begin(tmp_path, begun("leads"))
    end(tmp_path, ["leads", "vip"])
    assert unfinished(tmp_path) == set()


@pytest.mark.parametrize("content", ["", "[]", '{"format": 2, "audiences": []}', '{"format": 1}'])
def test_a_file_that_can_not_be_read_is_no_proof_that_all_ended(tmp_path: Path, content: str) -> None:
    (tmp_path / "unfinished.json").write_text(content)
    with raises(Code.PROJECT_INVALID, match="Remove it, and run all audiences once"):
        unfinished(tmp_path)


def test_a_run_that_was_killed_is_told_from_one_that_was_stopped_before_some_audiences(tmp_path: Path) -> None:
    begin(tmp_path, begun("vip", "leads"))
    assert killed(tmp_path) == begun("vip", "leads")
    end(tmp_path, ["leads"])
    assert (killed(tmp_path), unfinished(tmp_path)) == (None, {"vip"})


@pytest.mark.parametrize(
    "damaged", ["7", "{}", '{"run_id": "r1", "command": "run", "started_at": "x", "audiences": []}']
)
def test_what_is_not_known_of_a_killed_run_is_not_guessed(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "unfinished.json").write_text('{"format": 1, "audiences": ["vip"], "begun": ' + damaged + "}")
    assert (killed(tmp_path), unfinished(tmp_path)) == (None, {"vip"})


def test_the_end_of_a_run_finds_room_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(tmp_path, begun("vip", "leads"))

    def no_room(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", no_room)
    end(tmp_path, ["vip"])
    assert (killed(tmp_path), unfinished(tmp_path)) == (None, {"leads"})
    with raises(Code.PROJECT_INVALID, match="No space left on device"):
        begin(tmp_path, begun("vip", "leads"))
    assert unfinished(tmp_path) == {"leads"}
