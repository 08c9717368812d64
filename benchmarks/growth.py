"""Requests that stay as they are beside requests that grow, at Standard quota and 150 ms a request."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final, Literal

from benchmarks import contenders
from benchmarks.children import ChildError, Command
from benchmarks.contenders import Contender
from benchmarks.figures import Table, against_first, verdict
from benchmarks.quota import LATENCY_MS
from benchmarks.sandbox import Sandbox, running_sandbox

_MOST_S: Final = 18.0
_OF_ROWS: Final = 1_000_000


def measure(folder: Path, *, rows: int, rounds: int) -> list[Table]:
    """Whole processes, start-up included; each starts with the full quota.

    Raises: ChildError if any request was refused.
    """
    source: Command = [sys.executable, contenders.CHECKOUT / "benchmarks" / "records.py", str(rows)]
    with running_sandbox(folder / "sandbox.log", tier="standard", latency_ms=LATENCY_MS) as sandbox:
        rivals = [_connector(sandbox, folder, growth) for growth in ("off", "auto")]
        measured: dict[str, list[float]] = {rival.name: [] for rival in rivals}
        for number in range(1, rounds + 1):
            print(f"  round {number} of {rounds}", flush=True)
            for rival in rivals:
                measured[rival.name].append(rival.take(rows, source, sandbox, folder / "output.jsonl").wall_s)
                if refused := sandbox.answers().get("429", 0):
                    raise ChildError(f"{rival.name} was answered 429 {refused} times.")
    title = f"At Standard quota and {LATENCY_MS:.0f} ms latency, {rows:,} records, no 429, s"
    met = median(measured["request_growth: auto"]) <= _MOST_S
    goal = verdict(f"at most {_MOST_S:.0f} s with auto", met=met) if rows == _OF_ROWS else ""
    return [Table(title, against_first(measured), "time, off = 1", goal)]


def _connector(sandbox: Sandbox, folder: Path, growth: Literal["off", "auto"]) -> Contender:
    own = folder / f"growth-{growth}"
    own.mkdir(exist_ok=True)
    ours = contenders.connector(sandbox, own, access_tier="standard", request_growth=growth)
    return replace(ours, name=f"request_growth: {growth}")
