"""DataFrames of Spark into the sandbox, by mode: a first fill each. Left out where Spark's environment is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from benchmarks.children import ChildError
from benchmarks.contenders import CHECKOUT
from benchmarks.figures import Table, against_first

_PYTHON: Final = CHECKOUT / ".venvs" / "spark" / "bin" / "python"
_PROCESSES: Final = ("Python", "Java", "connector")


def measure(folder: Path, *, rows: int, rounds: int) -> list[Table]:
    """All modes with so many rows, after a warm-up, in a session for each round. Raises: ChildError."""
    if not _PYTHON.exists() or shutil.which("java") is None:
        print("  left out: there is no .venvs/spark or no Java; `make set-up-hosts` sets up the first.", flush=True)
        return []
    times: dict[str, list[float]] = {}
    memory: dict[str, list[float]] = {}
    for number in range(1, rounds + 1):
        print(f"  round {number} of {rounds}", flush=True)
        for each in _run(folder, rows):
            times.setdefault(each["mode"], []).append(each["seconds"])
            for process in _PROCESSES:
                memory.setdefault(f"{each['mode']}, {process}", []).append(each["memory"][process])
    return [
        Table(f"Spark: {rows:,} rows, seconds", against_first(times), "append = 1"),
        Table(f"Spark: {rows:,} rows, largest memory in MiB", against_first(memory), "the driver's Python = 1"),
    ]


def _run(folder: Path, rows: int) -> list[dict[str, Any]]:
    with (folder / "spark.log").open("wb") as log:
        done = subprocess.run(
            [_PYTHON, "-m", "benchmarks.spark_rows", str(rows)],
            cwd=CHECKOUT,
            env={**os.environ, "AS_JSON": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            check=False,
        )
    if done.returncode != 0:
        raise ChildError(f"Spark ended with {done.returncode}; {folder / 'spark.log'} says why.")
    return [json.loads(line) for line in done.stdout.splitlines()]
