"""One quota for several processes, through a real Redis and through a file."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from statistics import median

import pytest

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import FixedWindow, Limits, Permit, SlidingWindow
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.presence_in_redis import Presence
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.quota_sharing import redis_client
from destination_pinterest.api.shared_counts import Answered, Sent, Wants
from destination_pinterest.config.shared_quota import read_shared_quota
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import RateLimitedError
from destination_pinterest.system import System
from integration_tests.airbyte_messages import config
from integration_tests.quota.counts import redis_counts
from integration_tests.quota.far_redis import far_redis
from integration_tests.quota.redis_server import RedisServer, redis_server
from integration_tests.quota.senders import Limited, together
from integration_tests.sandbox_process import RunningSandbox

PROGRAM = Path(sys.executable).with_name("destination-pinterest")


@pytest.fixture(scope="module")
def started() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def redis(started: RedisServer) -> RedisServer:
    redis_client(read_shared_quota(started.url)).flushall()
    return started


@pytest.fixture
def said() -> list[tuple[str, str]]:
    return []


def a_quota(url: str, owner: str, limits: Limits, said: list[tuple[str, str]]) -> Quota:
    counts = redis_counts(url, owner, lambda *line: said.append((line[0], line[1])))
    return Quota(limits, longest_wait_s=150.0, system=System(), observer=SilentObserver(), counts=counts)


@pytest.mark.parametrize("through", ["redis", "file"])
def test_processes_never_exceed_a_limit_together_and_use_nearly_all_of_it_fairly(
    through: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("redis").url if through == "redis" else str(tmp_path / "quota")
    limited = Limited(60, 2.0)
    each = together([url, url], limited, 5.0)
    sent = sorted(moment for one in each for moment in one)
    assert limited.most_within(sent) <= limited.allowed
    # The margin of a window is 2.5 % of this short one, and 0.1 % of a minute.
    assert median(limited.share_used(sent)) >= 0.9
    # Nobody has to wait in the first window; from then on they take turns.
    waited = [sum(moment >= sent[limited.allowed] for moment in one) for one in each]
    assert min(waited) >= 0.3 * sum(waited)


def test_a_process_that_is_far_from_redis_costs_neither_quota_nor_its_turn(redis: RedisServer) -> None:
    limited = Limited(20, 3.0, pace=7)  # As tight as Pinterest's 400 a minute at 7 a second.
    with far_redis(str(redis.socket_path), 0.02) as far:
        each = together([redis.url, far.url], limited, 7.0)
    sent = [moment for one in each for moment in one]
    assert limited.most_within(sent) <= limited.allowed
    # Of a minute at rest it is 97 %. Without claims ahead it is four fifths.
    assert median(limited.share_used(sent)) >= 0.87
    assert min(map(len, each)) >= 0.4 * len(sent)


def test_the_count_of_a_day_survives_who_has_counted(redis: RedisServer, said: list[tuple[str, str]]) -> None:
    def new(owner: str) -> Quota:
        return a_quota(redis.url, owner, Limits(of_category={Category.ADS_WRITE: (FixedWindow(5, 86_400.0),)}), said)

    for owner, number in (("first", 3), ("second", 2)):
        quota = new(owner)
        for _ in range(number):
            quota.learn(quota.acquire(Category.ADS_WRITE), status=200)
    with pytest.raises(RateLimitedError):
        new("third").acquire(Category.ADS_WRITE)
    assert said == []


def test_the_count_of_a_day_survives_a_redis_that_keeps_what_it_has(said: list[tuple[str, str]]) -> None:
    limits = Limits(of_category={Category.ADS_WRITE: (FixedWindow(2, 86_400.0),)})
    with redis_server(keeps=True) as server:
        quota = a_quota(server.url, "first", limits, said)
        for _ in range(2):
            quota.learn(quota.acquire(Category.ADS_WRITE), status=200)
        server.kill()
        server.start()
        later = Limits(of_category={Category.ADS_WRITE: (FixedWindow(2, 86_400.0),)})
        with pytest.raises(RateLimitedError):
            a_quota(server.url, "second", later, said).acquire(Category.ADS_WRITE)


class Clocked:
    """Counts of a process whose clock the test moves, on top of the real one."""

    def __init__(self, url: str, owner: str, said: list[tuple[str, str]]) -> None:
        self.later_s = 0.0
        self.counts = redis_counts(f"{url}?processes=3", owner, lambda *line: said.append((line[0], line[1])))

    def clock(self) -> float:
        return time.monotonic() + self.later_s

    def send(self) -> None:
        permit = Permit(Category.ADS_WRITE, self.clock())
        while not self.counts.claim(permit):
            self.counts.news(self.clock)
        permit.answered_at = self.clock()
        self.counts.answered(permit)


def test_without_redis_each_keeps_to_its_part_and_tells_the_others_afterwards(said: list[tuple[str, str]]) -> None:
    with redis_server() as server:
        ours, theirs = Clocked(server.url, "ours", said), Clocked(server.url, "theirs", said)
        ours.send()
        assert [type(event) for event in theirs.counts.news(theirs.clock)] == [Sent, Answered]
        assert (ours.counts.share, theirs.counts.share) == (1, 1)
        server.kill()
        ours.send()
        assert ours.counts.share == Fraction(1, 3)
        assert [level for level, _ in said] == ["WARN"]
        assert "uses one third of the request limits" in said[0][1]
        ours.send()
        assert len(said) == 1
        server.start()
        ours.later_s = 6.0
        assert ours.counts.news(ours.clock) == []
        assert [level for level, _ in said] == ["WARN", "INFO"]
        assert ours.counts.share == Fraction(1, 3)
        ours.later_s = 80.0
        ours.counts.news(ours.clock)
        assert ours.counts.share == 1
        told = theirs.counts.news(theirs.clock)
        assert [type(event) for event in told] == [Sent, Answered, Sent, Answered]


def test_what_one_process_sends_that_alone_has_lost_redis_is_left_free_by_the_others(redis: RedisServer) -> None:
    limited = Limited(20, 3.0, pace=7)
    with far_redis(str(redis.socket_path), 0.0) as way:
        cut_at: list[float] = []

        def meanwhile() -> None:
            time.sleep(2.0)
            way.cut()
            cut_at.append(time.monotonic())

        near, cut = together([redis.url, way.url], limited, 8.5, beat_s=0.2, meanwhile=meanwhile)
    assert limited.most_within([*near, *cut]) <= limited.allowed
    # In the last five seconds, each may send half as many as all: 17.
    for each in (near, cut):
        assert sum(moment > cut_at[0] + 1.5 for moment in each) >= 12


def test_a_part_is_left_free_until_its_process_is_there_again_or_ends_or_for_ten_minutes(
    redis: RedisServer, said: list[tuple[str, str]]
) -> None:
    client = redis_client(read_shared_quota(redis.url))

    def presence(owner: str) -> Presence:
        return Presence(client, "test:present", owner, 2, lambda level, _text: said.append((owner, level)))

    def was_there(owner: str, seconds_ago: float, number: int) -> None:
        seconds, _ = client.time()
        client.hset("test:present", owner, f"{int((seconds - seconds_ago) * 1000)} {number}")

    ours, theirs = presence("ours"), presence("theirs")
    theirs.beat()
    ours.beat()
    assert (ours.part, ours.left) == (Fraction(1, 2), 1)
    was_there("theirs", 20.0, 2)
    ours.beat()
    assert ours.left == Fraction(1, 2)
    was_there("third", 20.0, 3)
    ours.beat()
    assert (ours.part, ours.left) == (Fraction(1, 3), Fraction(1, 3))
    theirs.beat()
    ours.beat()
    assert ours.left == Fraction(2, 3)
    was_there("third", 601.0, 3)
    ours.beat()
    assert ours.left == 1
    assert said == [("ours", "INFO"), ("ours", "INFO"), ("theirs", "INFO")]
    theirs.begin()
    theirs.leave()
    assert client.hkeys("test:present") == [b"ours"]


def test_who_goes_on_alone_does_not_say_that_it_is_there(said: list[tuple[str, str]]) -> None:
    with redis_server() as server, far_redis(str(server.socket_path), 0.0) as way:
        ours = redis_counts(way.url, "ours", lambda *line: said.append((line[0], line[1])), beat_s=0.05)
        client = redis_client(read_shared_quota(server.url))
        ours.news(time.monotonic)
        until = time.monotonic() + 10.0
        while not client.hexists("test:present", "ours"):
            assert time.monotonic() < until
        way.cut()
        ours.news(time.monotonic)
        way.mend()
        before = client.hget("test:present", "ours")
        time.sleep(0.3)
        assert client.hget("test:present", "ours") == before
        ours.leave()
        assert client.hexists("test:present", "ours")  # What it has sent since, nobody else knows.


def test_a_redis_that_was_emptied_stops_nobody(redis: RedisServer, said: list[tuple[str, str]]) -> None:
    limits = [Limits(of_category={Category.ADS_WRITE: (SlidingWindow(100, 60.0),)}) for _ in range(2)]
    ours, theirs = (a_quota(redis.url, str(number), each, said) for number, each in enumerate(limits))
    for quota in (ours, theirs, ours):
        quota.learn(quota.acquire(Category.ADS_WRITE), status=200)
    redis_client(read_shared_quota(redis.url)).flushall()
    for quota in (ours, theirs, ours):
        quota.learn(quota.acquire(Category.ADS_WRITE), status=200)
    assert said == []


def test_only_a_request_that_is_not_known_of_keeps_another_from_being_claimed(
    redis: RedisServer, said: list[tuple[str, str]]
) -> None:
    ours, theirs = Clocked(redis.url, "ours", said), Clocked(redis.url, "theirs", said)
    for each in (ours, theirs):
        each.counts.news(each.clock)
    first = Permit(Category.ADS_WRITE, theirs.clock() + 0.3)
    assert theirs.counts.claim(first)
    assert not ours.counts.claim(Permit(Category.ADS_WRITE, ours.clock()))
    # The refusal has brought the reason: nothing is asked.
    (sent,) = ours.counts.news(ours.clock, within_s=60.0)
    assert isinstance(sent, Sent)
    assert first.sent_at <= sent.permit.sent_at < first.sent_at + 0.2
    first.answered_at = theirs.clock()
    theirs.counts.answered(first)
    theirs.counts.wants(Category.ADS_WRITE)
    assert ours.counts.claim(Permit(Category.ADS_WRITE, ours.clock()))
    assert [type(event) for event in ours.counts.news(ours.clock, within_s=60.0)] == [Answered, Wants]


def test_a_redis_that_begins_anew_with_an_earlier_clock_is_read_from_its_beginning(
    redis: RedisServer, said: list[tuple[str, str]]
) -> None:
    ours, theirs = Clocked(redis.url, "ours", said), Clocked(redis.url, "theirs", said)
    client = redis_client(read_shared_quota(redis.url))
    client.xadd("test", {"o": "theirs", "n": "0", "w": "ads_read", "a": "0"}, id=f"{2**45}-0")
    ours.counts.news(ours.clock)
    client.delete("test")
    theirs.send()
    ours.send()
    assert [type(event) for event in ours.counts.news(ours.clock)] == [Sent, Answered]


def test_nothing_in_redis_tells_which_app_or_who(redis: RedisServer, said: list[tuple[str, str]]) -> None:
    quota = a_quota(redis.url, "owner", Limits(of_category={Category.ADS_WRITE: (SlidingWindow(9, 60.0),)}), said)
    quota.learn(quota.acquire(Category.ADS_WRITE), status=200)
    client = redis_client(read_shared_quota(redis.url))
    assert set(client.keys()) <= {b"test", b"test:present"}
    assert set(client.hkeys("test:present")) <= {b"owner"}
    entries = [fields for _, fields in client.xrange("test")]
    assert entries == [
        {b"o": b"owner", b"n": b"1", b"w": b"ads_write", b"a": b"0"},
        {b"o": b"owner", b"n": b"1", b"w": b"-", b"a": b"0"},
    ]
    assert client.pttl("test") > 86_400_000


def test_a_check_tells_that_redis_does_not_answer_and_a_sync_goes_on_alone(tmp_path: Path) -> None:
    sandbox = RunningSandbox("--tier", "none", "--quiet")
    try:
        url = f"redis://:hidden@127.0.0.1:{_nobodys_port()}/0?processes=4"
        settings = config(sandbox.api_base_url, shared_quota=url)
        (tmp_path / "config.json").write_text(json.dumps(settings))
        stream = {"name": "t", "json_schema": {"properties": {"email": {}}}, "supported_sync_modes": ["full_refresh"]}
        configured = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
        (tmp_path / "catalog.json").write_text(json.dumps({"streams": [configured]}))
        record = {"type": "RECORD", "record": {"stream": "t", "emitted_at": 1, "data": {"email": "ada@example.com"}}}

        def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
            command = [PROGRAM, *arguments, "--config", tmp_path / "config.json"]
            return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)

        checked = run("check")
        assert Code.SHARED_QUOTA_UNUSABLE in checked.stdout
        synced = run("write", "--catalog", str(tmp_path / "catalog.json"), given=json.dumps(record) + "\n")
        assert synced.returncode == 0
        assert "uses one quarter of the request limits" in synced.stdout
        assert "hidden" not in checked.stdout + checked.stderr + synced.stdout + synced.stderr
    finally:
        sandbox.stop()


@pytest.mark.parametrize("ends", ["by itself", "by SIGTERM"])
def test_a_sync_that_ends_leaves_nobody_waiting_for_it(redis: RedisServer, ends: str, tmp_path: Path) -> None:
    client = redis_client(read_shared_quota(redis.url))
    sandbox = RunningSandbox("--tier", "none", "--quiet")
    try:
        settings = config(sandbox.api_base_url, shared_quota=f"{redis.url}?name=shop")
        (tmp_path / "config.json").write_text(json.dumps(settings))
        stream = {"name": "t", "json_schema": {"properties": {"email": {}}}, "supported_sync_modes": ["full_refresh"]}
        configured = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
        (tmp_path / "catalog.json").write_text(json.dumps({"streams": [configured]}))
        command = [PROGRAM, "write", "--config", tmp_path / "config.json", "--catalog", tmp_path / "catalog.json"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert process.stdin is not None
        until = time.monotonic() + 30
        while not client.exists("pinterest-quota:1:shop:present"):
            assert time.monotonic() < until
            time.sleep(0.02)
        if ends == "by SIGTERM":
            time.sleep(1.0)  # Long enough to wait for rows, mostly: then it ends by itself, but for its last word.
            process.terminate()
        process.stdin.close()
        assert process.wait(30) == (0 if ends == "by itself" else -signal.SIGTERM)
        assert client.exists("pinterest-quota:1:shop")
        assert not client.exists("pinterest-quota:1:shop:present")
    finally:
        sandbox.stop()


def _nobodys_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
