"""Parses the command line. Those of Airbyte's platform are `spec`, `check`, `discover` and `write`.

Source: airbyte-cdk 7.39.1, destinations/destination.py, whose parser knows no `discover`; airbytehq/airbyte-platform at
310e6cb6, ContainerCommandFactory (read 2026-11-22).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from destination_pinterest.error_codes import Code
from destination_pinterest.foreign_text import shown
from destination_pinterest.wording.probe_text import BY_NAME, Step, chosen_steps


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a code in front, as all errors are said."""

    def error(self, message: str) -> NoReturn:
        """Exits with 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {Code.COMMAND_WRONG}: {shown(message)}\n")


def _steps(text: str) -> tuple[Step, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in BY_NAME]:
        raise argparse.ArgumentTypeError(f"no step: {', '.join(unknown)}")
    return chosen_steps(names)


def parse_command(args: Sequence[str]) -> argparse.Namespace:
    """Returns the arguments: `command`, and the paths `config`, `catalog` and `request` if the command has them.

    Raises:
        SystemExit: 2 after a message on standard error, or 0 after the help.
    """
    parser = _Parser(
        prog="destination-pinterest",
        description="Keeps Pinterest's audiences equal to tables, as an Airbyte destination.",
    )
    commands = parser.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    commands.add_parser("spec", help="print the available settings")
    check = commands.add_parser("check", help="test the settings")
    discover = commands.add_parser("discover", help="print the audiences that streams can be pointed at")
    audiences = commands.add_parser(
        "audiences", help="print the status of the ad account's audiences, for pinterest-audiences"
    )
    create = commands.add_parser("create", help="create audiences that hold nobody yet, for pinterest-audiences")
    write = commands.add_parser("write", help="sync the records on standard input to audiences")
    preview = commands.add_parser(
        "preview", help="print what `write` would do, asking Pinterest but changing nothing, for pinterest-audiences"
    )
    store = commands.add_parser(
        "store", help="verify, rekey, copy or drop what the membership store holds, for pinterest-audiences"
    )
    probe = commands.add_parser(
        "probe", help="ask Pinterest what is not documented, with a throw-away list, for pinterest-audiences"
    )
    probe.add_argument("--steps", metavar="NAME,…", type=_steps, help="which steps; all of them if it is left out")
    lists = commands.add_parser(
        "lists", help="print all customer lists of the ad accounts, and whose they are, for pinterest-audiences"
    )
    forget = commands.add_parser(
        "forget",
        help="take the people in the records on standard input out of every customer list, for pinterest-audiences",
    )
    accounts = commands.add_parser(
        "accounts", help="print the ad accounts that the sign-in reaches, for pinterest-audiences"
    )
    sign_in = commands.add_parser(
        "sign-in",
        help="exchange a code for a sign-in, and print the ad accounts that it reaches, for pinterest-audiences",
    )
    for command in (check, discover, audiences, create, write, preview, store, probe, lists, forget, accounts, sign_in):
        command.add_argument("--config", metavar="FILE", required=True, help="the settings, as JSON")
    for command in (write, preview, forget):
        command.add_argument("--catalog", metavar="FILE", required=True, help="the configured catalog, as JSON")
    for command in (create, store, forget, sign_in):
        command.add_argument("--request", metavar="FILE", required=True, help="what to do, as JSON")
    return parser.parse_args(args)
