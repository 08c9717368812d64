"""`pinterest-audiences history`: shows past runs, and sizes and match rates over time."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.alerts.durations import read_duration
from pinterest_audiences.failures import EXIT_DONE, UsageError
from pinterest_audiences.history import view
from pinterest_audiences.history.location import HISTORY_VARIABLE
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.history.store import History
from pinterest_audiences.printing import Printer
from pinterest_audiences.project.file_name import path_of

_DEFAULT_SINCE: Final = timedelta(days=30)


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "history",
        help="show past runs, and sizes and match rates over time",
        description="Show what the history on this machine has: sizes and match rates of audiences over time, and "
        f"runs. It is written by runs and by `observe`; {HISTORY_VARIABLE} names its file, or says off.",
    )
    add = parser.add_argument
    add("name", nargs="?", metavar="NAME", help="only this audience: its name in the project file, or at Pinterest")
    add(
        "--since",
        type=read_duration,
        default=_DEFAULT_SINCE,
        metavar="DURATION",
        help="how far back, such as 12h, 30d or 52w (default: 30d)",
    )
    add("--project", metavar="FILE", help="only runs of this project file, and the audiences that they kept")
    add("--runs", action="store_true", help="show each run instead of each audience")
    add("--limit", type=_count, metavar="N", help="show only the last N runs and observations")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object: runs, with all figures, and sizes")
    form.add_argument("--csv", action="store_true", help="print sizes and match rates as CSV; with --runs, runs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    history = History.of(os.environ)
    if history is None:
        raise UsageError(
            Code.HISTORY_EMPTY,
            f"{HISTORY_VARIABLE} is off, so there is no history. Set it to a file's path, or remove it.",
        )
    runs, observations = _found(history, arguments)
    asked = [each for each in (arguments.name, arguments.project) if each is not None]
    if asked and not runs and not observations:
        raise UsageError(
            Code.HISTORY_EMPTY,
            f"The history has nothing of {' in '.join(map(repr, asked))} since then. See "
            "`pinterest-audiences history` for what it has, or go further back by --since.",
        )
    if arguments.csv:
        if arguments.runs:
            view.write_runs(sys.stdout, runs)
        else:
            view.write_observations(sys.stdout, observations)
        return EXIT_DONE
    printer = Printer(sys.stdout, as_json=arguments.json)
    if arguments.json:
        printer.counts("", [], view.as_json(runs, observations))
    elif not runs and not observations:
        sys.stdout.write(f"The history ({history.path}) has nothing since then. Runs and `observe` write it.\n")
    elif arguments.runs:
        printer.table("Runs, the latest first", list(view.run_lines(runs)))
    else:
        for title, lines in view.audience_tables(runs, observations, sys.stdout.encoding):
            printer.table(title, lines)
    return EXIT_DONE


def _found(history: History, arguments: argparse.Namespace) -> tuple[list[RunRecord], list[Observation]]:
    """Returns runs and observations, the latest first: those of the name, if one is given."""
    since = datetime.now(UTC) - arguments.since
    project = None if arguments.project is None else str(path_of(arguments.project))
    runs, observations = history.runs(since=since, project=project), history.observations(since=since)
    if project is not None:
        kept = {(each.ad_account_id, each.audience) for each in runs}
        observations = [each for each in observations if (each.ad_account_id, each.audience) in kept]
    if arguments.name is not None:
        runs = [each for each in runs if arguments.name in {each.name, each.audience}]
        names = {arguments.name, *(each.audience for each in runs)}
        observations = [each for each in observations if each.audience in names]
    return runs[: arguments.limit], observations[: arguments.limit]


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)
