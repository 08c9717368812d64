from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Permit, limits_of
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.shared_counts import Answered, Sent, SharedCounts, shared_counts
from destination_pinterest.markers import QUOTA_PATH_VARIABLE
from destination_pinterest.system import System

WRITE = Category.ADS_WRITE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "quota"


class Time:
    """A clock for several quotas in turns: who waits takes it on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.system = System(clock=lambda: self.now, now=lambda: self.now, chance=lambda: 0.0, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def quotas(path: Path, time: Time, number: int, tier: str = "standard") -> list[Quota]:
    return [
        Quota(
            limits_of("trial" if tier == "trial" else "standard"),
            longest_wait_s=200_000.0,
            system=time.system,
            observer=SilentObserver(),
            counts=SharedCounts(path, (os.getpid(), os.getppid(), 1)[owner]),
        )
        for owner in range(number)
    ]


def most_in(sent: list[float], window_s: float) -> int:
    return max(sum(begin <= moment < begin + window_s for moment in sent) for begin in sent)


def test_processes_in_turns_send_no_more_than_one_may(path: Path) -> None:
    time = Time()
    sent = []
    sharing = quotas(path, time, 3)
    for turn in range(900):
        quota = sharing[turn % 3]
        permit = quota.acquire(WRITE)
        sent.append(permit.sent_at)
        quota.learn(permit, status=200)
    assert most_in(sent, 60.0) == 400
    assert most_in(sent, 1.0) <= 7


def test_a_day_of_trial_access_is_shared_too(path: Path) -> None:
    time = Time()
    sharing = quotas(path, time, 3, "trial")
    sent = []
    for turn in range(303):
        permit = sharing[turn % 3].acquire(WRITE)
        sent.append(permit.sent_at)
        sharing[turn % 3].learn(permit, status=200)
    assert sent[299] - sent[0] < 60.0
    assert sent[300] - sent[0] >= 86_400.0


def test_threads_that_decide_at_once_keep_the_pace_together(path: Path) -> None:
    sent: list[float] = []

    def send(owner: int) -> None:
        quota = Quota(
            limits_of("standard"),
            longest_wait_s=60.0,
            system=System(),
            observer=SilentObserver(),
            counts=SharedCounts(path, owner),
        )
        for _ in range(3):
            permit = quota.acquire(WRITE)
            sent.append(permit.sent_at)
            quota.learn(permit, status=200)

    threads = [threading.Thread(target=send, args=(owner,)) for owner in (os.getpid(), os.getppid(), 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 9
    assert most_in(sent, 1.0) <= 7


def test_what_another_process_sends_and_gets_answered_is_told_once(path: Path) -> None:
    ours, others = SharedCounts(path, os.getpid()), SharedCounts(path, os.getppid())
    permit = Permit(WRITE, 5.0)
    with others.exclusive(lambda: 5.0):
        others.sent(permit)
    with ours.exclusive(lambda: 5.0) as events:
        (event,) = events
        assert isinstance(event, Sent)
        assert (event.permit.category, event.permit.sent_at) == (WRITE, 5.0)
    permit.answered_at = 6.0
    with others.exclusive(lambda: 6.0):
        others.answered(permit)
    with ours.exclusive(lambda: 6.0) as events:
        assert events == [Answered(event.permit, 6.0)]
    with ours.exclusive(lambda: 7.0) as events:
        assert events == []


def test_a_request_of_a_process_that_was_killed_holds_nobody_up(path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    theirs, ours = SharedCounts(path, gone.pid), SharedCounts(path, os.getpid())
    with theirs.exclusive(lambda: 5.0):
        theirs.sent(Permit(WRITE, 5.0))
    with ours.exclusive(lambda: 8.0) as events:
        assert [type(event) for event in events] == [Sent, Answered]


def test_an_unfinished_line_is_nobodys(path: Path) -> None:
    path.write_bytes(b"12 3 ads_wr\n")
    with SharedCounts(path, os.getpid()).exclusive(lambda: 1.0) as events:
        assert events == []


@pytest.mark.parametrize(
    "line",
    [
        "1 1 ads_write 1e999", "1 1 ads_write nan", "1 1 ads_write 8.0", f"{9 * 10**30} 1 ads_write 1.0",
        "0 1 ads_write 1.0", "-1 1 ads_write 1.0", f"{'9' * 5000} 1 ads_write 1.0", "1 1 none 1.0", "1 1 - nan",
    ],
)  # fmt: skip
def test_what_no_process_writes_holds_nobody_up(path: Path, line: str) -> None:
    path.write_text(f"{line}\n")
    ours = SharedCounts(path, os.getpid())
    with ours.exclusive(lambda: 7.0) as events:
        assert events == []
    with ours.exclusive(lambda: 8.0) as events:
        assert events == []


@pytest.mark.parametrize("at", ["nan", "1e999", "-5.0"])
def test_an_answer_of_no_time_is_of_now(path: Path, at: str) -> None:
    path.write_text(f"1 1 ads_write 5.0\n1 1 - {at}\n")
    with SharedCounts(path, os.getpid()).exclusive(lambda: 7.0) as events:
        assert [event.at for event in events if isinstance(event, Answered)] == [7.0]


def test_a_file_that_others_may_have_written_is_not_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "quota"
    path.touch()
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        assert shared_counts({QUOTA_PATH_VARIABLE: str(tmp_path / name)}) is None
    assert shared_counts({QUOTA_PATH_VARIABLE: str(path)}) is not None
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert shared_counts({QUOTA_PATH_VARIABLE: str(path)}) is None


def test_a_file_that_cannot_be_opened_leaves_each_process_its_own_counts(tmp_path: Path) -> None:
    assert shared_counts({QUOTA_PATH_VARIABLE: str(tmp_path / "no" / "quota")}) is None
    assert shared_counts({}) is None
    assert isinstance(shared_counts({QUOTA_PATH_VARIABLE: str(tmp_path / "quota")}), SharedCounts)
