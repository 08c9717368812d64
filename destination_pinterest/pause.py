"""A sleep that can be interrupted, so that waiting threads give up when the sync does."""

from __future__ import annotations

import math
import threading

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InterruptedSyncError


class Pause:
    """Sleeps until `interrupt()`; after that, no sleep begins."""

    def __init__(self) -> None:
        self._interrupted = threading.Event()
        self._longest_s = math.inf

    def sleep(self, seconds: float) -> None:
        """Sleeps for so many seconds.

        Raises:
            InterruptedSyncError: the sync is being stopped, or no longer waits this long.
        """
        if seconds > self._longest_s or self._interrupted.wait(seconds):
            raise InterruptedSyncError(
                Code.SYNC_STOPPED,
                "The sync was cancelled while a request waited for its next try. The next sync goes on where this "
                "one ended.",
            )

    def allow_at_most(self, seconds: float) -> None:
        """From now on, ends longer sleeps at once: what is left to do is not worth the wait."""
        self._longest_s = seconds

    def interrupt(self) -> None:
        """Ends every present and future sleep."""
        self._interrupted.set()
