"""Runs a process that reads lines from a pipe, and says what it took; starter.py measures it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# How Python writes bytecode and buffers its output is left as it is by default, for all alike.
_LEFT_OUT: Final = (
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "DESTINATION_PINTEREST_PROGRESS_S",
    "DESTINATION_PINTEREST_REPORT_TEXT",
)
_STARTER: Final = Path(__file__).with_name("starter.py")
_MOST_BYTES_TOLD: Final = 1000

Command = Sequence[str | Path]


class ChildError(Exception):
    """A process did not do what it was started for."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took, from its start to its end. `cpu_s` is user and system time of all its threads."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Child:
    """A command, its environment beyond the usual one, and where it runs."""

    command: Command
    environment: Mapping[str, str]
    folder: Path


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every process that is measured or serves one."""
    kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    history = Path(tempfile.gettempdir()) / "benchmark-history.sqlite3"  # Not among the user's own runs.
    return kept | {"PINTEREST_AUDIENCES_HISTORY": str(history)} | dict(more or {})


def run(child: Child, source: Command | None, output: Path, *, stop_after_s: float | None = None) -> Cost:
    """Runs `child` to its end with what `source` prints as its input (None: an empty one) and its output in a file.

    With `stop_after_s`, it is asked to end (SIGTERM) after so many seconds.
    Raises: ChildError if it fails otherwise.
    """
    errors = output.with_suffix(".err")
    with ExitStack() as stack:
        out, err = stack.enter_context(output.open("wb")), stack.enter_context(errors.open("wb"))
        feeder = _feeder(source, stack)
        said, told = os.pipe()
        stack.callback(os.close, said)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", _STARTER, str(told), str(stop_after_s or 0), *child.command],
            stdin=feeder.stdout if feeder else subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environment(child.environment),
            cwd=child.folder,
            pass_fds=[told],
            start_new_session=True,
        )
        os.close(told)
        stack.callback(_end_all, process)
        if feeder and feeder.stdout:
            feeder.stdout.close()  # So that the feeder hears of it when the child has gone.
        process.wait()
        measured = os.read(said, _MOST_BYTES_TOLD).split()
    if not measured or (int(measured[0]) and stop_after_s is None):
        why = errors.read_text(encoding="utf-8", errors="replace") or output.read_text(encoding="utf-8")
        how = int(measured[0]) if measured else "no measurement"
        raise ChildError(f"{child.command[0]} ended with {how}: …{why[-2000:]}")
    return Cost(float(measured[1]), float(measured[2]), int(measured[3]))


def _feeder(source: Command | None, stack: ExitStack) -> subprocess.Popen[bytes] | None:
    if source is None:
        return None
    feeder = subprocess.Popen(source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment())
    stack.callback(_end, feeder)
    return feeder


def _end_all(starter: subprocess.Popen[bytes]) -> None:
    """Ends the starter, and with it what it started."""
    if starter.poll() is None:
        os.killpg(starter.pid, signal.SIGKILL)
        starter.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
