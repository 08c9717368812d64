from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pinterest_audiences.history.progress import followed, progress_folder, running_syncs
from pinterest_audiences.progress import QuietDisplay, SyncCounts

PROGRESS = {"entered": 60, "synced": 40, "not_synced": 2, "requests": 3, "waited_s": 1.5}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PINTEREST_AUDIENCES_HISTORY": str(tmp_path / "new" / "history.sqlite3")}


@pytest.fixture
def folder(environment: dict[str, str]) -> Path:
    return progress_folder(Path(environment["PINTEREST_AUDIENCES_HISTORY"]))


def test_a_sync_can_be_followed_from_elsewhere_while_it_runs(environment: dict[str, str], folder: Path) -> None:
    with followed(QuietDisplay(io.StringIO()), "VIP", "549", "sync", environment) as display:
        display.begin(100)
        display.read(60)
        display.progressed(PROGRESS)
        display.waiting(1_795_000_000.0)

        (sync,) = running_syncs(folder)
        assert (sync.name, sync.ad_account_id, sync.command, sync.total) == ("VIP", "549", "sync", 100)
        assert sync.counts == SyncCounts(60, 60, 40, 2, 3, 1.5, 1_795_000_000.0)

    assert running_syncs(folder) == []
    assert list(folder.iterdir()) == []


def test_what_is_followed_is_shown_where_it_was_shown_before(environment: dict[str, str]) -> None:
    output = io.StringIO()
    with followed(QuietDisplay(output), "VIP", "549", "sync", environment) as display, display:
        display.log("WARN", "Look.")

    assert output.getvalue() == "warn: Look.\n"


def test_many_syncs_are_shown_in_the_order_in_which_they_began(environment: dict[str, str], folder: Path) -> None:
    quiet = QuietDisplay(io.StringIO())
    with followed(quiet, "b", "1", "run", environment), followed(quiet, "a", "1", "run", environment):
        assert [sync.name for sync in running_syncs(folder)] == ["b", "a"]


def test_a_killed_sync_is_not_shown_and_leaves_nothing(environment: dict[str, str], folder: Path) -> None:
    code = (
        "import io, os, signal\n"
        "from pinterest_audiences.history.progress import followed\n"
        "from pinterest_audiences.progress import QuietDisplay\n"
        "with followed(QuietDisplay(io.StringIO()), 'VIP', '1', 'sync', os.environ):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment}, check=False)
    assert len(list(folder.iterdir())) == 1

    assert running_syncs(folder) == []
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"format": 2}', b'{"format": 1}', b"\xff"])
def test_a_file_of_another_form_is_passed_over(environment: dict[str, str], folder: Path, content: bytes) -> None:
    with followed(QuietDisplay(io.StringIO()), "VIP", "1", "sync", environment):
        (path,) = folder.iterdir()
        with path.open("r+b") as file:
            file.truncate()
            file.write(content)

        assert running_syncs(folder) == []


def test_without_a_history_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    quiet = QuietDisplay(io.StringIO())
    with followed(quiet, "VIP", "1", "sync", {"PINTEREST_AUDIENCES_HISTORY": "off"}) as display:
        assert display is quiet
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_can_not_be_written_to_does_not_hinder_the_sync(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    quiet = QuietDisplay(io.StringIO())
    with followed(quiet, "VIP", "1", "sync", {"PINTEREST_AUDIENCES_HISTORY": str(tmp_path / "file" / "h")}) as display:
        assert display is quiet


def test_a_person_in_a_name_is_in_no_file(tmp_path: Path) -> None:
    environment = {"PINTEREST_AUDIENCES_HISTORY": str(tmp_path / "history.sqlite3")}
    with followed(QuietDisplay(io.StringIO()), "Friends of ada@example.com", "7", "sync", environment):
        (file,) = progress_folder(tmp_path / "history.sqlite3").iterdir()
        assert b"ada@example.com" not in file.read_bytes()
