"""`make demo`'s program: run twice, from a path with a blank, stopped, and with a membership that is wrong."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import demo.__main__ as program
from demo.warehouse import ROWS, expected_members, rows_without_identity, write_warehouse

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with a blank in its name that holds the demo's program."""
    folder = tmp_path / "a folder"
    shutil.copytree(CHECKOUT / "demo", folder / "demo", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_demo_works_twice_without_a_terminal_in_a_path_with_a_blank(elsewhere: Path) -> None:
    for _ in range(2):
        began = time.monotonic()
        result = subprocess.run(
            [sys.executable, "-m", "demo"], cwd=elsewhere, capture_output=True, text=True, timeout=120, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        assert time.monotonic() - began < 60
        assert f"Rows entered         {ROWS:,}" in result.stdout
        assert "the audience is exactly the 117,500 identities of the table" in result.stdout
        assert "What to type next" in result.stdout
    assert sorted(path.name for path in elsewhere.iterdir()) == [".demo", "demo"]


def test_the_demo_that_is_stopped_leaves_no_process_behind(elsewhere: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "demo"], cwd=elsewhere, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(6)
    running = descendants(process.pid)
    assert len(running) >= 3  # sandbox, command line, connector
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)
    assert process.returncode == 130
    assert [pid for pid in running if Path(f"/proc/{pid}").exists()] == []


def descendants(pid: int) -> list[int]:
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    return [each for child in map(int, children) for each in (child, *descendants(child))]


def test_a_membership_that_differs_is_told_with_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert program._compare({"a", "b"}, {"a", "b"}) is None
    fault = program._compare({"a", "b", "c"}, {"b", "x"})
    assert fault == (
        "the audience differs from the table: 2 of 3 identities are missing, 1 are there that should not be."
    )


def test_a_sync_that_fails_fails_the_demo(elsewhere: Path) -> None:
    (elsewhere / "demo" / "warehouse.py").write_text(
        (elsewhere / "demo" / "warehouse.py")
        .read_text()
        .replace("TABLE: Final = ", "TABLE: Final = 'no ' 'such '; X = ")
    )
    result = subprocess.run(
        [sys.executable, "-m", "demo"], cwd=elsewhere, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode != 0


def test_the_warehouse_is_the_same_every_time_and_has_the_bad_rows_that_it_should(tmp_path: Path) -> None:
    path = tmp_path / "customers.duckdb"
    write_warehouse(path)
    once = expected_members(path)
    write_warehouse(path)
    assert expected_members(path) == once
    assert len(once) == 117_500
    assert rows_without_identity(path) == ROWS // 200 * 4
    assert list(tmp_path.iterdir()) == [path]
