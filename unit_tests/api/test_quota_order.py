from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from destination_pinterest.api.quota import FairLock


def until(condition: Callable[[], bool]) -> None:
    """Waits for other threads to get somewhere; fails instead of hanging."""
    gate = threading.Event()
    for _ in range(20_000):
        if condition():
            return
        gate.wait(0.0005)
    pytest.fail("the other threads never got there")


def test_the_lock_goes_round_in_the_order_of_asking() -> None:
    lock = FairLock()
    order: list[int] = []

    def take(number: int) -> None:
        with lock.held():
            order.append(number)

    threads = []
    with lock.held():
        for number in range(12):
            thread = threading.Thread(target=take, args=(number,))
            thread.start()
            threads.append(thread)
            until(lambda count=number + 1: lock.waiting == count)
        assert order == []
    for thread in threads:
        thread.join(10)
    assert order == list(range(12))


def test_only_one_holds_the_lock() -> None:
    lock = FairLock()
    inside = 0
    most = 0

    def take() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lock.held():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (most, inside, lock.waiting) == (1, 0, 0)


def test_a_failure_inside_hands_the_lock_on() -> None:
    lock = FairLock()
    with pytest.raises(KeyError), lock.held():
        raise KeyError
    with lock.held():
        pass
