"""`pinterest-audiences every`: runs a project's audiences again and again, until it is stopped."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.markers import QUOTA_PATH_VARIABLE
from pinterest_audiences.alerts.durations import read_duration
from pinterest_audiences.failure_view import write_failure
from pinterest_audiences.failures import Failure, UsageError
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.project.beginning import Beginning
from pinterest_audiences.project.opening import opened_project
from pinterest_audiences.project.run_command import check_parallel, quota_file, run_once, say
from pinterest_audiences.project.run_printing import print_run
from pinterest_audiences.project.selection import selected
from pinterest_audiences.project.state_folder import held

_LOOK_UP_EVERY_S: Final = 0.2
_SHORTEST: Final = timedelta(seconds=1)
# More than Trial allows in a day, and Standard in a minute.
_KEPT_BYTES: Final = 400_000
_MOST_BYTES: Final = 10 * _KEPT_BYTES


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    interval = _interval(arguments.interval)
    check_parallel(arguments.parallel)
    interruption = Interruption()
    beginning = Beginning(arguments.file, os.environ, say)
    with beginning.told(), opened_project(arguments) as project:
        audiences = selected(project, arguments.select)
        printer = Printer(sys.stdout, as_json=arguments.json)
        with held(project.state_folder), interruption.listening(), quota_file() as variables:
            for round_number in count(1):
                begun_s = time.monotonic()
                try:
                    outcome = run_once(arguments, project, audiences, interruption, variables=variables)
                    print_run(outcome, printer)
                except ConnectorError as error:
                    if round_number == 1:
                        raise
                    # What has worked before, and fails for want of room, must not end all further rounds.
                    failure = Failure.of(error)
                    write_failure(failure.text)
                    beginning.failed(failure)
                if not waited(interruption, begun_s + interval.total_seconds(), time.monotonic, time.sleep):
                    return interruption.exit_code
                shorten(variables)
    return interruption.exit_code


def waited(
    interruption: Interruption, until_s: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> bool:
    """Waits until a moment. Returns False if a stop was requested."""
    while not interruption.is_requested:
        left_s = until_s - clock()
        if left_s <= 0:
            return True
        sleep(min(left_s, _LOOK_UP_EVERY_S))
    return False


def shorten(variables: Mapping[str, str]) -> None:
    """Drops what no longer counts of the shared quota's file. No connector may run meanwhile."""
    path = Path(variables[QUOTA_PATH_VARIABLE])
    with suppress(OSError):  # A disk that is full for the moment must not end the rounds.
        if path.exists() and path.stat().st_size > _MOST_BYTES:
            kept = path.read_bytes()[-_KEPT_BYTES:]
            path.write_bytes(kept[kept.find(b"\n") + 1 :])


def _interval(text: str) -> timedelta:
    try:
        # Elsewhere a bare number is hours; who types `every 5` may mean any unit.
        interval = timedelta(0) if text.strip().isdecimal() else read_duration(text)
    except argparse.ArgumentTypeError:
        interval = timedelta(0)
    if interval < _SHORTEST:
        raise UsageError(Code.USAGE_WRONG, f"{text!r} is not a span of a second or more, such as 30s, 1m or 6h.")
    return interval
