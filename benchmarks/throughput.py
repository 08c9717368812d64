"""How long the same records take: the connector with all it does, the stock destination that does nothing, the SDK.

Each round runs all of them on the same file through a pipe, and each on an empty input. The time of the records is the
one less the other, of the same round: what a process takes to start and end is out of it, for all alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import contenders
from benchmarks.children import Cost
from benchmarks.contenders import Contender
from benchmarks.figures import Table, against_first, verdict
from benchmarks.records import written
from benchmarks.sandbox import Sandbox, running_sandbox

# Of a small table, and of a large one, of whose time the start is less.
_LEAST_TIMES_FASTER: Final = (2.2, 1.6)
_LARGE: Final = 1_000_000
_LEAST_START: Final = 4


@dataclass(frozen=True, slots=True)
class _Costs:
    whole: list[Cost]
    empty: list[Cost]

    def records_only(self, figure: Callable[[Cost], float]) -> list[float]:
        return [figure(whole) - figure(empty) for whole, empty in zip(self.whole, self.empty, strict=True)]


def measure(folder: Path, *, rows: int, rounds: int) -> list[Table]:
    """Time and processor time, start-up included and excluded."""
    source = written(folder / f"records-{rows}.jsonl", rows)
    with running_sandbox(folder / "sandbox.log", tier="none") as sandbox:
        rivals = [
            contenders.connector(sandbox, folder, access_tier="none"),
            contenders.stock(folder),
            contenders.sdk(sandbox, folder),
        ]
        costs = {rival.name: _Costs([], []) for rival in rivals}
        _run_all(rivals, rows, source, sandbox, folder)  # The warm-up, which also compiles bytecode.
        for number in range(1, rounds + 1):
            for rival, whole, empty in _run_all(rivals, rows, source, sandbox, folder):
                costs[rival.name].whole.append(whole)
                costs[rival.name].empty.append(empty)
            took = ", ".join(f"{name} {cost.whole[-1].wall_s:.1f} s" for name, cost in costs.items())
            print(f"  round {number} of {rounds}: {took}", flush=True)
    return _tables(costs, rows)


def _run_all(
    rivals: Sequence[Contender], rows: int, source: Path, sandbox: Sandbox, folder: Path
) -> list[tuple[Contender, Cost, Cost]]:
    output = folder / "output.jsonl"
    whole = [rival.take(rows, ["cat", source], sandbox, output) for rival in rivals]
    empty = [rival.take(0, None, sandbox, output) for rival in rivals]
    return list(zip(rivals, whole, empty, strict=True))


def _tables(costs: dict[str, _Costs], rows: int) -> list[Table]:
    def table(title: str, measured: dict[str, list[float]], *, is_goal: bool = False) -> Table:
        beside = against_first(measured)
        _, stock, *_ = beside
        least = _LEAST_TIMES_FASTER[rows >= _LARGE]
        goal = verdict(f"the stock destination takes {least} times as long", met=median(stock.ratios) >= least)
        return Table(f"{title}, {rows:,} records, s", beside, "time, connector = 1", goal if is_goal else "")

    starts = against_first({name: [c.wall_s for c in cost.empty] for name, cost in costs.items()})
    return [
        table("Whole process", {name: [c.wall_s for c in cost.whole] for name, cost in costs.items()}, is_goal=True),
        table(
            "Records alone (start-up subtracted)",
            {name: cost.records_only(lambda c: c.wall_s) for name, cost in costs.items()},
        ),
        table("Processor time, whole process", {n: [c.cpu_s for c in cost.whole] for n, cost in costs.items()}),
        table(
            "Processor time, records alone",
            {name: cost.records_only(lambda c: c.cpu_s) for name, cost in costs.items()},
        ),
        Table(
            "Start-up and end (empty input), s",
            starts,
            "time, connector = 1",
            verdict(
                f"the stock destination takes {_LEAST_START} times as long",
                met=median(starts[1].ratios) >= _LEAST_START,
            ),
        ),
    ]
