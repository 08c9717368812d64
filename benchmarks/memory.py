"""Peak memory: against the stock destination, and against the number of rows.

The rows come from a process that makes them up, so that their number costs no disk.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import contenders
from benchmarks.children import Command
from benchmarks.figures import Row, Table, against_first, verdict
from benchmarks.sandbox import running_sandbox

_BYTES_A_MIB: Final = 1 << 20
_MOST_TIMES_STOCK: Final = 0.6
# Rises by less than this share from the fewest rows to the most count as flat: an allocator's moods are as large.
_FLAT: Final = 0.10
# Fewer rows don't fill the sample by which members are counted.
_FULL_FROM: Final = 1_000_000


def measure(folder: Path, *, rows: int, growth: Sequence[int], rounds: int) -> list[Table]:
    """Peaks of both destinations on `rows` rows, and of the connector on each number of `growth`, fewest first."""
    output = folder / "output.jsonl"
    peaks: dict[str, list[float]] = {}
    by_rows: dict[str, list[float]] = {f"{number:,} rows": [] for number in growth}
    with running_sandbox(folder / "sandbox.log", tier="none") as sandbox:
        ours = contenders.connector(sandbox, folder, access_tier="none")
        stock = contenders.stock(folder)
        for number in range(1, rounds + 1):
            print(f"  round {number} of {rounds}", flush=True)
            for rival in (stock, ours):
                cost = rival.take(rows, _made_up(rows), sandbox, output)
                peaks.setdefault(rival.name, []).append(cost.peak_bytes / _BYTES_A_MIB)
            for some in growth:
                cost = ours.take(some, _made_up(some), sandbox, output)
                by_rows[f"{some:,} rows"].append(cost.peak_bytes / _BYTES_A_MIB)
    beside = against_first(peaks)
    grown = against_first(by_rows)
    return [
        Table(
            f"Peak memory, {rows:,} records, MiB",
            beside,
            "peak, stock = 1",
            verdict(f"at most {_MOST_TIMES_STOCK:g} times the stock's", met=_ratio(beside) <= _MOST_TIMES_STOCK),
        ),
        Table(
            "Peak memory of the connector by rows, MiB",
            grown,
            f"peak, {growth[0]:,} rows = 1",
            verdict(f"flat (within {_FLAT:.0%}) from a million rows on", met=_is_flat(by_rows, growth)),
        ),
    ]


def _ratio(rows: Sequence[Row]) -> float:
    return median(rows[-1].ratios)


def _is_flat(peaks: dict[str, list[float]], growth: Sequence[int]) -> bool:
    full = [median(some) for number, some in zip(growth, peaks.values(), strict=True) if number >= _FULL_FROM]
    return not full or full[-1] <= full[0] * (1 + _FLAT)


def _made_up(rows: int) -> Command:
    return [sys.executable, contenders.CHECKOUT / "benchmarks" / "records.py", str(rows)]
