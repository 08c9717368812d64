"""The commands that work on a project file. What they need is loaded when one of them runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from pinterest_audiences.project.file_name import FILE_NAME

_ROOM: Final = "pinterest_audiences.project"


def register(commands: Any) -> None:
    """Adds the commands to the parser's commands."""
    _add_validate(commands)
    _add_run(commands)


def _add_validate(commands: Any) -> None:
    parser = commands.add_parser(
        "validate",
        help="check a project file",
        description="Check a project file: its form, its names, the connector's settings, dbt's models. Nothing is "
        "opened and nobody is asked, so that it can be checked where there is no sign-in. `plan` looks further.",
    )
    _add_project_arguments(parser)
    parser.set_defaults(run=_later("validate"))


def _add_run(commands: Any) -> None:
    parser = commands.add_parser(
        "run",
        help="run the audiences of a project file",
        description="Run the audiences of a project file. One that fails does not stop the others. Exit codes: 0 all "
        "done; 75 some failed, and may succeed later; 1 some failed, and somebody has to change something; 2 the "
        "command or the file can't be used; 130 and 143 stopped.",
    )
    _add_project_arguments(parser)
    _add_run_arguments(parser)
    parser.add_argument("--failed", action="store_true", help="only those whose last run failed")
    parser.set_defaults(run=_later("run_command"))


def _add_project_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file", metavar="FILE", default=FILE_NAME, help="the project file (default: %(default)s in this folder)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")


def _add_selection_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="NAME|tag:TAG",
        help="only these audiences of the file: by name (* stands for any characters) or by tag; may be repeated",
    )


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    _add_selection_argument(parser)
    parser.add_argument(
        "--parallel",
        type=int,
        default=1,
        metavar="N",
        help="how many to run at once; they share one quota (default: %(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="show warnings, failures and the outcome only")


def _later(module: str) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        return int(import_module(f"{_ROOM}.{module}").run(arguments))

    return run
