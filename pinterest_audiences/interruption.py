"""Ctrl-C and SIGTERM as a flag that the main loop looks at, so that no line is cut in half by an exception."""

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
        """What a shell expects of a program that stopped because of the signal: 130 for Ctrl-C."""
        return 128 + self.signal_number

    def request(self, signal_number: int) -> None:
        """Asks to stop."""
        self.times += 1
        self.signal_number = signal_number
        self._event.set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes the signals while it lasts. Only Python's main thread can; elsewhere nothing is taken."""
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
