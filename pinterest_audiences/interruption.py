"""Turns Ctrl-C and SIGTERM into a flag that the main loop checks, so that no exception cuts a line in half."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether a stop was requested, how often, and by which signal."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.times = 0
        self.signal_number = 0

    @property
    def is_requested(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    @property
    def exit_code(self) -> int:
        """The exit code that shells expect after the signal: 130 for Ctrl-C."""
        return 128 + self.signal_number

    def request(self, signal_number: int) -> None:
        """Requests a stop."""
        self.times += 1
        self.signal_number = signal_number
        self._event.set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handles the signals while active. Does nothing outside Python's main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        self.request(number)
