"""A sleep that can be ended from outside: what waits in a thread gives up when the sync does."""

from __future__ import annotations

import math
import threading

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InterruptedSyncError


class Pause:
    """Sleeps until `interrupt()`; afterwards no sleep begins."""

    def __init__(self) -> None:
        self._interrupted = threading.Event()
        self._longest_s = math.inf

    def sleep(self, seconds: float) -> None:
        """Waits.

        Raises:
            InterruptedSyncError: the sync is being stopped, or ends without this.
        """
        if seconds > self._longest_s or self._interrupted.wait(seconds):
            raise InterruptedSyncError(
                Code.SYNC_STOPPED,
                "The sync was cancelled while a request waited for its next try. The next sync goes on where this "
                "one ended.",
            )

    def allow_at_most(self, seconds: float) -> None:
        """From now on, who would sleep longer gives up instead: what is still to come is not worth the wait."""
        self._longest_s = seconds

    def interrupt(self) -> None:
        """Ends every sleep, now and from now on."""
        self._interrupted.set()
