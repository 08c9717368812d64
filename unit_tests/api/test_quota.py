from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import DAY_S, Limits, Permit, limits_of
from destination_pinterest.api.observer import QuotaWait, SilentObserver
from destination_pinterest.api.quota import ORDINARY_WAIT_S, UNKNOWN_RESET_S, Quota
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InterruptedSyncError
from destination_pinterest.system import System
from unit_tests.api.factories import MakeQuota
from unit_tests.support.clock import Clock
from unit_tests.support.examples import examples
from unit_tests.support.raises import raises
from unit_tests.support.watcher import Watcher

WRITE = Category.ADS_WRITE
READ = Category.ADS_READ


def rates(limit: object, remaining: object, reset: object) -> dict[str, str]:
    names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
    return {name: str(value) for name, value in zip(names, (limit, remaining, reset), strict=True) if value is not None}


class Server:
    """Counts arrivals as Pinterest might: a sliding minute, or a fixed one that began at `phase`."""

    def __init__(self, kind: str, phase: float = 0.0, used_before: int = 0, at: float = 0.0) -> None:
        self.kind = kind
        self.phase = phase
        self.arrivals: deque[float] = deque([at] * used_before)
        self.every_arrival: list[float] = []
        self.refused = 0

    def arrive(self, now: float) -> dict[str, str] | None:
        """Headers of the answer to a request that arrives now."""
        if self.kind == "fixed":
            began = now - (now - self.phase) % 60.0
            while self.arrivals and self.arrivals[0] < began:
                self.arrivals.popleft()
            reset = began + 60.0 - now
        else:
            while self.arrivals and self.arrivals[0] <= now - 60.0:
                self.arrivals.popleft()
            reset = self.arrivals[0] + 60.0 - now if self.arrivals else 60.0
        self.every_arrival.append(now)
        if len(self.arrivals) >= 400:
            self.refused += 1
        else:
            self.arrivals.append(now)
        if self.kind == "silent":
            return None
        return rates("400, 400;w=60", 400 - len(self.arrivals), int(reset))


class World:
    """Requests under way between one program and the server, on a clock that only this test moves."""

    def __init__(self, server: Server, limits: Limits, workers: int, latencies: Iterator[tuple[float, float]]) -> None:
        self.time = 1000.0
        self.server = server
        self.workers = workers
        self.latencies = latencies
        self.sent: list[float] = []
        self.in_flight = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._ids = itertools.count()
        self.quota = Quota(
            limits,
            longest_wait_s=3600.0,
            system=System(
                clock=lambda: self.time,
                now=lambda: self.time + 1_800_000_000.0,
                sleep=lambda seconds: self.advance(self.time + seconds),
            ),
            observer=SilentObserver(),
        )

    def advance(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.time, _, happen = heapq.heappop(self._events)
            happen()
        self.time = max(self.time, until)

    def send(self) -> None:
        while self.in_flight >= self.workers:
            self.advance(self._events[0][0])
        permit = self.quota.acquire(WRITE)
        self.in_flight += 1
        self.sent.append(self.time)
        there, back = next(self.latencies)

        def arrive() -> None:
            headers = self.server.arrive(self.time)
            self._later(back, lambda: self._answered(permit, headers))

        self._later(there, arrive)

    def send_for(self, seconds: float) -> None:
        end = self.time + seconds
        while self.time < end:
            self.send()

    def _answered(self, permit: Permit, headers: dict[str, str] | None) -> None:
        self.in_flight -= 1
        self.quota.learn(permit, headers)

    def _later(self, seconds: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.time + seconds, next(self._ids), happen))


def most_within(moments: list[float], seconds: float) -> int:
    """The most moments in any closed window of so many seconds."""
    window: deque[float] = deque()
    most = 0
    for moment in sorted(moments):
        window.append(moment)
        while window[0] < moment - seconds:
            window.popleft()
        most = max(most, len(window))
    return most


latency = st.tuples(st.sampled_from([0.0, 0.01, 0.075, 0.4, 3.0, 20.0]), st.sampled_from([0.0, 0.01, 0.075, 0.4, 3.0]))


