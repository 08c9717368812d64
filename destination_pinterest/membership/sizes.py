"""The limits at which a ledger changes how it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The limits of a ledger. The defaults are right for real tables; tests use smaller ones.

    Args:
        batch: rows that are inserted into DuckDB at once, of 72 bytes each.
        small_delta: up to so many rows, a delta is never too large for its base.
        streams: how many streams one audience may have. The files have no room for more than the default.
    """

    batch: int = 100_000
    small_delta: int = 20_000
    streams: int = (1 << 16) - 1
