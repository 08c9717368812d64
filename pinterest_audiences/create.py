"""`pinterest-audiences create`: creates audiences before there is any row for them.

It runs the connector, which alone talks to Pinterest and may renew its sign-in: the new one goes into the config file,
as in a sync.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.identifier_like import looks_like_an_identifier
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure, UsageError, ended_silently
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.report_view import Line
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config

# As long as the setting `audience_name` may be; Pinterest documents no limit.
LONGEST_NAME: Final = 200


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "create",
        help="create audiences before their first row is there",
        description="Create audiences that are not there yet, each with a customer list that holds nobody, so that "
        "campaigns can be set up before the first sync. A sync into the same name fills it.",
    )
    parser.add_argument("names", metavar="NAME", nargs="+", help="the name of an audience")
    add_sign_in_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    _require_names(arguments.names)
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
            "create",
            files={"config": config.content, "request": {"names": arguments.names}},
            answers=answers,
            watcher=display,
            interruption=interruption,
            variables=config.variables,
        ) as connector,
    ):
        exit_code = connector.wait()
    failure = _failure(answers, interruption, exit_code)
    printer = Printer(sys.stdout, as_json=arguments.json)
    if failure is None:
        creation = answers.creation or {}
        printer.counts(f"Ad account {creation['ad_account_id']}", list(creation_lines(creation)), creation)
        return EXIT_DONE
    printer.failure(failure)
    return interruption.exit_code if interruption.is_requested else EXIT_FAILED


def creation_lines(creation: Mapping[str, Any]) -> Iterator[Line]:
    """Yields each audience, and what was done for it."""
    of_several = len({each["ad_account_id"] for each in creation["audiences"]}) > 1
    for each in creation["audiences"]:
        what = "created" if each["outcome"] == "created" else "there already"
        where = f" in the ad account {each['ad_account_id']}" if of_several else ""
        yield each["audience"], f"{what}{where} (id {each['audience_id']}, customer list {each['customer_list_id']})"
        for note in each["notes"]:
            yield "", note


def _require_names(names: Sequence[str]) -> None:
    for name in names:
        if not name.strip() or len(name) > LONGEST_NAME:
            raise UsageError(
                Code.CREATED_NAME_UNUSABLE,
                f"An audience's name is blank or has more than {LONGEST_NAME} characters. Give it another name.",
            )
        if looks_like_an_identifier(name):
            raise UsageError(
                Code.STATIC_NAME_IDENTIFIES,
                "An audience's name looks like an identifier of a person, and names are shown in many places. Give it "
                "another name.",
            )


def _failure(answers: ConnectorAnswers, interruption: Interruption, exit_code: int) -> Failure | None:
    if interruption.is_requested:
        return Failure.because(Code.STOPPED_BY_USER, "Stopped before everything was created.")
    if answers.failure is not None:
        return answers.failure
    if exit_code != 0 or answers.creation is None:
        return ended_silently(exit_code)
    return None
