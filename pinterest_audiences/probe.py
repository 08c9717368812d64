"""`pinterest-audiences probe`: asks a real account what Pinterest does not document, step by step after a yes.

It runs the connector, which alone talks to Pinterest. What was learned goes into the config file, where syncs read it;
for Airbyte's form it is printed.
"""

from __future__ import annotations

import argparse
import os
import queue
import select
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from destination_pinterest.config import PINTEREST_API
from destination_pinterest.config.pinterest_facts import merged
from destination_pinterest.error_codes import Code
from destination_pinterest.foreign_text import shown
from destination_pinterest.wording.probe_text import BY_NAME, STAYS, chosen_steps
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, Failure, UsageError, ended_silently
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import InterruptedByUserError, PipeClosedError
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config

FACTS: Final = "pinterest_facts"
_LOOK_UP_EVERY_S: Final = 0.2


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "probe",
        help="ask Pinterest what it does not document, with a throw-away list",
        description=f"Ask Pinterest what it does not document, with an ad account of yours, step by step after a yes. "
        f"{STAYS} What is learned is written into the config file, as {FACTS}, and printed for Airbyte's form.",
    )
    add_sign_in_arguments(parser)
    parser.add_argument("--yes", action="store_true", help="don't ask: do every step")
    parser.add_argument(
        "--only", metavar="STEP", action="append", help="this step, and what it needs; may be repeated (see --list)"
    )
    parser.add_argument("--list", action="store_true", help="only say what the steps are; Pinterest is not asked")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    only = tuple(arguments.only or ())
    for name in only:
        if name not in BY_NAME:
            raise UsageError(Code.PROBE_STEP_UNKNOWN, f"There is no step {name!r}. The steps are {', '.join(BY_NAME)}.")
    printer = Printer(sys.stdout, as_json=arguments.json)
    if arguments.list:
        _list_steps(only, printer)
        return EXIT_DONE
    if not arguments.yes and not _can_ask():
        raise UsageError(
            Code.PROBE_NOT_CONFIRMED,
            "Nobody can be asked before each step, so nothing was done. Add --yes to permit all, or --list to read "
            "them.",
        )
    return _ProbeCommand(
        opened_config(arguments.config, arguments.profile, os.environ), only, printer, says_yes=arguments.yes
    ).run()


