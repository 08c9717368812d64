"""Remembers at which positions of the input the rows of an audience came, in little memory: for every so many rows."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Final

# Of 16 bytes each. Beyond that, every second one is forgotten: a state waits for a few rows more then.
_MOST: Final = 1 << 16


class RowPositions:
    """Positions by the numbers of rows, which are counted from 1.

    Args:
        most: how many are remembered at most.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._apart = 1
        self._rows = array("Q")
        self._positions = array("Q")

    def begin(self, row: int, position: int) -> None:
        """Takes the next rows, from this one on: so many records came before it."""
        if self._rows and row < self._rows[-1] + self._apart:
            return
        self._rows.append(row)
        self._positions.append(position)
        if len(self._rows) > self._most:
            self._rows, self._positions = self._rows[::2], self._positions[::2]
            self._apart *= 2

    def before(self, row: int) -> int:
        """Returns a position before which there are only earlier rows than this one: as far as is remembered."""
        return self._positions[max(bisect_right(self._rows, row) - 1, 0)]
