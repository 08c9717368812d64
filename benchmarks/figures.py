"""Figures of several runs, as a table that people read and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

_HEADINGS: Final = ("median", "min", "max", "ratio")
_WIDTH: Final = 11


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one contender, run by run. `ratios` are against the table's first contender, run by run."""

    name: str
    values: Sequence[float]
    ratios: Sequence[float]

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        return {
            **asdict(self),
            "median": median(self.values),
            "min": min(self.values),
            "max": max(self.values),
            "ratio": median(self.ratios),
        }

    def cells(self) -> list[str]:
        """Name, median, min, max, and the median of the ratios."""
        figures = (median(self.values), min(self.values), max(self.values), median(self.ratios))
        return [self.name, *(f"{figure:,.2f}" for figure in figures)]


@dataclass(frozen=True, slots=True)
class Table:
    """One thing that was measured. `ratio` in words; `goal` says what it should be and whether it is, if anything."""

    title: str
    rows: Sequence[Row]
    ratio: str
    goal: str = ""

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        return {"title": self.title, "ratio": self.ratio, "goal": self.goal, "rows": [r.as_json() for r in self.rows]}

    def as_text(self) -> str:
        """A table in columns."""
        lines = [("", *_HEADINGS), *(row.cells() for row in self.rows)]
        width = max(len(name) for name, *_ in lines)
        shown = ["  " + name.ljust(width) + "".join(cell.rjust(_WIDTH) for cell in cells) for name, *cells in lines]
        return "\n".join([f"{self.title} (ratio: {self.ratio})", *shown, *([f"  {self.goal}"] if self.goal else [])])


def against_first(measured: Mapping[str, Sequence[float]]) -> list[Row]:
    """Rows of runs that were made side by side: the n-th of each contender in the same round."""
    first = next(iter(measured.values()))
    return [
        Row(name, values, [value / of_first for value, of_first in zip(values, first, strict=True)])
        for name, values in measured.items()
    ]


def verdict(goal: str, *, met: bool) -> str:
    """A goal and whether it is met."""
    return f"Goal: {goal}: {'met' if met else 'NOT MET'}."


def machine() -> str:
    """Where it was measured."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
