"""`pinterest-audiences lists`: shows every customer list of the ad accounts, and whose it is.

It runs the connector, which alone talks to Pinterest and may renew its sign-in.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure, ended_silently
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.lists_view import closing_sentence, list_lines, list_title
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "lists",
        help="show all customer lists of the ad account",
        description="Show every customer list of the ad account: status, records, which audience is made of it, "
        "whether it is left over from a replacement, and whether this program made it. Nothing is changed.",
    )
    add_sign_in_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    config = opened_config(arguments.config, arguments.profile, os.environ)
    interruption = Interruption()
    printer = Printer(sys.stdout, as_json=arguments.json)
    found = ask_for_lists(config, interruption)
    if isinstance(found, Failure):
        printer.failure(found)
        return interruption.exit_code if interruption.is_requested else EXIT_FAILED
    if arguments.json:
        printer.counts("", [], found)
        return EXIT_DONE
    for each in found["customer_lists"]:
        printer.table(list_title(each), list(list_lines(each, found["ad_account_ids"])))
    sys.stdout.write(f"{closing_sentence(found)}\n")
    return EXIT_DONE


def ask_for_lists(config: ConfigFile, interruption: Interruption) -> dict[str, Any] | Failure:
    """Asks the connector for all customer lists; returns them, or why that failed."""
    display = QuietDisplay(sys.stderr)
    for warning in config.warnings:
        display.log("WARN", warning)
    answers = ConnectorAnswers(display, lambda _: None, config.keep_credentials)
    with (
        interruption.listening(),
        ConnectorProcess.running(
            OWN_CONNECTOR,
            "lists",
            files={"config": config.content},
            answers=answers,
            watcher=display,
            interruption=interruption,
            variables=config.variables,
        ) as connector,
    ):
        exit_code = connector.wait()
    if interruption.is_requested:
        return Failure.because(Code.STOPPED_BY_USER, "Stopped before everything was read.")
    if answers.failure is not None:
        return answers.failure
    return ended_silently(exit_code) if exit_code != 0 or answers.lists is None else answers.lists
