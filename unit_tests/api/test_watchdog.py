from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from destination_pinterest.api.watchdog import Watchdog, Watched

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_a_read_that_waits_for_ever_ends_when_the_time_is_over(pair: Pair) -> None:
    watchdog = Watchdog()
    with watchdog.limiting(0.01) as watched:
        watchdog.connected(pair[0])
        assert pair[0].recv(1) == b""
    assert watched.is_over


def test_what_connects_when_its_time_is_over_already_ends_at_once(pair: Pair) -> None:
    watchdog = Watchdog()
    over, gone = socket.socketpair()
    with over, gone, watchdog.limiting(0.0) as watched:
        watchdog.connected(over)
        assert over.recv(1) == b""
        watchdog.connected(pair[0])
        assert pair[0].recv(1) == b""
    assert watched.is_over


def test_a_connection_outlives_an_exchange_that_was_in_time(pair: Pair) -> None:
    watchdog = Watchdog()
    for _ in range(2):
        with watchdog.limiting(60.0) as watched:
            watchdog.connected(pair[0])
            pair[1].sendall(b"x")
            assert pair[0].recv(1) == b"x"
        assert not watched.is_over


def test_one_exchange_that_is_over_leaves_the_others_alone(pair: Pair) -> None:
    watchdog = Watchdog()
    ended = threading.Event()

    def hang() -> None:
        here, there = socket.socketpair()
        with here, there, watchdog.limiting(0.01):
            watchdog.connected(here)
            here.recv(1)
        ended.set()

    with watchdog.limiting(60.0) as watched:
        watchdog.connected(pair[0])
        threading.Thread(target=hang).start()
        assert ended.wait(10)
        pair[1].sendall(b"x")
        assert pair[0].recv(1) == b"x"
    assert not watched.is_over


def test_a_connection_outside_an_exchange_is_nobodys(pair: Pair) -> None:
    Watchdog().connected(pair[0])
    pair[1].sendall(b"x")
    assert pair[0].recv(1) == b"x"


class ExchangeAtTheLastMoment(threading.Condition):
    """Its first wait that brings nothing ends just as another thread begins an exchange."""

    def __init__(self, begin: Callable[[], None]) -> None:
        super().__init__()
        self._begin: Callable[[], None] | None = begin

    def wait(self, timeout: float | None = None) -> bool:
        begin, self._begin = self._begin, None
        if begin is None:
            return super().wait(timeout)
        begin()
        return False


def test_an_exchange_that_begins_as_the_thread_goes_idle_is_watched(pair: Pair) -> None:
    begun = threading.Event()
    kept: list[AbstractContextManager[Watched]] = []

    def begin() -> None:
        kept.append(watchdog.limiting(0.01))
        kept[0].__enter__()
        watchdog.connected(pair[0])
        begun.set()

    watchdog = Watchdog(ExchangeAtTheLastMoment(begin))
    with watchdog.limiting(60.0):
        pass  # Wakes the thread, which finds nothing to watch.
    assert begun.wait(10)
    pair[0].settimeout(10)
    assert pair[0].recv(1) == b""
