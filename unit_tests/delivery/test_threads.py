"""The threads that send: as many as allowed, and none that keeps a process alive."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import Future

import pytest
from destination_pinterest.delivery.threads import DaemonThreads


def test_what_is_submitted_runs_and_gives_its_result() -> None:
    threads = DaemonThreads(2)
    assert threads.submit(lambda a, b: a + b, 1, b=2).result(timeout=10.0) == 3
    threads.shutdown()


def test_an_error_belongs_to_whoever_holds_the_future() -> None:
    threads = DaemonThreads(1)
    error = threads.submit(lambda: 1 / 0).exception(timeout=10.0)
    assert isinstance(error, ZeroDivisionError)
    assert threads.submit(lambda: "next").result(timeout=10.0) == "next"
    threads.shutdown()


def test_no_more_run_at_once_than_allowed() -> None:
    threads = DaemonThreads(2)
    both, hold = threading.Barrier(3), threading.Event()

    def wait() -> str:
        both.wait(timeout=10.0)
        hold.wait(timeout=10.0)
        return threading.current_thread().name

    held = [threads.submit(wait), threads.submit(wait)]
    both.wait(timeout=10.0)
    third: Future[str] = threads.submit(lambda: threading.current_thread().name)
    assert not third.done()
    hold.set()
    names = {future.result(timeout=10.0) for future in held}
    assert len(names) == 2
    assert third.result(timeout=10.0) in names
    threads.shutdown()


def test_nothing_is_started_after_a_shutdown() -> None:
    threads = DaemonThreads(1)
    running, hold = threading.Event(), threading.Event()

    def run() -> None:
        running.set()
        hold.wait(timeout=10.0)

    first = threads.submit(run)
    running.wait(timeout=10.0)
    called: list[int] = []
    threads.submit(called.append, 1)
    threads.shutdown()
    hold.set()
    first.result(timeout=10.0)
    for thread in threading.enumerate():
        if thread.name.startswith("sender"):
            thread.join(timeout=10.0)
    assert called == []
    with pytest.raises(RuntimeError):
        threads.submit(called.append, 2)


def test_a_call_that_hangs_does_not_keep_the_process_alive() -> None:
    program = (
        "import threading\n"
        "from destination_pinterest.delivery.threads import DaemonThreads\n"
        "threads = DaemonThreads(1)\n"
        "begun = threading.Event()\n"
        "threads.submit(lambda: (begun.set(), threading.Event().wait(60)))\n"
        "begun.wait()\n"
        "threads.shutdown(wait=False)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
