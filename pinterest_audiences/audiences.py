"""`pinterest-audiences audiences`: shows the status of the ad account's customer-list audiences.

It runs the connector, which alone talks to Pinterest and may renew its sign-in: the new one goes into the config file,
as in a sync.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure, ended_silently
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
    display = QuietDisplay(sys.stderr)
    for warning in config.warnings:
        display.log("WARN", warning)
    answers = ConnectorAnswers(display, lambda _: None, config.keep_credentials)
    interruption = Interruption()
    with (
        interruption.listening(),
        ConnectorProcess.running(
            OWN_CONNECTOR,
            "audiences",
            files={"config": config.content},
            answers=answers,
            watcher=display,
            interruption=interruption,
            variables=config.variables,
        ) as connector,
    ):
        exit_code = connector.wait()
    printer = Printer(sys.stdout, as_json=arguments.json)
    failure = _failure(answers, interruption, exit_code)
    if failure is None:
        printer.listing(answers.listing or {})
        return EXIT_DONE
    if arguments.json:
        printer.listing({"schema_version": 1, **failure.as_json()})
    sys.stderr.write(f"pinterest-audiences: {failure.text}\n")
    return interruption.exit_code if interruption.is_requested else EXIT_FAILED


def _failure(answers: ConnectorAnswers, interruption: Interruption, exit_code: int) -> Failure | None:
    if interruption.is_requested:
        return Failure.because(Code.STOPPED_BY_USER, "Stopped before everything was read.")
    if answers.failure is not None:
        return answers.failure
    if exit_code != 0 or answers.listing is None:
        return ended_silently(exit_code)
    return None
