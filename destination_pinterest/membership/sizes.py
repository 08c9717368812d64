"""The amounts at which a ledger works in another way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The defaults are right for real tables; tests take smaller sizes.

    Args:
        batch: rows that are put into DuckDB at once, of 72 bytes each.
        small_delta: rows of a delta that is never too large for its base.
        streams: how many streams one audience may have. Files have no room for more than the default.
    """

    batch: int = 100_000
    small_delta: int = 20_000
    streams: int = (1 << 16) - 1
