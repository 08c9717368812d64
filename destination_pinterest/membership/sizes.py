"""The limits at which a ledger changes how it works."""

from __future__ import annotations

import msgspec


class Sizes(msgspec.Struct, frozen=True):
    """The limits of a ledger. The defaults are right for real tables; tests use smaller ones.

    Args:
        batch: rows that are encrypted and inserted into DuckDB at once, of 300 bytes each.
        in_memory: up to so many, rows that wait to be compared need no file of their own.
        at_once: so many rows are compared at once; more of them are compared part by part.
        small_delta: up to so many rows, a delta is never too large for its base.
        streams: how many streams one audience may have. The files have no room for more than the default.
    """

    batch: int = 50_000
    in_memory: int = 1_000_000
    at_once: int = 10_000_000
    small_delta: int = 20_000
    streams: int = (1 << 16) - 1
