"""One process at a time renews a sign-in that several share."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from destination_pinterest.config_lock import LONGEST_WAIT_S, holding
from unit_tests.support.clock import Clock


def is_locked(path: Path) -> bool:
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def test_the_file_is_locked_while_the_block_runs(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "c.json"
    path.write_text("{}")
    with holding(path, clock.system):
        assert is_locked(path)
    assert not is_locked(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_was_replaced_while_it_was_waited_for_is_locked_as_it_is_then(tmp_path: Path, clock: Clock) -> None:
    path, beside = tmp_path / "c.json", tmp_path / "new"
    path.write_text("old")
    holder = os.open(path, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)

    def other_process(_: float) -> None:
        beside.write_text("new")
        beside.replace(path)
        os.close(holder)

    clock.before_sleep = other_process
    with holding(path, clock.system):
        assert is_locked(path)
    assert len(clock.slept) == 1


def test_who_hangs_with_the_lock_does_not_stop_everything_else(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "c.json"
    path.write_text("{}")
    holder = os.open(path, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    with holding(path, clock.system):
        assert sum(clock.slept) >= LONGEST_WAIT_S
    os.close(holder)


def test_what_can_not_be_locked_is_not_waited_for(tmp_path: Path, clock: Clock) -> None:
    with holding(tmp_path / "missing.json", clock.system):
        assert clock.slept == []
