"""`pinterest-audiences alerts test`: sends an alert that says nothing but that it came."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.alerts.arguments import add_alert_arguments
from pinterest_audiences.alerts.delivery import Destinations
from pinterest_audiences.alerts.message import Message
from pinterest_audiences.alerts.reading import ALERTS_VARIABLE, alert_settings
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure, UsageError
from pinterest_audiences.printing import Printer
from pinterest_audiences.project.file_name import FILE_NAME

_TEST: Final = Message(
    "Pinterest: a test alert",
    "This is a test: alerts of pinterest-audiences arrive here. Nothing is wrong.",
    "info",
)


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "alerts",
        help="try whether alerts arrive",
        description="Try whether alerts arrive.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    test = actions.add_parser(
        "test",
        help="send a test alert to every address",
        description="Send a test alert to every address, and say which of them took it. Addresses are not shown. "
        "Without --alerts and without addresses in the environment, those of audiences.yml in this folder are tried.",
    )
    add_alert_arguments(test)
    test.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    test.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: UsageError if there is no address that can be used."""
    settings = alert_settings(_file_of(arguments), os.environ)
    if settings is None or not settings.notify:
        raise UsageError(
            Code.ALERTS_UNUSABLE,
            f"No address for alerts is known. Set {ALERTS_VARIABLE}, or name a file that has one by --alerts.",
        )
    deliveries = Destinations(settings.addresses).send(_TEST)
    missed = [each for each in deliveries if each.problem is not None]
    printer = Printer(sys.stdout, as_json=arguments.json)
    failure = None
    if missed:
        sentence = (
            f"{len(missed)} of {len(deliveries)} addresses did not take the test alert: "
            f"{', '.join(f'the {each.label} ({each.problem})' for each in missed)}. Correct them."
        )
        failure = Failure.because(Code.ALERT_NOT_SENT, sentence)
    outcome = {"status": "succeeded"} if failure is None else failure.as_json()
    content = {
        "schema_version": 1,
        **outcome,
        "addresses": [{"address": each.label, "problem": each.problem} for each in deliveries],
    }
    printer.counts("Test alert", [(each.label, each.problem or "took it") for each in deliveries], content)
    if failure is not None:
        sys.stderr.write(f"pinterest-audiences: {failure.text}\n")
    return EXIT_DONE if failure is None else EXIT_FAILED


def _file_of(arguments: argparse.Namespace) -> str | None:
    """The file that is named; else the project file of this folder, unless the environment has addresses."""
    if arguments.alerts is None and not os.environ.get(ALERTS_VARIABLE) and Path(FILE_NAME).is_file():
        return FILE_NAME
    return str(arguments.alerts) if arguments.alerts is not None else None
