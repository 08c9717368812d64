"""`python -m benchmarks [--quick] [--only SECTION]`: measures, prints tables, and writes .bench/results.json."""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks import difference, growth, latency, membership, memory, quota, shapes, throughput, warehouse
from benchmarks.children import ChildError
from benchmarks.contenders import CHECKOUT
from benchmarks.figures import Table, machine
from benchmarks.sandbox import SandboxError

FOLDER: Final = CHECKOUT / ".bench"

Section = Callable[[Path], list[Table]]

_IN_FULL: Final[Mapping[str, Section]] = {
    "throughput": lambda folder: [
        *throughput.measure(folder, rows=200_000, rounds=5),
        *throughput.measure(folder, rows=1_000_000, rounds=5),
    ],
    "memory": lambda folder: memory.measure(folder, rows=1_000_000, growth=(100_000, 1_000_000, 5_000_000), rounds=5),
    "shapes": lambda folder: shapes.measure(folder, rows=500_000, rounds=5),
    "quota": lambda folder: quota.measure(folder, seconds=150),
    "sdk": lambda folder: latency.measure(folder, rows=100_000, rounds=5),
    "drt": lambda folder: warehouse.measure(folder, rows=1_000_000, limited_rows=100_000, rounds=5),
    "growth": lambda folder: growth.measure(folder, rows=1_000_000, rounds=5),
    "membership": lambda folder: membership.measure(folder, growth=(100_000, 1_000_000), rounds=3),
    "difference": lambda folder: difference.measure(folder, rows=1_000_000, rounds=3),
}
# Enough to see whether it works and where it roughly stands.
_QUICKLY: Final[Mapping[str, Section]] = {
    "throughput": lambda folder: throughput.measure(folder, rows=200_000, rounds=2),
    "memory": lambda folder: memory.measure(folder, rows=200_000, growth=(50_000, 200_000), rounds=1),
    "shapes": lambda folder: shapes.measure(folder, rows=100_000, rounds=1),
    "quota": lambda folder: quota.measure(folder, seconds=75),
    "sdk": lambda folder: latency.measure(folder, rows=20_000, rounds=1),
    "drt": lambda folder: warehouse.measure(folder, rows=200_000, limited_rows=20_000, rounds=1),
    "growth": lambda folder: growth.measure(folder, rows=200_000, rounds=1),
    "membership": lambda folder: membership.measure(folder, growth=(20_000, 100_000), rounds=1),
    "difference": lambda folder: difference.measure(folder, rows=100_000, rounds=1),
}
# Minutes each, and gigabytes of disk: only where it is asked for by name.
_ON_REQUEST: Final[Mapping[str, Section]] = {
    "difference-10m": lambda folder: difference.measure(folder, rows=10_000_000, rounds=3),
    "membership-10m": lambda folder: membership.measure(folder, growth=(1_000_000, 10_000_000), rounds=1),
    "membership-50m": lambda folder: membership.measure(folder, growth=(50_000_000,), rounds=1),
}


def main() -> int:
    """Returns the exit code: 0 whatever the figures are, 1 where there are none."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds: a look, not a measurement")
    parser.add_argument("--only", choices=[*_IN_FULL, *_ON_REQUEST], help="one section")
    arguments = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    try:
        with _alone():
            results = _measure(_chosen(arguments.only, is_quick=arguments.quick))
    except (ChildError, SandboxError) as error:
        print(f"The benchmark failed: {error}", file=sys.stderr)
        return 1
    report = {"machine": machine(), "quick": arguments.quick, "sections": results}
    (FOLDER / "results.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


@contextmanager
def _alone() -> Iterator[None]:
    """Two at a time would measure each other, and write into the same files."""
    with (FOLDER / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ChildError("another one is running in this checkout; wait for its end.") from None
        yield


def _chosen(only: str | None, *, is_quick: bool) -> Mapping[str, Section]:
    sections = _QUICKLY if is_quick else _IN_FULL
    return sections if only is None else {only: {**_ON_REQUEST, **sections}[only]}


def _measure(sections: Mapping[str, Section]) -> dict[str, list[dict[str, Any]]]:
    print(f"{machine()}\n", flush=True)
    results = {}
    for name, measure in sections.items():
        print(f"{name} …", flush=True)
        tables = measure(FOLDER)
        results[name] = [table.as_json() for table in tables]
        print("\n" + "\n\n".join(table.as_text() for table in tables) + "\n", flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
