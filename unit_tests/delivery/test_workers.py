"""The threads that send, and their mailbox: as many as allowed, and none that keeps a process alive."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from destination_pinterest.api.endpoints import UPDATE_CUSTOMER_LIST, Category
from destination_pinterest.api.observer import Exchange, QuotaWait, RetryNotice
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.delivery.workers import ClientEvent, Delivered, Event, ListCreated, WorkerPool
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ServerError
from destination_pinterest.vocabulary import Operation

MakePool = Callable[[int], WorkerPool]


@pytest.fixture
def wakes() -> list[None]:
    """One for each time that the reader was woken."""
    return []


@pytest.fixture
def make_pool(wakes: list[None]) -> Iterator[MakePool]:
    pools: list[WorkerPool] = []

    def make(most: int) -> WorkerPool:
        pools.append(WorkerPool(most, wake=lambda: wakes.append(None), interrupt=lambda: None))
        return pools[-1]

    yield make
    for pool in pools:
        pool.shut_down()


@pytest.fixture
def pool(make_pool: MakePool) -> WorkerPool:
    return make_pool(2)


def waited(seconds: float) -> QuotaWait:
    return QuotaWait(Category.ADS_WRITE, seconds, None)


def happened(seconds: float) -> Event:
    return ClientEvent(None, waited(seconds))


def taken(pool: WorkerPool, count: int) -> list[Event | None]:
    return [pool.take(10.0) for _ in range(count)]


# --- the mailbox ------------------------------------------------------------------------------------------------------


def test_events_come_in_order_and_each_wakes_the_reader(pool: WorkerPool, wakes: list[None]) -> None:
    first, second = happened(1.0), happened(2.0)
    pool.post(first)
    pool.post(second)
    assert len(wakes) == 2
    assert [pool.take(0.0), pool.take(60.0), pool.take(0.0), pool.take(0.001)] == [first, second, None, None]


def test_nothing_can_be_posted_only_to_end_a_wait(pool: WorkerPool) -> None:
    threading.Timer(0.01, lambda: pool.post(None)).start()
    assert pool.take(60.0) is None


def test_what_the_client_does_belongs_to_the_lane_that_its_thread_works_for(
    pool: WorkerPool, make_lane: Callable[..., AudienceLane]
) -> None:
    lane, other = make_lane("a"), make_lane("b")
    exchange = Exchange(UPDATE_CUSTOMER_LIST, "1", 200, 0.1)
    notice = RetryNotice(UPDATE_CUSTOMER_LIST, "1", ServerError(Code.PINTEREST_FAULT, "x"), 1, 1.0)
    wait = waited(1.0)

    def work_for_other() -> Event:
        pool.waiting(wait)
        return ListCreated(other, "2")

    def work() -> Event:
        thread = threading.Thread(target=lambda: pool.do(work_for_other, other))
        thread.start()
        thread.join()
        pool.retrying(notice)
        return ListCreated(lane, "1")

    pool.sent(exchange)
    pool.do(work, lane)
    pool.sent(exchange)
    assert taken(pool, 6) == [
        ClientEvent(None, exchange),
        ClientEvent(other, wait),
        ListCreated(other, "2"),
        ClientEvent(lane, notice),
        ListCreated(lane, "1"),
        ClientEvent(None, exchange),
    ]


def test_a_thread_that_reads_no_mailbox_may_listen(pool: WorkerPool) -> None:
    heard: list[ClientEvent] = []
    wait = waited(1.0)
    with pool.listening(heard.append):
        pool.waiting(wait)
        other = threading.Thread(target=lambda: pool.waiting(wait))
        other.start()
        other.join()
    assert heard == [ClientEvent(None, wait)]
    pool.waiting(wait)
    assert [pool.take(0.0), pool.take(0.0), pool.take(0.0)] == [ClientEvent(None, wait), ClientEvent(None, wait), None]


def test_what_a_job_does_belongs_to_its_lane_in_a_thread_of_the_pool_and_to_none_afterwards(
    make_pool: MakePool, make_lane: Callable[..., AudienceLane]
) -> None:
    pool, lane, wait = make_pool(1), make_lane(), waited(1.0)

    def job() -> Event:
        pool.waiting(wait)
        return happened(0.0)

    pool.submit(job, lane)
    pool.submit(job)
    told = [event for event in taken(pool, 4) if isinstance(event, ClientEvent) and event.what is wait]
    assert told == [ClientEvent(lane, wait), ClientEvent(None, wait)]


# --- the threads ------------------------------------------------------------------------------------------------------


def test_what_is_submitted_is_done_and_what_it_returns_is_posted(pool: WorkerPool, wakes: list[None]) -> None:
    event = happened(1.0)
    pool.submit(lambda: event)
    assert pool.take(10.0) is event
    assert len(wakes) == 1


def test_an_error_is_an_event_as_any_other_and_the_thread_does_the_next_job(
    make_pool: MakePool, make_lane: Callable[..., AudienceLane]
) -> None:
    pool = make_pool(1)
    delivery = Delivery(Operation.ADD, {"a": None}, 1, 0)
    failed, event = Delivered(make_lane(), delivery, 0, ServerError(Code.PINTEREST_FAULT, "x")), happened(1.0)
    pool.submit(lambda: failed)
    pool.submit(lambda: event)
    assert taken(pool, 2) == [failed, event]


def test_no_more_run_at_once_than_allowed(make_pool: MakePool) -> None:
    pool = make_pool(2)
    both, hold = threading.Barrier(3), threading.Event()
    names: list[str] = []

    def wait() -> Event:
        both.wait(timeout=10.0)
        hold.wait(timeout=10.0)
        names.append(threading.current_thread().name)
        return happened(1.0)

    def third() -> Event:
        names.append(threading.current_thread().name)
        return happened(2.0)

    pool.submit(wait)
    pool.submit(wait)
    both.wait(timeout=10.0)
    pool.submit(third)
    assert pool.take(0.01) is None
    hold.set()
    assert None not in taken(pool, 3)
    assert (len(names), len(set(names))) == (3, 2)


def test_a_thread_that_is_idle_does_the_next_job_and_no_other_is_started(make_pool: MakePool) -> None:
    pool = make_pool(8)
    names: set[str] = set()

    def job() -> Event:
        names.add(threading.current_thread().name)
        return happened(1.0)

    for _ in range(10):
        pool.submit(job)
        assert pool.take(10.0) is not None
        time.sleep(0.005)  # A thread counts as idle a moment after it has posted; a slow machine may start another one.
    assert len(names) < 8


def test_nothing_is_started_after_a_shutdown(make_pool: MakePool) -> None:
    pool = make_pool(1)
    before = set(threading.enumerate())
    running, hold = threading.Event(), threading.Event()
    called: list[int] = []

    def run() -> Event:
        running.set()
        hold.wait(timeout=10.0)
        return happened(1.0)

    def call(number: int) -> Event:
        called.append(number)
        return happened(2.0)

    pool.submit(run)
    running.wait(timeout=10.0)
    pool.submit(lambda: call(1))
    pool.shut_down()
    hold.set()
    assert pool.take(10.0) == happened(1.0)
    pool.submit(lambda: call(2))
    pool.do(lambda: call(3), None)
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10.0)
        assert not thread.is_alive()
    assert (called, pool.take(0.0)) == ([], None)


def test_a_call_that_hangs_does_not_keep_the_process_alive() -> None:
    program = (
        "import threading\n"
        "from destination_pinterest.delivery.workers import WorkerPool\n"
        "pool = WorkerPool(1, wake=lambda: None, interrupt=lambda: None)\n"
        "begun = threading.Event()\n"
        "pool.submit(lambda: (begun.set(), threading.Event().wait(60)))\n"
        "begun.wait()\n"
        "pool.shut_down()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
