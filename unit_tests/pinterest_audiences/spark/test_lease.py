from __future__ import annotations

import json
import os

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SentBusyError
from pinterest_audiences.spark.lease import NAME, OVER_AFTER_S, Lease

NOBODY = 2**22 + 1  # No process has such a number.


class Memory:
    """A folder in memory, with the time at which each file was written."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.files: dict[str, tuple[str, float]] = {}

    def read(self, name: str) -> str | None:
        return self.files[name][0] if name in self.files else None

    def create(self, name: str, text: str) -> bool:
        if name in self.files:
            return False
        self.write(name, text)
        return True

    def write(self, name: str, text: str) -> None:
        self.files[name] = text, self.now

    def delete(self, name: str) -> None:
        self.files.pop(name, None)

    def age_s(self, name: str, now_s: float) -> float:
        return now_s - self.files[name][1] if name in self.files else 0.0


def lease(folder: Memory) -> Lease:
    return Lease(folder, lambda: folder.now)


def of_another(folder: Memory, pid: int, **place: str) -> None:
    """A lease of a driver that is here but for `place`."""
    with lease(folder).held():
        here = json.loads(folder.read(NAME) or "")
    folder.create(NAME, json.dumps({**here, "owner": "other", "pid": pid, **place}))


def test_a_second_driver_is_refused_until_the_first_has_ended() -> None:
    folder = Memory()

    with lease(folder).held():
        with pytest.raises(SentBusyError) as raised, lease(folder).held():
            raise AssertionError
        assert raised.value.code is Code.SPARK_SENT_BUSY
    with lease(folder).held():
        pass

    assert folder.files == {}


def test_a_driver_that_was_killed_on_this_machine_has_ended() -> None:
    folder = Memory()
    of_another(folder, NOBODY)

    with lease(folder).held():
        assert str(os.getpid()) in (folder.read(NAME) or "")


def test_a_driver_in_another_container_of_the_same_name_has_other_processes_and_may_live() -> None:
    folder = Memory()
    of_another(folder, NOBODY, processes="another boot, another namespace")

    with pytest.raises(SentBusyError), lease(folder).held():
        raise AssertionError


def test_a_driver_elsewhere_has_ended_when_it_has_not_renewed_its_lease_for_long() -> None:
    folder = Memory()
    of_another(folder, NOBODY, host="elsewhere")
    folder.now += OVER_AFTER_S

    with pytest.raises(SentBusyError), lease(folder).held():
        raise AssertionError
    folder.now += 1
    with lease(folder).held():
        pass


def test_a_lease_that_is_being_written_is_another_driver_s() -> None:
    folder = Memory()
    folder.create(NAME, "")

    with pytest.raises(SentBusyError), lease(folder).held():
        raise AssertionError


def test_a_driver_finds_out_that_its_lease_was_taken_and_leaves_it_be() -> None:
    folder = Memory()
    held = lease(folder)

    with held.held():
        held.renew()
        held.check()
        folder.delete(NAME)
        of_another(folder, NOBODY, host="elsewhere")
        held.renew()
        with pytest.raises(SentBusyError):
            held.check()

    assert '"other"' in (folder.read(NAME) or "")
