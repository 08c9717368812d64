"""The connector and the SDK's loop as they would meet Pinterest: Standard quota, 150 ms a request."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import contenders
from benchmarks.children import Command
from benchmarks.figures import Table, against_first
from benchmarks.quota import LATENCY_MS
from benchmarks.sandbox import running_sandbox


def measure(folder: Path, *, rows: int, rounds: int) -> list[Table]:
    """Whole processes, start-up included; each starts with the full quota."""
    source: Command = [sys.executable, contenders.CHECKOUT / "benchmarks" / "records.py", str(rows)]
    with running_sandbox(folder / "sandbox.log", tier="standard", latency_ms=LATENCY_MS) as sandbox:
        rivals = [contenders.connector(sandbox, folder, access_tier="standard"), contenders.sdk(sandbox, folder)]
        measured: dict[str, list[float]] = {rival.name: [] for rival in rivals}
        for number in range(1, rounds + 1):
            print(f"  round {number} of {rounds}", flush=True)
            for rival in rivals:
                measured[rival.name].append(rival.take(rows, source, sandbox, folder / "output.jsonl").wall_s)
    title = f"At Standard quota and {LATENCY_MS:.0f} ms latency, {rows:,} records, s"
    return [Table(title, against_first(measured), "time, connector = 1")]
