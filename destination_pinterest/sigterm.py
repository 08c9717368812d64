"""Ends a command at SIGTERM: what it holds elsewhere is given back first, wherever the command is just then.

Python runs signal handlers in the main thread, between two steps of its own, and that thread may be in the middle of a
long query, or hold the very lock that is needed. So a thread waits for the signal, and does what is to be done.

Source: docs.python.org/3/library/signal.html, `set_wakeup_fd` and "Execution of Python signal handlers"
(read 2026-11-27).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn, Protocol

# How long a command that ends by itself may take, and then the main thread to die. Hosts kill after ten seconds, and
# the command line after eight.
ENDS_WITHIN_S: Final = 6.5
_DIES_WITHIN_S: Final = 1.0
_OVER: Final = 0


class Command(Protocol):
    """What is to be ended. Both are called from another thread than the command's."""

    def stop(self) -> bool:
        """Asks the command to end soon by itself. Returns False if there is nothing worth waiting for."""

    def give_back(self) -> None:
        """Gives back what outlives the process: others would have to wait for it."""


@contextmanager
def ending_at_sigterm(command: Command) -> Iterator[None]:
    """While active, SIGTERM ends the command, and the process unless the command soon ends by itself.

    For the main thread.
    """
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    ended, given_back = threading.Event(), threading.Event()
    watcher = threading.Thread(
        target=_watch,
        args=(woken, command, threading.get_ident(), ended, given_back),
        name="waiting for SIGTERM",
        daemon=True,
    )

    def on_signal(_signal: int, _frame: FrameType | None) -> None:
        if given_back.is_set() and not ended.is_set():
            die_of_sigterm()

    watcher.start()
    before = signal.signal(signal.SIGTERM, on_signal)
    waker_before = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(waker_before)
        os.write(waker, bytes([_OVER]))
        watcher.join()
        signal.signal(signal.SIGTERM, before)
        os.close(woken)
        os.close(waker)
        if given_back.is_set():
            die_of_sigterm()  # Whatever became of the command was a consequence.


def die_of_sigterm() -> NoReturn:
    """Ends the process by SIGTERM itself: hosts see that as a cancel, but exit code 143 as a failure."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
    # The first process of a container ignores the signal's default action; then exit as a shell would.
    sys.exit(128 + signal.SIGTERM)


def _watch(woken: int, command: Command, main_thread: int, ended: threading.Event, given_back: threading.Event) -> None:
    while signal.SIGTERM not in (signals := os.read(woken, 64)):
        if _OVER in signals:
            return
    if command.stop() and ended.wait(ENDS_WITHIN_S):
        return
    command.give_back()
    given_back.set()
    if ended.is_set():
        return
    signal.pthread_kill(main_thread, signal.SIGTERM)
    if not ended.wait(_DIES_WITHIN_S):
        os._exit(128 + signal.SIGTERM)
