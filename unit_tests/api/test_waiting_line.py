"""Whose turn it is."""

from __future__ import annotations

from destination_pinterest.api.shared_counts import OURS
from destination_pinterest.api.waiting_line import GRACE_S, LOOK_AGAIN_S, WaitingLine


def test_nobody_queues_who_can_send_at_once_and_alone() -> None:
    line = WaitingLine()
    assert not line.has_to_queue(is_free=True)
    assert line.has_to_queue(is_free=False)
    assert line.wait_s(-1.0, 5.0) == 0.0


def test_who_comes_later_waits_for_who_came_before() -> None:
    line = WaitingLine()
    line.queue("other")
    assert line.has_to_queue(is_free=True)
    line.queue(OURS)
    assert not line.has_to_queue(is_free=True)
    assert line.wait_s(3.0, 5.0) == 3.0
    assert line.wait_s(0.0, 8.0) == LOOK_AGAIN_S
    line.took_turn("other")
    assert line.wait_s(0.0, 8.1) == 0.0


def test_who_does_not_take_its_turn_is_waited_for_a_moment_and_once() -> None:
    line = WaitingLine()
    line.queue("gone")
    line.queue(OURS)
    assert line.wait_s(0.0, 8.0) == LOOK_AGAIN_S
    assert line.wait_s(0.0, 8.0 + GRACE_S) == 0.0
    line.took_turn(OURS)
    assert not line.has_to_queue(is_free=True)


def test_who_was_passed_over_has_to_queue_again() -> None:
    line = WaitingLine()
    line.queue(OURS)
    line.queue("second")
    line.took_turn("second")
    assert line.has_to_queue(is_free=False)


def test_a_turn_out_of_line_puts_nobody_out_of_it() -> None:
    line = WaitingLine()
    line.queue("first")
    line.queue(OURS)
    line.took_turn("stranger")
    assert line.wait_s(0.0, 8.0) == LOOK_AGAIN_S
