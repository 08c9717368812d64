"""Slices: the parts in which a delta is sent, each of which counts for itself.

The smaller they are, the less is sent again after a kill, and the more often the store has to note how far it came. A
note takes a tenth of a second where the store is slow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:  # It imports DuckDB and NumPy, which syncs without a store don't need.
    from destination_pinterest.membership import Delta

_SECONDS: Final = 5.0
_LEAST_REQUESTS: Final = 4
# Keeps the memory flat whatever the quota.
_MOST_REQUESTS: Final = 64


class Slice(msgspec.Struct, frozen=True):
    """The part of a delta that is being sent, by the numbers of its identifiers: from `first` to before `last`."""

    delta: Delta
    first: int
    last: int


def requests_of_slice(rate_per_s: float) -> int:
    """Returns how many requests a slice has where the quota permits so many a second."""
    return min(max(math.ceil(rate_per_s * _SECONDS), _LEAST_REQUESTS), _MOST_REQUESTS)


def joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns ranges of numbers in order, with those that meet made one."""
    result: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if result and result[-1][1] == first:
            result[-1] = (result[-1][0], last)
        else:
            result.append((first, last))
    return result
