from __future__ import annotations

from collections.abc import Callable
from itertools import count

from pinterest_sandbox.lateness import Lateness


def test_what_falls_due_while_others_happen_comes_next_time() -> None:
    ticks = count(0.0)
    lateness = Lateness(lambda: next(ticks))
    happened: list[float] = []

    def happens(number: float) -> Callable[[], object]:
        return lambda: happened.append(number)

    for number in range(5):
        lateness.postpone(float(number), happens(number))
    for _ in range(10):
        lateness.catch_up()
    assert happened == [0, 1, 2, 3, 4]
