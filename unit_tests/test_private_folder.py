from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.private_folder import PREFIX, PrivateFolder, remove_abandoned
from unit_tests.support.raises import raises

_OWNER = """
import sys
import tempfile
from pathlib import Path
from destination_pinterest.private_folder import PrivateFolder
folder = PrivateFolder(Path(sys.argv[1]))
(folder.path / "rows").write_bytes(bytes(1000))
print(folder.path, flush=True)
sys.stdin.read()
"""


def start_owner(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """Another process that has a private folder in use."""
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(parent)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    return owner, Path(owner.stdout.readline().strip())


def end(owner: subprocess.Popen[str]) -> None:
    owner.send_signal(signal.SIGKILL)
    owner.communicate()


def test_the_folder_of_a_killed_process_is_removed_by_the_next_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    killed, left = start_owner(tmp_path)
    alive, used = start_owner(tmp_path)
    end(killed)
    assert left.exists()
    own = PrivateFolder(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([used, own.path])
    assert (used / "rows").stat().st_size == 1000
    own.close()
    end(alive)


def test_one_that_is_taken_for_an_abandoned_one_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, created = tempfile.mkdtemp, []

    def create_beside_another_that_cleans_up(*, prefix: str, dir: Path) -> str:  # noqa: A002 - as mkdtemp has it
        created.append(create(prefix=prefix, dir=dir))
        if len(created) == 1:
            remove_abandoned(tmp_path)
        return created[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", create_beside_another_that_cleans_up)
    own = PrivateFolder(tmp_path)
    assert [str(own.path)] == created[1:] == [str(path) for path in tmp_path.iterdir()]
    own.close()


def test_only_folders_of_our_own_naming_are_removed(tmp_path: Path) -> None:
    # The released version neither locks its folders nor names them as this one does, and may be at work.
    others = ["destination-pinterest-abcd1234", f"{PREFIX}abcd1234.bak", f"{PREFIX}somebody", "notes"]
    for name in others:
        (tmp_path / name).mkdir()
    (tmp_path / f"{PREFIX}abcd1234").write_text("a file")
    (tmp_path / f"{PREFIX}abcd5678").symlink_to(tmp_path / "notes")
    PrivateFolder(tmp_path).close()
    # "somebody" has eight letters: it can't be told from ours, and nobody holds it.
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*others, f"{PREFIX}abcd1234", f"{PREFIX}abcd5678"} - {f"{PREFIX}somebody"}


def test_another_users_folder_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{PREFIX}abcd1234").mkdir()
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    own = PrivateFolder(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    own.close()


def test_a_folder_is_gone_after_use_and_may_be_closed_twice(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path)
    (folder.path / "rows").touch()
    folder.close()
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_has_no_room_for_one_is_said(tmp_path: Path) -> None:
    with raises(Code.NO_LOCAL_FOLDER, match="TMPDIR"):
        PrivateFolder(tmp_path / "missing")
