"""`pinterest-audiences forget`: takes people out of every customer list, and keeps them from coming back.

It runs the connector, which alone talks to Pinterest and opens stores; rows go there as in a sync.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.foreign_text import shown, shown_json
from destination_pinterest.markers import PLACE_MEMBER
from destination_pinterest.wording.certificate_text import certificate_lines
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.displays import display_for
from pinterest_audiences.failures import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    Failure,
    FileContentError,
    SourceError,
    UsageError,
    ended_silently,
)
from pinterest_audiences.feeding import Feed
from pinterest_audiences.forget_choice import INCLUDES, chosen_includes, is_terminal
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import InterruptedByUserError, PipeClosedError
from pinterest_audiences.lists import ask_for_lists
from pinterest_audiences.preparation import opened_source, selection_of
from pinterest_audiences.progress import Display
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sign_in.arguments import opened_config
from pinterest_audiences.sources.files import as_path
from pinterest_audiences.sources.names import check_columns
from pinterest_audiences.sources.source import RowBatch, Source
from pinterest_audiences.sync_request import SyncRequest, add_source_arguments, read_request
from pinterest_audiences.whole_files import write_whole

# What a sync asks for and this command does not.
_NOT_ASKED: Mapping[str, Any] = {
    "audience": "people to forget",
    "cursor": None,
    "state": None,
    "lookback": None,
    "primary_key": [],
    "replace": False,
    "dry_run": False,
    "offline": False,
    "destination": None,
    "difference": None,
    "difference_schema": None,
}


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "forget",
        help="take people out of every customer list, and keep them from coming back",
        description="Take the people in a table, a query or a file out of every customer list that this program keeps, "
        "left-over ones too, and out of the membership store; and keep them in the suppression store of the config, so "
        "that no later sync adds them again. If it is interrupted, run it again: it goes on where it ended.",
    )
    add_source_arguments(parser)
    add = parser.add_argument
    add("--lift", action="store_true", help="let later syncs add these people again; nobody is added by that")
    add(
        "--except",
        dest="exceptions",
        action="append",
        default=[],
        metavar="NAME|ID",
        help="an audience or customer list to leave alone; may be repeated",
    )
    doubts = parser.add_mutually_exclusive_group()
    doubts.add_argument(
        "--include",
        action="append",
        default=[],
        choices=INCLUDES,
        help="take people out of these too, without asking; may be repeated",
    )
    doubts.add_argument("--yes", action="store_true", help="take people out of all these too, without asking")
    doubts.add_argument("--only-ours", action="store_true", help="leave all these alone, without asking")
    add("--certificate", metavar="FILE", help="also write the certificate to this file, as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    request = read_request(argparse.Namespace(**{**_NOT_ASKED, **vars(arguments)}))
    config = opened_config(request.config, request.profile, os.environ)
    with closing(opened_source(request)) as source:
        command = _ForgetCommand(arguments, request, config, source)
        asked = command.asked()
        return command.failed(asked) if isinstance(asked, Failure) else command.run(asked)


class _ForgetCommand:
    def __init__(self, arguments: argparse.Namespace, request: SyncRequest, config: ConfigFile, source: Source) -> None:
        self._arguments = arguments
        self._request = request
        self._config = config
        self._source = source
        self._interruption = Interruption()

    def asked(self) -> dict[str, Any] | Failure:
        """Returns what the connector is asked for, or why that is not known."""
        arguments = self._arguments
        if arguments.lift:
            return {"action": "lift"}
        includes = list(INCLUDES) if arguments.yes else list(arguments.include)
        if not arguments.yes and not arguments.only_ours:
            found = ask_for_lists(self._config, self._interruption)
            if isinstance(found, Failure):
                return found
            may_ask = is_terminal() and self._request.source != "-"
            includes = chosen_includes(found, includes, arguments.exceptions, may_ask=may_ask)
        return {"action": "forget", "includes": includes, "exceptions": arguments.exceptions}

    def run(self, asked: Mapping[str, Any]) -> int:
        """Feeds the rows, and prints the certificate. Returns the exit code."""
        rejected = None
        if self._request.rejected is not None:
            rejected = RejectedFile.create(self._request.rejected, has_values=self._request.rejected_values)
        with self._interruption.listening(), display_for(sys.stderr, quiet=self._request.quiet) as display:
            on_rejected = None if rejected is None else rejected.add
            answers = ConnectorAnswers(display, lambda _: None, self._config.keep_credentials, on_rejected)
            failure = self._feed(asked, answers, display, rejected)
            if rejected is not None:
                display.log("INFO", rejected.summary())
        self._print(answers.certificate, failure)
        if failure is None:
            return EXIT_DONE
        return self._interruption.exit_code if self._interruption.is_requested else EXIT_FAILED

    def failed(self, failure: Failure) -> int:
        """Prints why nothing was done. Returns the exit code."""
        self._print(None, failure)
        if self._interruption.is_requested:
            return self._interruption.exit_code
        return EXIT_USAGE if failure.kind == "config_error" else EXIT_FAILED

    def _feed(
        self, asked: Mapping[str, Any], answers: ConnectorAnswers, display: Display, rejected: RejectedFile | None
    ) -> Failure | None:
        request, selection = self._request, selection_of(self._request, self._source, None)
        rows = self._source.open_rows(selection, request.batch_rows)
        check_columns(request.named_columns(), rows.columns, self._source.label)
        batches = iter(rows.batches)
        first = next(batches, RowBatch(()))
        stream = request.stream_of(selection.table, rows.columns, first.rows)
        columns, batches = rows.columns, chain([first], batches)
        if rejected is not None:
            columns, batches = (*columns, PLACE_MEMBER), rejected.placed(batches)
        feed = Feed(stream, columns, None, display, time.time)
        overlay = {key: value for key, value in request.overlay().items() if key != "audience_name"}
        with ConnectorProcess.running(
            OWN_CONNECTOR,
            "forget",
            files={"config": self._config.overlaid(**overlay), "catalog": stream.catalog(), "request": asked},
            answers=answers,
            watcher=display,
            interruption=self._interruption,
            variables={**self._config.variables, **({} if rejected is None else rejected.variables)},
        ) as connector:
            failure = _fed(feed, batches, connector)
            if failure is not None:
                return failure  # The connector must not take a part of the people for all.
            connector.pipe.close()
            exit_code = connector.wait()
        if self._interruption.is_requested:
            sentence = "Stopped before everybody was forgotten everywhere. Run it again: it goes on where it ended."
            return Failure.because(Code.STOPPED_BY_USER, sentence)
        if answers.failure is not None:
            return answers.failure
        return ended_silently(exit_code) if exit_code != 0 or answers.certificate is None else None

    def _print(self, certificate: Mapping[str, Any] | None, failure: Failure | None) -> None:
        content = {"schema_version": 1, **(certificate or {}), **({} if failure is None else failure.as_json())}
        if failure is not None:
            sys.stderr.write(f"pinterest-audiences: {failure.text}\n")
        written = shown_json(msgspec.json.encode(content).decode())
        if self._arguments.certificate is not None and certificate is not None:
            _write(as_path(self._arguments.certificate), written)
        if self._arguments.json:
            sys.stdout.write(written + "\n")
        elif certificate is not None:
            for line in certificate_lines(certificate):
                sys.stdout.write(f"{shown(line)}\n")


def _fed(feed: Feed, batches: Iterable[RowBatch], connector: ConnectorProcess) -> Failure | None:
    """Feeds all rows; returns why they are not all there."""
    try:
        feed.run(batches, connector.pipe)
    except (PipeClosedError, InterruptedByUserError):
        return None  # What the connector reported, or the signal, decides.
    except (SourceError, FileContentError, UsageError) as error:
        return Failure.of(error)
    return None


def _write(path: Path, content: str) -> None:
    try:
        write_whole(path, content.encode() + b"\n")
    except OSError as error:
        raise UsageError(
            Code.USAGE_WRONG, f"The certificate {path} can't be written: {error.strerror}. Everything else was done."
        ) from None
