"""The commands that may be typed, and what each is given. All but `audiences` are those of Airbyte's platform.

Source: airbyte-cdk 7.39.1, destinations/destination.py, whose parser knows no `discover`; airbytehq/airbyte-platform at
310e6cb6, ContainerCommandFactory (read 2026-11-22).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from destination_pinterest.error_codes import Code


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a code in front, as all errors are said."""

    def error(self, message: str) -> NoReturn:
        """Exits with 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {Code.COMMAND_WRONG}: {message}\n")


def parse_command(args: Sequence[str]) -> argparse.Namespace:
    """What was typed: `command`, and the paths `config` and `catalog` where the command takes them.

    Raises:
        SystemExit: 2 after a word on standard error, or 0 after the help that was asked for.
    """
    parser = _Parser(
        prog="destination-pinterest",
        description="Keeps Pinterest's audiences equal to tables, as an Airbyte destination.",
    )
    commands = parser.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    commands.add_parser("spec", help="print the settings that there are")
    check = commands.add_parser("check", help="try the settings")
    discover = commands.add_parser("discover", help="print the audiences that streams can be pointed at")
    audiences = commands.add_parser(
        "audiences", help="print how the ad account's audiences are, for pinterest-audiences"
    )
    write = commands.add_parser("write", help="write the records of standard input to audiences")
    for command in (check, discover, audiences, write):
        command.add_argument("--config", metavar="FILE", required=True, help="the settings, as JSON")
    write.add_argument("--catalog", metavar="FILE", required=True, help="the configured catalog, as JSON")
    return parser.parse_args(args)
