"""Draws values over time as one line of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

WIDTH: Final = 40
_BARS: Final = "▁▂▃▄▅▆▇█"
# For terminals without them.
_PLAIN: Final = "_.-=+*%#"


def plotted(points: Sequence[tuple[datetime, float]], encoding: str | None, width: int = WIDTH) -> str:
    """Returns values, which are in order of time, as bars from the smallest to the largest; nothing for no value.

    Each character is a span of the same length, and its last value; a span without a value is blank.
    """
    if not points:
        return ""
    first, last = points[0][0], points[-1][0]
    span_s = max((last - first).total_seconds(), 1.0)
    columns: list[float | None] = [None] * min(width, len(points) * 4)
    for moment, value in points:
        place = int((moment - first).total_seconds() / span_s * (len(columns) - 1))
        columns[place] = value
    low, high = min(value for _, value in points), max(value for _, value in points)
    bars = _bars(encoding)
    return "".join(" " if value is None else bars[_height(value, low, high)] for value in columns).rstrip()


def _height(value: float, low: float, high: float) -> int:
    if high == low:
        return len(_BARS) // 2 - 1
    return round((value - low) / (high - low) * (len(_BARS) - 1))


def _bars(encoding: str | None) -> str:
    try:
        _BARS.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _BARS
