"""A sleep that can be ended from outside: what waits in a thread gives up when the sync does."""

from __future__ import annotations

import threading

from destination_pinterest.errors import InterruptedSyncError


class Pause:
    """Sleeps until `interrupt()`; afterwards no sleep begins."""

    def __init__(self) -> None:
        self._interrupted = threading.Event()

    def sleep(self, seconds: float) -> None:
        """Waits.

        Raises:
            InterruptedSyncError: the sync is being stopped.
        """
        if self._interrupted.wait(seconds):
            raise InterruptedSyncError("The sync was stopped while a request waited for its next try.")

    def interrupt(self) -> None:
        """Ends every sleep, now and from now on."""
        self._interrupted.set()
