from __future__ import annotations

from itertools import count

from pinterest_sandbox.lateness import Lateness


def test_what_falls_due_just_after_the_clock_was_looked_at_happens_next_time() -> None:
    seconds = count(0.0)
    lateness = Lateness(lambda: next(seconds))
    happened: list[str] = []
    lateness.postpone(1.5, lambda: happened.append("late"))
    lateness.catch_up()
    lateness.catch_up()
    assert happened == ["late"]
