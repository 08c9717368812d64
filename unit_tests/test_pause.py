from __future__ import annotations

import threading

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InterruptedSyncError
from destination_pinterest.pause import Pause
from unit_tests.support.raises import raises


def test_a_sleep_that_nobody_interrupts_ends_by_itself() -> None:
    Pause().sleep(0.001)


def test_an_interruption_ends_every_sleep() -> None:
    pause = Pause()
    ended: list[str] = []

    def sleep() -> None:
        try:
            pause.sleep(60.0)
        except InterruptedSyncError as error:
            ended.append(error.failure_kind)

    threads = [threading.Thread(target=sleep) for _ in range(3)]
    for thread in threads:
        thread.start()
    pause.interrupt()
    for thread in threads:
        thread.join(10.0)
    assert ended == ["transient_error"] * 3


def test_no_sleep_begins_after_an_interruption() -> None:
    pause = Pause()
    pause.interrupt()
    with raises(Code.SYNC_STOPPED):
        pause.sleep(60.0)
    with raises(Code.SYNC_STOPPED):
        pause.sleep(0.0)


def test_who_would_wait_for_longer_than_it_is_worth_gives_up() -> None:
    pause = Pause()
    pause.allow_at_most(2.0)
    pause.sleep(0.001)
    with raises(Code.SYNC_STOPPED):
        pause.sleep(2.1)