@settings(max_examples=examples(25), deadline=None)
@given(
    st.sampled_from(["silent", "sliding", "fixed"]),
    st.floats(0, 60),
    st.integers(1, 32),
    st.lists(latency, min_size=1, max_size=40),
)
def test_the_server_never_sees_the_401st_within_a_minute_nor_the_8th_within_a_second_of_sending(
    kind: str, phase: float, workers: int, latencies: list[tuple[float, float]]
) -> None:
    server = Server(kind, phase)
    world = World(server, limits_of("standard"), workers, itertools.cycle(latencies))
    for _ in range(1_000):
        world.send()
    world.advance(world.time + 60.0)
    assert len(server.every_arrival) == 1_000
    assert most_within(server.every_arrival, 60.0) <= 400
    assert most_within(world.sent, 1.0) <= 7
    assert server.refused == 0


@pytest.mark.parametrize("kind", ["silent", "sliding", "fixed"])
@pytest.mark.parametrize("workers", [2, 8])
def test_at_150_ms_latency_at_least_98_percent_of_the_quota_is_used(kind: str, workers: int) -> None:
    server = Server(kind, phase=17.0)
    world = World(server, limits_of("standard"), workers, itertools.repeat((0.075, 0.075)))
    world.send_for(900.0)
    permitted = 400 * 15
    assert len(world.sent) >= 0.98 * permitted
    assert server.refused == 0


def test_sending_is_spread_and_not_in_bursts() -> None:
    world = World(Server("silent"), limits_of("standard"), 8, itertools.repeat((0.01, 0.01)))
    world.send_for(50.0)
    gaps = [later - earlier for earlier, later in itertools.pairwise(world.sent)]
    assert min(gaps) > 0.142
    assert max(gaps) < 0.15


@pytest.mark.parametrize("kind", ["sliding", "fixed"])
@pytest.mark.parametrize(("used_before", "latency"), [(100, 0.075), (390, 0.075), (5, 0.5), (20, 1.5)])
def test_what_an_earlier_run_has_used_is_learned_from_the_headers(kind: str, used_before: int, latency: float) -> None:
    server = Server(kind, phase=1000.0 % 60.0, used_before=used_before, at=1000.0)
    world = World(server, limits_of("standard"), 32, itertools.repeat((latency, latency)))
    world.send_for(180.0)
    assert server.refused == 0
    assert len(world.sent) > 800


def test_another_program_that_uses_the_same_quota_is_learned_of() -> None:
    server = Server("fixed", phase=1000.0 % 60.0)
    world = World(server, limits_of("standard"), 2, itertools.repeat((0.075, 0.075)))
    for _ in range(4):
        for _ in range(20):
            server.arrive(world.time)
        world.send_for(10.0)
    world.send_for(60.0)
    assert server.refused == 0


@pytest.fixture
def quota(make_quota: MakeQuota) -> Quota:
    return make_quota()


def test_without_limits_nobody_waits(quota: Quota, clock: Clock) -> None:
    for _ in range(1_000):
        quota.learn(quota.acquire(WRITE), {})
    assert clock.slept == []


def test_none_left_is_waited_for_until_the_reset(quota: Quota, clock: Clock, watcher: Watcher) -> None:
    quota.learn(quota.acquire(WRITE), rates(400, 0, 30))
    quota.acquire(WRITE)
    assert clock.slept == [31.0]
    assert watcher.waits == [QuotaWait(WRITE, 31.0, clock.now())]


def test_other_categories_do_not_wait(quota: Quota, clock: Clock) -> None:
    quota.learn(quota.acquire(WRITE), rates(400, 0, 30))
    quota.acquire(READ)
    assert clock.slept == []


def test_requests_under_way_count_as_used_until_their_answers_tell(quota: Quota, clock: Clock) -> None:
    first, second, third = (quota.acquire(WRITE) for _ in range(3))
    clock.pass_by(0.1)
    quota.learn(first, rates(None, 3, 60))
    quota.acquire(WRITE)
    assert clock.slept == []
    # Three are left and three under way: the server may have counted them or not. Their answers are waited for.
    clock.before_sleep = lambda _: quota.learn(second, rates(None, 3, 60))
    quota.acquire(WRITE)
    assert len(clock.slept) == 1
    assert clock.slept[0] < 0.1
    del third


