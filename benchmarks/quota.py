"""How much of Pinterest's quota one sync uses while input waits, and whether it ever asks for too much.

A sandbox at Standard quota (400 ads_write requests in any 60 s) with 150 ms of latency, and a connector with more rows
waiting than it can send. Every 400 successive requests are looked at: a client that never lost a moment would take 60 s
for them, so the share used is 60 s by the time they took.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import contenders
from benchmarks.children import ChildError, Command, run
from benchmarks.figures import Row, Table, verdict
from benchmarks.sandbox import running_sandbox

LATENCY_MS: Final = 150.0
_PERMITTED: Final = 400
_WINDOW_S: Final = 60.0
# Small requests, so that few rows outlast the run.
_BATCH_SIZE: Final = 100
_ENOUGH: Final = 0.98


def measure(folder: Path, *, seconds: float) -> list[Table]:
    """Runs one sync for so long, then asks it to end."""
    rows = int(2 * seconds * _PERMITTED / _WINDOW_S) * _BATCH_SIZE
    source: Command = [sys.executable, contenders.CHECKOUT / "benchmarks" / "records.py", str(rows)]
    with running_sandbox(folder / "sandbox.log", tier="standard", latency_ms=LATENCY_MS) as sandbox:
        ours = contenders.connector(sandbox, folder, access_tier="standard", batch_size=_BATCH_SIZE)
        run(ours.child, source, folder / "output.jsonl", stop_after_s=seconds)
        arrivals = sorted(request["at"] for request in sandbox.writes())
        answers = sandbox.answers()
    spans_s = [later - earlier for earlier, later in zip(arrivals, arrivals[_PERMITTED:], strict=False)]
    if not spans_s:
        raise ChildError(f"Only {len(arrivals)} requests arrived in {seconds:.0f} s.")
    shares = [_WINDOW_S / span_s for span_s in spans_s]
    refused = answers.get("429", 0)
    return [
        Table(
            f"Quota used at {LATENCY_MS:.0f} ms latency, {len(arrivals):,} writes in {seconds:.0f} s, % of "
            f"{_PERMITTED} a minute",
            [Row(f"over {len(shares)} spans of {_PERMITTED} requests", [100 * share for share in shares], shares)],
            "share of the permitted",
            verdict(
                f"at least {_ENOUGH:.0%} used, no 429 ({refused} came)", met=median(shares) >= _ENOUGH and not refused
            ),
        )
    ]
