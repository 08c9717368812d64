"""The leases that a process holds, so that they can be given back at any moment, even while more are being taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InterruptedSyncError
from destination_pinterest.membership.lease import LeasedManifest

# How long to wait for a lease that is just being taken: whether it was is not known before the place answers.
_PATIENCE_S: Final = 3.0
_AT_ONCE: Final = 16


class HeldLeases:
    """The leases of a process. Any thread may use it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: list[LeasedManifest] = []
        self._being_taken = 0
        self._is_over = False

    def take(self, lease: Callable[[], LeasedManifest]) -> LeasedManifest:
        """Takes a lease by calling `lease`.

        Raises:
            InterruptedSyncError: all were given back, so none is taken any more.
        """
        with self._changed:
            if self._is_over:
                raise InterruptedSyncError(
                    Code.SYNC_STOPPED,
                    "The sync was cancelled while it opened the membership store. The next sync goes on where this one "
                    "ended.",
                )
            self._being_taken += 1
        taken = None
        try:
            taken = lease()
            return taken
        finally:
            with self._changed:
                self._being_taken -= 1
                if taken is not None:
                    # A sync may take thousands, one after the other.
                    self._held = [*(lease for lease in self._held if not lease.is_released), taken]
                self._changed.notify_all()

    def give_back(self) -> None:
        """Gives all back, for good: the process is about to end."""
        with self._changed:
            self._is_over = True
            self._changed.wait_for(lambda: not self._being_taken, _PATIENCE_S)
            held = list(self._held)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(LeasedManifest.release, held))