def test_an_older_answer_that_comes_late_does_not_raise_what_is_left(quota: Quota, clock: Clock) -> None:
    early, late = quota.acquire(WRITE), quota.acquire(WRITE)
    clock.pass_by(0.1)
    quota.learn(late, rates(None, 0, 60))
    quota.learn(early, rates(None, 5, 60))
    quota.acquire(WRITE)
    assert clock.slept == pytest.approx([61.0])


def test_of_two_answers_at_once_the_lower_one_holds(quota: Quota, clock: Clock) -> None:
    early, late = quota.acquire(WRITE), quota.acquire(WRITE)
    clock.pass_by(0.1)
    quota.learn(late, rates(None, 5, 60))
    quota.learn(early, rates(None, 0, 40))
    quota.acquire(WRITE)
    assert clock.slept == pytest.approx([61.0])


def test_a_newer_answer_replaces_an_older_one(quota: Quota, clock: Clock) -> None:
    quota.learn(quota.acquire(WRITE), rates(None, 1, 600))
    clock.pass_by(1.0)
    quota.learn(quota.acquire(WRITE), rates(None, 50, 600))
    for _ in range(50):
        quota.acquire(WRITE)
    assert clock.slept == []


def test_a_request_that_ended_without_an_answer_is_taken_off(quota: Quota, clock: Clock) -> None:
    quota.learn(quota.acquire(WRITE), rates(None, 1, 30))
    clock.pass_by(1.0)
    quota.learn(quota.acquire(WRITE))
    quota.acquire(WRITE)
    assert clock.slept == [30.0]


def test_none_left_without_a_time_is_asked_again_after_a_minute(quota: Quota, clock: Clock) -> None:
    quota.learn(quota.acquire(WRITE), rates(None, 0, None))
    quota.acquire(WRITE)
    assert clock.slept == [UNKNOWN_RESET_S]


def test_headers_that_tell_only_of_our_own_use_do_not_slow_a_sliding_minute(
    make_quota: MakeQuota, clock: Clock
) -> None:
    quota = make_quota(limits_of("standard"))
    quota.learn(quota.acquire(WRITE), rates(400, 399, 60))
    for left in range(398, 0, -1):
        quota.learn(quota.acquire(WRITE), rates(400, left, 2))
    quota.learn(quota.acquire(WRITE), rates(400, 0, 50))
    quota.acquire(WRITE)
    assert clock.slept[-1] < 4.0


def test_a_limit_of_the_servers_that_is_not_ours_is_obeyed(make_quota: MakeQuota, clock: Clock) -> None:
    quota = make_quota(limits_of("standard"))
    quota.learn(quota.acquire(WRITE), rates("100, 100;w=1, 400;w=60", 0, 1))
    quota.acquire(WRITE)
    assert clock.slept == [2.0]


def test_what_is_left_without_a_time_does_not_move_the_end_of_the_day(make_quota: MakeQuota) -> None:
    quota = make_quota(limits_of("trial"))
    for left in range(299, -1, -1):
        quota.learn(quota.acquire(WRITE), rates(300, left, None))
    with raises(Code.QUOTA_USED_UP, match=r"\(in 23 h 59 min\)"):
        quota.acquire(WRITE)


def test_a_hold_stops_its_category(quota: Quota, clock: Clock) -> None:
    quota.block(WRITE, 20.0)
    quota.block(WRITE, 5.0)
    quota.acquire(READ)
    assert clock.slept == []
    quota.acquire(WRITE)
    assert clock.slept == [20.0]


def test_trial_sends_300_writes_a_day_and_then_says_when_it_goes_on(make_quota: MakeQuota, clock: Clock) -> None:
    quota = make_quota(limits_of("trial"), longest_wait_s=3600.0)
    for _ in range(300):
        quota.learn(quota.acquire(WRITE))
    with raises(Code.QUOTA_USED_UP, match=r"ads_write.* UTC \(in 23 h 59 min\)") as caught:
        quota.acquire(WRITE)
    assert caught.value.retry_after_s == pytest.approx(DAY_S, abs=60)
    assert clock.slept
    assert max(clock.slept) < 1.0


