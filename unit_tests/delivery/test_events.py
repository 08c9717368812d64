from __future__ import annotations

import threading
from collections.abc import Callable

from destination_pinterest.delivery.events import EventObserver, Events, Told

from destination_pinterest.api.endpoints import UPDATE_CUSTOMER_LIST, Category
from destination_pinterest.api.observer import Exchange, QuotaWait, RetryNotice
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.errors import ServerError


def test_events_come_in_order_and_each_wakes_the_reader() -> None:
    wakes: list[None] = []
    events = Events(lambda: wakes.append(None))
    first, second = (Told(None, QuotaWait(Category.ADS_WRITE, seconds, None)) for seconds in (1.0, 2.0))
    events.put(first)
    events.put(second)
    assert len(wakes) == 2
    assert [events.take(0.0), events.take(60.0), events.take(0.0), events.take(0.001)] == [first, second, None, None]


def test_nothing_can_be_put_only_to_end_a_wait() -> None:
    events = Events(lambda: None)
    threading.Timer(0.01, lambda: events.put(None)).start()
    assert events.take(60.0) is None


def test_what_the_client_tells_belongs_to_the_lane_that_its_thread_works_for(
    make_lane: Callable[..., AudienceLane],
) -> None:
    events = Events(lambda: None)
    observer = EventObserver(events)
    lane, other = make_lane("a"), make_lane("b")
    exchange = Exchange(UPDATE_CUSTOMER_LIST, "1", 200, 0.1)
    notice = RetryNotice(UPDATE_CUSTOMER_LIST, "1", ServerError("x"), 1, 1.0)
    wait = QuotaWait(Category.ADS_WRITE, 1.0, None)

    def in_a_thread() -> None:
        with observer.on_behalf_of(other):
            observer.waiting(wait)

    observer.answered(exchange)
    with observer.on_behalf_of(lane):
        thread = threading.Thread(target=in_a_thread)
        thread.start()
        thread.join()
        observer.retrying(notice)
    observer.answered(exchange)
    told = [events.take(0.0) for _ in range(4)]
    assert told == [Told(None, exchange), Told(other, wait), Told(lane, notice), Told(None, exchange)]


def test_a_thread_that_reads_no_events_may_be_told_at_once() -> None:
    events = Events(lambda: None)
    observer = EventObserver(events)
    heard: list[Told] = []
    wait = QuotaWait(Category.ADS_READ, 1.0, None)
    with observer.telling(heard.append):
        observer.waiting(wait)
        other = threading.Thread(target=lambda: observer.waiting(wait))
        other.start()
        other.join()
    assert heard == [Told(None, wait)]
    observer.waiting(wait)
    assert [events.take(0.0), events.take(0.0), events.take(0.0)] == [Told(None, wait), Told(None, wait), None]
