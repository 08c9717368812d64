"""`pinterest-audiences audiences`: shows the status of the ad account's customer-list audiences.

It runs the connector, which alone talks to Pinterest and may renew its sign-in: the new one goes into the config file,
as in a sync.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from pinterest_audiences.asked_listing import asked_listing
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "audiences",
        help="show the status of the ad account's audiences",
        description="Show the present status of every customer-list audience of the ad account: status, size, "
        "records, and what will still change; and customer lists without an audience. Nothing is changed.",
    )
    add_sign_in_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    config = opened_config(arguments.config, arguments.profile, os.environ)
    interruption = Interruption()
    with interruption.listening():
        asked = asked_listing(config, QuietDisplay(sys.stderr), interruption)
    printer = Printer(sys.stdout, as_json=arguments.json)
    if asked.failure is None:
        printer.listing(asked.content or {})
        return asked.exit_code
    if arguments.json:
        printer.listing({"schema_version": 1, **asked.failure.as_json()})
    sys.stderr.write(f"pinterest-audiences: {asked.failure.text}\n")
    return asked.exit_code
