from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.children import Child, ChildError, run

MIB = 1 << 20


def child(folder: Path, code: str) -> Child:
    return Child([sys.executable, "-c", code], {}, folder)


def test_the_memory_of_who_measures_does_not_count(tmp_path: Path) -> None:
    ours = b"x" * 200 * MIB
    idle = run(child(tmp_path, "pass"), None, tmp_path / "out")
    large = run(child(tmp_path, f"x = b'x' * {100 * MIB}"), None, tmp_path / "out")
    assert idle.peak_bytes < 100 * MIB < large.peak_bytes < len(ours)


def test_what_it_reads_and_writes_and_its_processor_time_are_its_own(tmp_path: Path) -> None:
    lines = [sys.executable, "-c", "print('a'); print('b')"]
    cost = run(child(tmp_path, "import sys; print(sys.stdin.read().upper(), end='')"), lines, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "A\nB\n"
    assert cost.cpu_s > 0
    assert cost.wall_s > 0


def test_a_process_that_fails_is_an_error_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match=r"(?s)ended with 3: .*oh no"):
        run(child(tmp_path, "import sys; print('oh no', file=sys.stderr); sys.exit(3)"), None, tmp_path / "out")
    with pytest.raises(ChildError, match="no measurement"):
        run(Child([tmp_path / "nothing"], {}, tmp_path), None, tmp_path / "out")


def test_a_process_may_be_asked_to_end(tmp_path: Path) -> None:
    cost = run(child(tmp_path, "import time; time.sleep(60)"), None, tmp_path / "out", stop_after_s=0.2)
    assert cost.wall_s < 60
