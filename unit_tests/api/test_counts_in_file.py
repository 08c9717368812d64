from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from destination_pinterest.api.counts_in_file import FileCounts, process_is_running
from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Permit, limits_of
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.shared_counts import Answered, Sent
from destination_pinterest.system import System

WRITE = Category.ADS_WRITE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "quota"


def counts_of(path: Path, owner: int) -> FileCounts:
    return FileCounts(path, owner, process_is_running)


class Time:
    """A clock for several quotas in turns: who waits takes it on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.meanwhile: Callable[[], None] = lambda: None
        self.system = System(clock=lambda: self.now, now=lambda: self.now, chance=lambda: 0.0, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.meanwhile()
        self.now += seconds


def quotas(path: Path, time: Time, number: int, tier: str = "standard") -> list[Quota]:
    return [
        Quota(
            limits_of("trial" if tier == "trial" else "standard"),
            longest_wait_s=200_000.0,
            system=time.system,
            observer=SilentObserver(),
            counts=counts_of(path, (os.getpid(), os.getppid(), 1)[owner]),
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
            counts=counts_of(path, owner),
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
    ours, others = counts_of(path, os.getpid()), counts_of(path, os.getppid())
    permit = Permit(WRITE, 5.0)
    assert others.claim(permit)
    (event,) = ours.news(lambda: 5.0)
    assert isinstance(event, Sent)
    assert (event.permit.category, event.permit.sent_at) == (WRITE, 5.0)
    permit.answered_at = 6.0
    others.answered(permit)
    assert ours.news(lambda: 6.0) == [Answered(event.permit, 6.0)]
    assert ours.news(lambda: 7.0) == []
    assert others.news(lambda: 7.0) == []


def test_a_claim_that_does_not_know_of_another_is_refused_and_tells_nothing(path: Path) -> None:
    ours, others = counts_of(path, os.getpid()), counts_of(path, os.getppid())
    assert others.claim(Permit(WRITE, 5.0))
    assert not ours.claim(Permit(WRITE, 5.0))
    assert others.news(lambda: 6.0) == []
    assert len(ours.news(lambda: 6.0)) == 1
    assert ours.claim(Permit(WRITE, 6.0))


def test_a_request_of_a_process_that_was_killed_holds_nobody_up(path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    theirs, ours = counts_of(path, gone.pid), counts_of(path, os.getpid())
    theirs.claim(Permit(WRITE, 5.0))
    assert [type(event) for event in ours.news(lambda: 8.0)] == [Sent, Answered]


def test_a_request_that_nobody_tells_the_end_of_ends_some_time(path: Path) -> None:
    theirs, ours = (FileCounts(path, owner, lambda _: True) for owner in (7, 8))
    theirs.claim(Permit(WRITE, 5.0))
    assert [type(event) for event in ours.news(lambda: 8.0)] == [Sent]
    assert ours.news(lambda: 300.0) == []
    assert [type(event) for event in ours.news(lambda: 306.0)] == [Answered]


def test_an_unfinished_line_is_nobodys_and_spoils_no_other(path: Path) -> None:
    path.write_bytes(b"12 3 ads_wr")
    theirs, ours = counts_of(path, os.getppid()), counts_of(path, os.getpid())
    assert theirs.news(lambda: 1.0) == []
    assert theirs.claim(Permit(WRITE, 1.0))
    assert [type(event) for event in ours.news(lambda: 1.0)] == [Sent]


@pytest.mark.parametrize(
    "line",
    [
        "1 1 ads_write 1e999", "1 1 ads_write nan", "1 1 ads_write 8.0", f"{9 * 10**30} 1 ads_write 1.0",
        "0 1 ads_write 1.0", "-1 1 ads_write 1.0", f"{'9' * 5000} 1 ads_write 1.0", "1 1 none 1.0", "1 1 - nan",
    ],
)  # fmt: skip
def test_what_no_process_writes_holds_nobody_up(path: Path, line: str) -> None:
    path.write_text(f"{line}\n")
    ours = counts_of(path, os.getpid())
    assert ours.news(lambda: 7.0) == []
    assert ours.news(lambda: 8.0) == []


@pytest.mark.parametrize("at", ["nan", "1e999", "-5.0"])
def test_an_answer_of_no_time_is_of_now(path: Path, at: str) -> None:
    path.write_text(f"1 1 ads_write 5.0\n1 1 - {at}\n")
    events = counts_of(path, os.getpid()).news(lambda: 7.0)
    assert [event.at for event in events if isinstance(event, Answered)] == [7.0]


def test_times_in_the_file_may_be_those_of_another_clock(path: Path) -> None:
    theirs = FileCounts(path, 7, lambda _: True, offset_s=1_000_000.0)
    theirs.claim(Permit(WRITE, 5.0))
    assert path.read_text() == "7 1 ads_write 1000005.0\n"
    (event,) = FileCounts(path, 8, lambda _: True, offset_s=999_990.0).news(lambda: 20.0)
    assert event.permit.sent_at == 15.0


def test_a_file_that_is_replaced_since_it_is_large_loses_nothing_and_tells_nothing_twice(path: Path) -> None:
    sender, reader, sleeper = (FileCounts(path, owner, lambda _: True, largest_bytes=500) for owner in (7, 8, 9))
    sleeper.claim(Permit(WRITE, 0.5))
    told: list[float] = []
    sizes = []
    for number in range(1, 101):
        permit = Permit(WRITE, float(number))
        while not sender.claim(permit):
            sender.news(lambda: 1000.0)
        permit.answered_at = float(number)
        sender.answered(permit)
        told += [each.permit.sent_at for each in reader.news(lambda: 200.0) if isinstance(each, Sent)]
        sizes.append(path.stat().st_size)
    assert told == [0.5, *map(float, range(1, 101))]
    assert max(sizes) < 1_000
    late = Permit(WRITE, 200.0)
    while not sleeper.claim(late):
        sleeper.news(lambda: 200.0)
    assert [each.permit.sent_at for each in sender.news(lambda: 300.0) if isinstance(each, Sent)] == [200.0]
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_others_may_have_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "quota"
    path.touch()
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(OSError):  # noqa: PT011 - of either kind
            counts_of(tmp_path / name, 7)
    assert counts_of(path, 7).news(lambda: 1.0) == []
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(PermissionError):
        counts_of(path, 7)


def test_a_file_that_somebody_empties_stops_nobody(path: Path) -> None:
    ours, theirs = (FileCounts(path, owner, lambda _: True) for owner in (7, 8))
    assert ours.claim(Permit(WRITE, 1.0))
    os.truncate(path, 0)
    ours.news(lambda: 2.0)
    assert ours.claim(Permit(WRITE, 2.0))
    assert [type(event) for event in theirs.news(lambda: 3.0)] == [Sent]


def test_a_file_that_somebody_removes_is_begun_anew_by_all(path: Path) -> None:
    ours, theirs = (FileCounts(path, owner, lambda _: True) for owner in (7, 8))
    assert ours.claim(Permit(WRITE, 1.0))
    path.unlink()
    theirs.news(lambda: 2.0)
    assert theirs.claim(Permit(WRITE, 2.0))
    assert [event.permit.sent_at for event in ours.news(lambda: 3.0) if isinstance(event, Sent)] == [2.0]


def test_a_folder_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    ours = FileCounts(tmp_path / "folder" / "quota", 7, lambda _: True)
    (tmp_path / "folder" / "quota").unlink()
    (tmp_path / "folder").rmdir()
    assert ours.news(lambda: 1.0) == []
    assert ours.claim(Permit(WRITE, 1.0))


def test_a_request_is_claimed_before_its_time_and_sent_at_it(path: Path) -> None:
    time = Time()
    ours, theirs = quotas(path, time, 2)
    others = counts_of(path, 1)
    first = ours.acquire(WRITE)
    known: list[float] = []
    time.meanwhile = lambda: known.extend(
        event.permit.sent_at - time.now for event in others.news(lambda: time.now) if isinstance(event, Sent)
    )
    second = theirs.acquire(WRITE)
    assert known == pytest.approx([0.0, 0.143])
    assert second.sent_at == pytest.approx(first.sent_at + 0.143)
    assert second.sent_at == pytest.approx(time.now)


def test_a_permit_is_given_back_if_pinterest_refuses_requests_before_its_time(path: Path) -> None:
    time = Time()
    (ours,) = quotas(path, time, 1)
    refused_at = ours.acquire(WRITE).sent_at
    refusals = iter([5.0])
    time.meanwhile = lambda: ours.block(WRITE, next(refusals, 0.0))
    assert ours.acquire(WRITE).sent_at >= refused_at + 5.0
    told = [line.split(" ")[1:3] for line in path.read_text().splitlines()]
    # 0: it waits in the line for what is free so much later.
    assert told == [["1", "ads_write"], ["2", "ads_write"], ["2", "-"], ["0", "ads_write"], ["3", "ads_write"]]


def test_a_permit_is_given_back_if_nobody_waits_for_its_time_any_more(path: Path) -> None:
    time = Time()
    (ours,) = quotas(path, time, 1)
    ours.acquire(WRITE)

    def end() -> None:
        raise KeyboardInterrupt

    time.meanwhile = end
    with pytest.raises(KeyboardInterrupt):
        ours.acquire(WRITE)
    assert [line.split(" ")[2] for line in path.read_text().splitlines()] == ["ads_write", "ads_write", "-"]


def test_nothing_is_claimed_long_before(path: Path) -> None:
    path.write_text("1 1 ads_write 8.0\n1 2 ads_write 7.4\n")
    events = counts_of(path, os.getpid()).news(lambda: 7.0)
    assert [event.permit.sent_at for event in events if isinstance(event, Sent)] == [7.4]
