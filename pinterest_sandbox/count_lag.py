"""Lets the counts of a customer list lag behind what happened, where the settings ask for it.

Pinterest's own tests show counts that have moved by the time of the answer; nothing promises it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pinterest_sandbox.entities import CustomerList


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted of a list."""

    batches: int = 0
    uploaded: int = 0
    removed: int = 0

    @classmethod
    def of(cls, customer_list: CustomerList) -> Counts:
        """The counts as they are."""
        return cls(
            customer_list.num_batches, customer_list.num_uploaded_user_records, customer_list.num_removed_user_records
        )


class CountLag:
    """Remembers what each list's counts were. `clock` tells the world's time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._earlier: dict[str, deque[tuple[float, Counts]]] = {}

    def before_write(self, list_id: str, counts: Counts, lag_s: float) -> None:
        """Take note of the counts that hold until now."""
        if not lag_s:
            return
        earlier = self._earlier.setdefault(list_id, deque())
        earlier.append((self._clock(), counts))
        self._forget_what_is_over(earlier, lag_s)

    def shown(self, customer_list: CustomerList, lag_s: float) -> Counts:
        """The counts as they were so long ago."""
        earlier = self._earlier.get(customer_list.id)
        if not lag_s or not earlier:
            return Counts.of(customer_list)
        self._forget_what_is_over(earlier, lag_s)
        return earlier[0][1] if earlier else Counts.of(customer_list)

    def clear(self) -> None:
        """Forget everything."""
        self._earlier.clear()

    def _forget_what_is_over(self, earlier: deque[tuple[float, Counts]], lag_s: float) -> None:
        """Drop the counts that held until longer ago than is shown."""
        while earlier and earlier[0][0] <= self._clock() - lag_s:
            earlier.popleft()