def test_trial_sends_1000_requests_a_day_of_all_kinds(make_quota: MakeQuota) -> None:
    quota = make_quota(limits_of("trial"))
    for _ in range(100):
        quota.learn(quota.acquire(WRITE))
    for _ in range(900):
        quota.learn(quota.acquire(READ))
    for category in Category:
        with raises(Code.QUOTA_USED_UP):
            quota.acquire(category)


def test_the_server_knows_when_the_trial_day_ends(make_quota: MakeQuota, clock: Clock) -> None:
    quota = make_quota(limits_of("trial"), longest_wait_s=13 * 3600.0)
    for left in range(299, -1, -1):
        quota.learn(quota.acquire(WRITE), rates(300, left, 30_000))
    before = clock.clock()
    for _ in range(300):
        quota.learn(quota.acquire(WRITE))
    assert clock.clock() - before == pytest.approx(30_001 + 300 / 7, abs=2)


def test_what_an_earlier_run_used_of_the_trial_day_is_learned(make_quota: MakeQuota) -> None:
    quota = make_quota(limits_of("trial"))
    quota.learn(quota.acquire(WRITE), rates(300, 0, 67_150))
    with raises(Code.QUOTA_USED_UP, match=r"\(in 18 h 39 min\)") as caught:
        quota.acquire(WRITE)
    assert caught.value.retry_after_s == pytest.approx(67_151)


def test_the_minute_is_waited_for_even_without_a_retry_budget(make_quota: MakeQuota, clock: Clock) -> None:
    quota = make_quota(longest_wait_s=0.0)
    quota.learn(quota.acquire(WRITE), rates(None, 0, 60))
    quota.acquire(WRITE)
    assert clock.slept == [61.0]
    assert ORDINARY_WAIT_S > 61.0


def test_ordinary_spacing_is_told_without_a_time(make_quota: MakeQuota, watcher: Watcher) -> None:
    quota = make_quota(limits_of("standard"))
    quota.acquire(WRITE)
    quota.acquire(WRITE)
    assert [(wait.category, wait.resets_at) for wait in watcher.waits] == [(WRITE, None)]
    assert watcher.waits[0].wait_s == pytest.approx(0.143)


def test_a_wait_that_is_interrupted_leaves_the_turn_to_the_next(make_quota: MakeQuota, clock: Clock) -> None:
    quota = make_quota()
    quota.block(WRITE, 20.0)

    def interrupted(seconds: float) -> None:
        raise InterruptedSyncError(Code.SYNC_STOPPED, "stopped")

    clock.before_sleep = interrupted
    for _ in range(3):
        with raises(Code.SYNC_STOPPED):
            quota.acquire(WRITE)
    clock.pass_by(21.0)
    quota.acquire(WRITE)


def test_many_threads_share_one_quota_without_exceeding_it() -> None:
    lock = threading.Lock()
    now = [0.0]
    sent: list[float] = []

    def sleep(seconds: float) -> None:
        with lock:
            now[0] += seconds

    quota = Quota(
        limits_of("standard"),
        longest_wait_s=3600.0,
        system=System(clock=lambda: now[0], now=lambda: now[0], sleep=sleep),
        observer=SilentObserver(),
    )

    def work() -> None:
        for _ in range(60):
            permit = quota.acquire(WRITE)
            sent.append(permit.sent_at)
            quota.learn(permit)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(sent) == 960
    assert most_within(sent, 60.0) <= 400
    assert most_within(sent, 1.0) <= 7


def test_what_is_left_is_the_least_of_what_was_counted_here_and_reported_there(make_quota: MakeQuota) -> None:
    quota = make_quota(limits_of("standard"))
    assert (quota.left(WRITE), quota.left(READ)) == (400, 1_000)
    quota.learn(quota.acquire(WRITE), {})
    assert (quota.left(WRITE), quota.left(READ)) == (399, 1_000)
    quota.learn(quota.acquire(WRITE), rates(400, 120, 30))
    assert quota.left(WRITE) == 120


def test_without_limits_and_reports_nobody_knows_what_is_left(quota: Quota, clock: Clock) -> None:
    assert quota.left(WRITE) is None
    quota.learn(quota.acquire(WRITE), rates(400, 7, 30))
    assert quota.left(WRITE) == 7
    clock.pass_by(60.0)
    assert quota.left(WRITE) is None
