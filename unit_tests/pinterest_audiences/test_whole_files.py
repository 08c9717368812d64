from __future__ import annotations

import fcntl
from pathlib import Path

from pinterest_audiences.whole_files import write_whole


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