class _ProbeCommand:
    def __init__(self, config: ConfigFile, only: tuple[str, ...], printer: Printer, *, says_yes: bool) -> None:
        self._config = config
        self._only = only
        self._printer = printer
        self._says_yes = says_yes
        self._learned: dict[str, Any] = {}
        self._asked: str | None = None
        self._interruption = Interruption()
        self._events: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()

    def run(self) -> int:
        display = QuietDisplay(sys.stderr)
        for warning in self._config.warnings:
            display.log("WARN", warning)
        _say(STAYS)
        answers = ConnectorAnswers(display, lambda _: None, self._config.keep_credentials, on_probe=self._events.put)
        options = ("--steps", ",".join(self._only)) if self._only else ()
        with (
            self._interruption.listening(),
            ConnectorProcess.running(
                OWN_CONNECTOR,
                "probe",
                files={"config": self._config.content},
                options=options,
                answers=answers,
                watcher=display,
                interruption=self._interruption,
                variables=self._config.variables,
            ) as connector,
        ):
            with suppress(PipeClosedError, InterruptedByUserError):
                self._converse(connector)
            connector.pipe.close()
            exit_code = connector.wait()
        report = self._remaining_report()
        if report is None:
            return self._failed(answers, exit_code)
        return self._done(report)

    def _converse(self, connector: ConnectorProcess) -> None:
        """Answers the connector until it has no further question."""
        while not self._interruption.is_requested:
            try:
                event = self._events.get(timeout=_LOOK_UP_EVERY_S)
            except queue.Empty:
                if connector.has_ended:
                    return
                continue
            if event["event"] == "step":
                connector.pipe.write(f"{self._answer(event)}\n".encode())
            elif event["event"] == "learned":
                self._learn(event)
            else:
                self._events.put(event)
                return

    def _learn(self, event: Mapping[str, Any]) -> None:
        self._learned |= event["facts"]
        says = f"{'' if event['is_conclusive'] else 'Not certain. '}{event['says']}"
        # A step that is left out has not been announced.
        _say(f"  {says}" if event["step"] == self._asked else f"{event['step']}: {says}")

    def _answer(self, event: Mapping[str, Any]) -> str:
        """Says what the step does; returns whether it may."""
        self._asked = event["step"]
        step = f"{event['step']}: {event['does']}{_cost(event['writes'])}"
        if self._says_yes:
            _say(step)
            return "yes"
        sys.stderr.write(f"{shown(step)} Type yes, no, or stop: ")
        sys.stderr.flush()
        word = self._typed()
        return word if word in {"yes", "no"} else "stop"

    def _typed(self) -> str:
        while not self._interruption.is_requested:
            if select.select([sys.stdin], [], [], _LOOK_UP_EVERY_S)[0]:
                return sys.stdin.readline().strip().casefold()
        return ""

    def _remaining_report(self) -> Mapping[str, Any] | None:
        """Takes what the connector has said since it was last listened to; returns its report, if there is one."""
        while not self._events.empty():
            event = self._events.get_nowait()
            if event["event"] == "done":
                return event
            if event["event"] == "learned":
                self._learn(event)
        return None

    def _done(self, report: Mapping[str, Any]) -> int:
        facts = report["facts"]
        kept = self._keep(facts) if facts is not None else "Nothing was learned, so nothing was written."
        if self._printer.as_json:
            self._printer.counts("", [], report)
        else:
            lines = [(name, str(value)) for name, value in report["learned"].items()]
            lines += [("Throw-away list", list_id) for list_id in report["customer_list_ids"]]
            if report["audience_id"] is not None:
                left = f"{report['audience_id']}, which was not removed: remove it in Pinterest Ads Manager"
                lines.append(("Throw-away audience", left))
            lines.append(("Requests", str(report["requests"])))
            self._printer.counts("Learned", lines, report)
            if facts is not None:
                sys.stdout.write(f"For Airbyte's form, What was learned of Pinterest ({FACTS}):\n{facts}\n")
        _say(kept)
        for setting, value in (report.get("recommended") or {}).items():
            _say(
                f'Set {setting} to "{value}" to use larger requests: Pinterest\'s counters show how many identifiers '
                "each of them brought."
            )
        if report["status"] == "failed":
            _say(f"pinterest-audiences: The probe ended early. {report['error']}")
            return EXIT_FAILED
        return self._interruption.exit_code if self._interruption.is_requested else EXIT_DONE

    def _keep(self, facts: str) -> str:
        """Writes what was learned into the config file; returns what became of it."""
        if self._config.path is None:
            return f"There is no config file to write it into: put it into your settings as {FACTS}."
        try:
            is_kept = self._config.keep_setting(FACTS, facts)
        except (OSError, ValueError):
            return f"It could not be written into {self._config.path}: put it there yourself as {FACTS}."
        if is_kept:
            return f"It was written into {self._config.path} as {FACTS}; syncs with this file follow it."
        return f"{self._config.path} takes {FACTS} from a variable of the environment: put it there yourself."

    def _failed(self, answers: ConnectorAnswers, exit_code: int) -> int:
        facts = merged(
            self._config.content.get(FACTS),
            self._learned,
            day=f"{datetime.now(UTC):%Y-%m-%d}",
            host=urlsplit(str(self._config.content.get("api_base_url") or PINTEREST_API)).netloc,
        )
        if facts is not None:
            _say(self._keep(facts.as_text()))
        if self._interruption.is_requested:
            sentence = (
                "Stopped in the middle; what was learned until then is kept. If there is an audience whose name begins "
                "with Destination-Pinterest PROBE, remove it in Pinterest Ads Manager."
            )
            self._printer.failure(Failure.because(Code.STOPPED_BY_USER, sentence))
            return self._interruption.exit_code
        failure = answers.failure or ended_silently(exit_code)
        self._printer.failure(failure)
        return EXIT_USAGE if failure.kind == "config_error" else EXIT_FAILED


def _list_steps(only: tuple[str, ...], printer: Printer) -> None:
    steps = chosen_steps(only)
    content = {
        "schema_version": 1,
        "stays": STAYS,
        "steps": [{"step": step.name, "does": step.does, "writes": step.writes, "needs": step.needs} for step in steps],
    }
    printer.counts(STAYS, [(step.name, f"{step.does}{_cost(step.writes)}") for step in steps], content)


def _cost(writes: int) -> str:
    return (
        ""
        if not writes
        else f" {writes} request that writes."
        if writes == 1
        else f" Up to {writes} requests that write."
    )


def _can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _say(text: str) -> None:
    sys.stderr.write(f"{shown(text)}\n")
    sys.stderr.flush()
