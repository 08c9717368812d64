"""What comes late: creations that nobody finds yet, and requests that take effect after their client has given up.

Pinterest documents neither. Both happen wherever reads come from copies and requests pass through queues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Hidden:
    until: float
    listings_only: bool


class Lateness:
    """What is not there yet. `clock` tells the world's time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._hidden: dict[str, _Hidden] = {}
        self._effects: list[tuple[float, Callable[[], object]]] = []

    def hide(self, object_id: str, seconds: float, *, listings_only: bool) -> None:
        """Keep an object from being found for so long."""
        self._hidden[object_id] = _Hidden(self._clock() + seconds, listings_only)

    def is_listed(self, object_id: str) -> bool:
        """Whether listings show an object yet."""
        hidden = self._hidden.get(object_id)
        return hidden is None or hidden.until <= self._clock()

    def is_known(self, object_id: str) -> bool:
        """Whether an object is found by its id yet."""
        return self.is_listed(object_id) or self._hidden[object_id].listings_only

    def postpone(self, seconds: float, effect: Callable[[], object]) -> None:
        """Let something happen after so long."""
        self._effects.append((self._clock() + seconds, effect))

    def catch_up(self) -> None:
        """Let happen what is due, the earliest first."""
        now = self._clock()
        due = sorted((effect for effect in self._effects if effect[0] <= now), key=lambda effect: effect[0])
        self._effects = [effect for effect in self._effects if effect[0] > now]
        for _, happens in due:
            happens()

    def clear(self) -> None:
        """Forget what was to come, and hide nothing."""
        self._hidden.clear()
        self._effects.clear()
