from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from pinterest_audiences.whole_files import is_trap, write_whole


def test_what_a_killed_program_left_of_the_same_file_is_removed_and_nothing_else(tmp_path: Path) -> None:
    others = [".state.json.abcd1234", ".state.json.ABCD1234.part", ".other.json.abcd1234.part", "state.json.part"]
    for name in [*others, ".state.json.abcd1234.part", ".state.json.wxyz_890.part"]:
        (tmp_path / name).write_text("secret")
    (tmp_path / ".state.json.linklink.part").symlink_to(tmp_path / "state.json.part")
    with (tmp_path / ".state.json.wxyz_890.part").open("rb") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        write_whole(tmp_path / "state.json", b"{}")
    kept = {*others, "state.json", ".state.json.wxyz_890.part", ".state.json.linklink.part"}
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert (tmp_path / "state.json").read_bytes() == b"{}"


def standing(mode: int, owner: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("folder_mode", "owner", "is_one"),
    [
        (0o41777, 1002, True),  # /tmp, and somebody else's link
        (0o41777, 1001, False),  # one's own
        (0o41777, 0, False),  # of the folder's owner
        (0o40755, 1002, False),  # nobody else can write there
    ],
)
def test_a_link_of_somebody_else_in_a_folder_for_everybody_is_a_trap(
    folder_mode: int, owner: int, is_one: bool
) -> None:
    assert is_trap(standing(0o120777, owner), standing(folder_mode, 0), 1001) is is_one


def test_a_trap_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, link = tmp_path / "kept", tmp_path / "shared" / "metrics.prom"
    kept.write_text("mine")
    link.parent.mkdir()
    link.parent.chmod(0o1777)
    link.symlink_to(kept)
    write_whole(link, b"new")
    monkeypatch.setattr("pinterest_audiences.whole_files.is_trap", lambda *_: True)
    with pytest.raises(PermissionError):
        write_whole(link, b"newer")
    assert kept.read_text() == "new"
