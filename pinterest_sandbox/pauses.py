"""Waits that end early when the server is told to stop, so that no pretended latency holds up the end."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Pauses:
    """All waits of one server."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds, or until `end`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def end(self) -> None:
        """Let everyone go on at once, now and later."""
        self._stopping.set()
