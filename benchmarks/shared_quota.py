"""What it costs to share a quota, and how much of it processes use that share it through a Redis.

The same processes as in the tests ask for permits as fast as they get them, at Standard's 400 writes a minute and 7 a
second, against no Pinterest: an answer takes up to 8 ms. All groups run at once, each with a Redis of its own. For
every 400 successive requests of a group, the share used is 60 s by the time they took.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.children import ChildError, environment
from benchmarks.contenders import CHECKOUT
from benchmarks.figures import Row, Table, against_first, verdict

# How far each process is from Redis, in ms there and back.
_GROUPS: Final[Mapping[str, tuple[int, ...]]] = {
    "one": (0,),
    "two": (0, 0),
    "four": (0, 0, 0, 0),
    "two, one of them 20 ms away": (0, 20),
    "two, one of them 50 ms away": (0, 50),
}
_WITHIN_GOAL: Final = ("two", "four", "two, one of them 20 ms away")
_ENOUGH: Final = 0.95
_THROUGH: Final[Mapping[str, str]] = {"alone": "none", "through a file": "file", "through a Redis": "redis"}


def measure(_folder: Path, *, seconds: float) -> list[Table]:
    """Measures one permit, and then all groups at once for so long; nothing where there is no Redis server."""
    if shutil.which("redis-server") is None:
        print("Not measured: no Redis server is installed.")
        return []
    costs = {name: _figures(_started("permit", through)) for name, through in _THROUGH.items()}
    started = {name: _started("share", str(seconds), *map(str, away)) for name, away in _GROUPS.items()}
    shares = {name: _figures(process) for name, process in started.items()}
    is_enough = all(median(shares[name]) >= _ENOUGH for name in _WITHIN_GOAL)
    return [
        Table("One permit and its answer, without a wait, ms", against_first(costs), "alone = 1"),
        Table(
            f"Quota used together through a Redis in {seconds:.0f} s, % of 400 a minute; never more than that in any",
            [Row(name, [100 * share for share in each], each) for name, each in shares.items()],
            "share of the permitted",
            verdict(f"at least {_ENOUGH:.0%} used by two, by four, and with one 20 ms away", met=is_enough),
        ),
    ]


def _started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.shared_quota_senders", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=CHECKOUT
    )


def _figures(process: subprocess.Popen[str]) -> list[float]:
    out, errors = process.communicate()
    if process.returncode != 0:
        raise ChildError(f"The processes that share a quota failed: …{(errors or out)[-2000:]}")
    figures: list[float] = json.loads(out.splitlines()[-1])
    if not figures:
        raise ChildError("The processes that share a quota have sent too little to judge by.")
    return figures
