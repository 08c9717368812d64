"""The membership store: time and peak memory of a sync by the number of rows. Each sync is a process of its own."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.children import Child, ChildError, Command, Cost, run
from benchmarks.contenders import CHECKOUT
from benchmarks.figures import Table, against_first, verdict

_BYTES_A_MIB: Final = 1 << 20
_MOST_MIB: Final = 500
# Fewer rows don't fill the memory that DuckDB is allowed. Rises by less than this share count as flat.
_FULL_FROM: Final = 1_000_000
_FLAT: Final = 0.15
# In this order: each finds the ledger that the one before left. The share of rows that is not as at first.
_SYNCS: Final = {"first fill": 0.0, "unchanged": 0.0, "1 % changed": 0.01}
_BARE: Final = ("first fill", "unchanged")
_MOST_TIMES_BARE: Final = 2.0


def measure(folder: Path, *, growth: Sequence[int], rounds: int) -> list[Table]:
    """Full refreshes of each number of rows in `growth`, fewest first."""
    costs: dict[str, dict[int, list[Cost]]] = {name: {rows: [] for rows in growth} for name in _SYNCS}
    bare: dict[str, dict[int, list[Cost]]] = {name: {rows: [] for rows in growth} for name in _BARE}
    store = folder / "membership"
    for number in range(1, rounds + 1):
        print(f"  round {number} of {rounds}", flush=True)
        for rows in growth:
            shutil.rmtree(store, ignore_errors=True)
            store.mkdir()
            for name in bare:
                bare[name][rows].append(_bare(folder, store, rows))
            for name, changed in _SYNCS.items():
                costs[name][rows].append(_sync(folder, store, rows, changed, is_first=name == "first fill"))
    shutil.rmtree(store)
    return [
        *(table for name, by_rows in costs.items() for table in _tables(name, by_rows)),
        *(_beside(name, costs[name], bare[name]) for name in bare),
    ]


def _sync(folder: Path, store: Path, rows: int, changed: float, *, is_first: bool) -> Cost:
    """Raises: ChildError if it did not find what it should."""
    output = folder / "membership.json"
    command: Command = [sys.executable, "-m", "benchmarks.membership_sync", store, str(rows), str(changed)]
    cost = run(Child(command, {}, CHECKOUT), None, output)
    found = json.loads(output.read_bytes())
    moved = int(rows * changed)
    expected = {"additions": rows if is_first else moved, "removals": moved, "members": rows}
    if any(found[name] != number for name, number in expected.items()):
        raise ChildError(f"a sync of {rows:,} rows found {found}, not {expected}.")
    return cost


def _bare(folder: Path, store: Path, rows: int) -> Cost:
    """What sealing and one comparison take, without a ledger."""
    command: Command = [sys.executable, "-m", "benchmarks.membership_bare", store, str(rows)]
    return run(Child(command, {}, CHECKOUT), None, folder / "membership.json")


def _beside(name: str, costs: dict[int, list[Cost]], bare: dict[int, list[Cost]]) -> Table:
    rows = max(costs)
    measured = {
        "hash, seal, one anti-join" if name == "unchanged" else "hash, seal, write": [c.cpu_s for c in bare[rows]],
        "the store": [c.cpu_s for c in costs[rows]],
    }
    beside = against_first(measured)
    ratio = median(beside[-1].ratios)
    return Table(
        f"Membership store, {name}, {rows:,} rows: processor time beside the least that it takes, s",
        beside,
        "the least = 1",
        verdict(f"at most {_MOST_TIMES_BARE:g} times", met=ratio <= _MOST_TIMES_BARE),
    )


def _tables(name: str, costs: dict[int, list[Cost]]) -> list[Table]:
    def table(what: str, figure: Callable[[Cost], float], goal: str = "") -> Table:
        measured = {f"{rows:,} rows": [figure(cost) for cost in some] for rows, some in costs.items()}
        return Table(
            f"Membership store, {name}: {what}", against_first(measured), f"{next(iter(costs)):,} rows = 1", goal
        )

    peaks = {rows: median(cost.peak_bytes for cost in some) / _BYTES_A_MIB for rows, some in costs.items()}
    full = [peak for rows, peak in peaks.items() if rows >= _FULL_FROM]
    is_flat = not full or full[-1] <= full[0] * (1 + _FLAT)
    return [
        table("time, s", lambda cost: cost.wall_s),
        table("processor time, s", lambda cost: cost.cpu_s),
        table(
            "peak memory, MiB",
            lambda cost: cost.peak_bytes / _BYTES_A_MIB,
            verdict(
                f"at most {_MOST_MIB} MiB, and flat (within {_FLAT:.0%}) from a million rows on",
                met=max(peaks.values()) <= _MOST_MIB and is_flat,
            ),
        ),
    ]
