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
    _add_init(commands)
    _add_validate(commands)
    _add_plan(commands)
    _add_run(commands)
    _add_status(commands)
    _add_retry(commands)
    _add_every(commands)
    _add_schema(commands)


def _add_validate(commands: Any) -> None:
    parser = commands.add_parser(
        "validate",
        help="check a project file",
        description="Check a project file: its form, its names, the connector's settings, dbt's models. Nothing is "
        "opened and nobody is asked, so that it can be checked where there is no sign-in. `plan` looks further.",
    )
    _add_project_arguments(parser)
    parser.set_defaults(run=_later("validate"))


def _add_plan(commands: Any) -> None:
    parser = commands.add_parser(
        "plan",
        help="say what a run of a project file would do",
        description="Read the rows of a project's audiences, ask Pinterest what is there, and say for each audience "
        "whether it is new, how many would join and leave, and what it costs. Nothing is changed. Exit codes: 0 all "
        "are ready; 1 some would fail until somebody changes something; 75 some can't be planned now; 2 the command or "
        "the file can't be used.",
    )
    _add_project_arguments(parser)
    _add_selection_argument(parser)
    _add_parallel_argument(parser)
    parser.add_argument("--offline", action="store_true", help="don't ask Pinterest: only read and check the rows")
    parser.set_defaults(run=_later("plan_command"))


def _add_retry(commands: Any) -> None:
    parser = commands.add_parser(
        "retry",
        help="read the rows again that were rejected",
        description="Read the rows again that the last run has written down as rejected, by their keys, and send those "
        "that can be used now. Nobody leaves by being in none of them.",
    )
    _add_project_arguments(parser)
    _add_run_arguments(parser)
    parser.set_defaults(run=_later("retry_command"))


def _add_every(commands: Any) -> None:
    parser = commands.add_parser(
        "every",
        help="run a project file again and again",
        description="Run the audiences of a project file, wait, and run them again until Ctrl-C or SIGTERM, which let "
        "what was read be sent. With a cursor, each round sends only what is new. A second signal stops at once.",
    )
    parser.add_argument("interval", metavar="SPAN", help="from one round's start to the next: 30s, 1m, 6h")
    _add_project_arguments(parser)
    _add_run_arguments(parser)
    parser.set_defaults(run=_later("every_command"))


def _add_status(commands: Any) -> None:
    parser = commands.add_parser(
        "status",
        help="show the audiences of a project file: last run, and what Pinterest says",
        description="Show each audience of a project file: how its last run ended and when, its size and status at "
        "Pinterest, and when its sign-in ends.",
    )
    _add_project_arguments(parser)
    _add_selection_argument(parser)
    parser.add_argument("--offline", action="store_true", help="don't ask Pinterest")
    parser.add_argument(
        "--fail-if-stale",
        nargs="?",
        const="",
        metavar="SPAN",
        help="exit with 1 if an audience has not been run successfully for so long (26h; default: its own `schedule` "
        "and a quarter more)",
    )
    parser.set_defaults(run=_later("status_command"))


def _add_init(commands: Any) -> None:
    parser = commands.add_parser(
        "init",
        help="write a project file from a look at a database or files",
        description="Look at a database or files, find the tables with columns that identify people, and write a "
        "project file with an audience for each that you want. On a terminal it asks; --yes takes all.",
    )
    parser.add_argument("--from", dest="source", required=True, metavar="URL|FILE", help="as `sync --from`")
    parser.add_argument(
        "--file", metavar="FILE", default=FILE_NAME, help="the file to write (default: %(default)s in this folder)"
    )
    parser.add_argument("--profile", metavar="NAME", help="the profile to sign in with")
    parser.add_argument("--config", metavar="FILE", help="in place of a profile: a config file")
    parser.add_argument("--yes", action="store_true", help="ask nothing: an audience for each table found")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=_later("init_command"))


def _add_schema(commands: Any) -> None:
    parser = commands.add_parser(
        "schema",
        help="print the JSON Schema of the project file, or of what a command prints by --json",
        description="Print a JSON Schema: of audiences.yml, for editors, or of what a command prints by --json.",
    )
    parser.add_argument("what", nargs="?", default="file", choices=("file", "run", "plan", "status"))
    parser.set_defaults(run=_later("schemas"), json=False)


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
    parser.add_argument(
        "--failed", action="store_true", help="only those whose last run failed, or of which no run is known"
    )
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


def _add_parallel_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--parallel",
        type=int,
        default=1,
        metavar="N",
        help="how many audiences at once; they share one quota (default: %(default)s)",
    )


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    _add_selection_argument(parser)
    _add_parallel_argument(parser)
    parser.add_argument("--quiet", action="store_true", help="show warnings, failures and the outcome only")


def _later(module: str) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        return int(import_module(f"{_ROOM}.{module}").run(arguments))

    return run
