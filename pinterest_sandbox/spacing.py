"""Refuses writes to one object that follow each other too closely, where the settings ask for it.

Source: Pinterest OpenAPI 5.23.0, message of the 429: "if multiple write operations are applied to an object within a
short time window". How short is not documented, so the time is a setting and the default is to refuse none.
"""

from __future__ import annotations

from collections.abc import Callable


class ObjectSpacing:
    """Remembers when each object was last written to."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._written_at: dict[str, float] = {}

    def admits(self, object_id: str, apart_s: float) -> bool:
        """Whether a write may go ahead; if so it counts as the newest."""
        if not apart_s:
            return True
        now = self._clock()
        if now - self._written_at.get(object_id, float("-inf")) < apart_s:
            return False
        self._written_at[object_id] = now
        return True

    def clear(self) -> None:
        """Forget all writes."""
        self._written_at.clear()
