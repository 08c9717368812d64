"""Shows a sync in the log of the driver, and remembers what should be looked at."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from destination_pinterest.foreign_text import shown
from pinterest_audiences.progress import LOUD_LEVELS, wait_text

LOGGER: Final = logging.getLogger("pinterest_audiences.spark")


class LoggedWatcher:
    """A Watcher that logs. Called from several threads."""

    def __init__(self) -> None:
        self._warnings: dict[str, None] = {}
        self._waiting_until_s = 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was warned of, each once."""
        return tuple(self._warnings)

    def read(self, rows: int) -> None:
        """See Watcher."""

    def progressed(self, progress: Mapping[str, Any]) -> None:
        """See Watcher."""
        LOGGER.debug("%s rows synced, %s requests", progress.get("synced", 0), progress.get("requests", 0))

    def waiting(self, until_s: float) -> None:
        """See Watcher."""
        if until_s and until_s != self._waiting_until_s:
            LOGGER.info(wait_text(until_s))
        self._waiting_until_s = until_s

    def log(self, level: str, text: str) -> None:
        """See Watcher."""
        line = shown(text)
        if level in LOUD_LEVELS:
            self._warnings[line] = None
            LOGGER.warning(line)
        else:
            LOGGER.info(line)
