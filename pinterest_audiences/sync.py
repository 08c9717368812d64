"""`pinterest-audiences sync`: syncs a table, a query or a file into an audience, through the connector's process."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from destination_pinterest.errors import ConnectorError
from destination_pinterest.program_version import program_version
from pinterest_audiences.alerts.arguments import add_alert_arguments
from pinterest_audiences.alerts.reading import alert_settings
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.displays import display_for
from pinterest_audiences.failures import Failure, exit_code_of
from pinterest_audiences.history.progress import followed
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.preparation import Preparation, prepared
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import Display, QuietDisplay, with_level
from pinterest_audiences.sign_in.arguments import opened_config
from pinterest_audiences.sync_record import SyncRecord
from pinterest_audiences.sync_request import SyncRequest, add_arguments, read_request
from pinterest_audiences.sync_run import Outcome, SyncRun

if TYPE_CHECKING:  # It maps rows, which a sync does not.
    from pinterest_audiences.trial import Trial


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "sync",
        help="sync a table, a query or a file into an audience",
        description="Sync a table, a query or a file into a Pinterest audience. The source is only read, "
        "unless --difference warehouse asks for more, and everything goes through the connector, so plain identifiers "
        "are hashed before they leave this machine.",
    )
    add_arguments(parser)
    add_alert_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError if nothing could be begun."""
    request = read_request(arguments)
    printer = Printer(sys.stdout, as_json=request.json)
    if request.dry_run and request.difference_schema is not None:
        from pinterest_audiences.difference.trying import tried_by_difference  # noqa: PLC0415 - as for other dry runs

        config = opened_config(request.config, request.profile, os.environ)
        trial = tried_by_difference(request, config, Interruption(), QuietDisplay(sys.stderr))
        return _shown_trial(trial, printer)
    if request.dry_run:
        with prepared(request, opened_config(request.config, request.profile, os.environ)) as ready:
            return _dry_run(ready, printer)
    record = SyncRecord(request, alert_settings(arguments.alerts, os.environ), os.environ)
    try:
        config = opened_config(request.config, request.profile, os.environ)
        record.signs_in_by(config)
        if request.difference_schema is not None:
            outcome = _sync_by_difference(request, config, printer)
        else:
            with prepared(request, config) as ready:
                outcome = _sync(ready, printer)
    except ConnectorError as error:
        outcome = Outcome(exit_code_of(error), Failure.of(error))
        printer.failure(Failure.of(error))
    record.end(outcome)
    return outcome.exit_code


def _sync(ready: Preparation, printer: Printer) -> Outcome:
    def run(display: Display, interruption: Interruption) -> Outcome:
        return SyncRun(
            ready.request,
            ready.config,
            source=ready.source,
            reading=ready.reading,
            state_file=ready.state_file,
            rejected=ready.rejected,
            interruption=interruption,
        ).run(display)

    return _shown(ready.request, ready.config, printer, run)


def _sync_by_difference(request: SyncRequest, config: ConfigFile, printer: Printer) -> Outcome:
    # Only who asks for it needs these modules.
    from pinterest_audiences.difference.run import DifferenceRun  # noqa: PLC0415

    def run(display: Display, interruption: Interruption) -> Outcome:
        return DifferenceRun(request, config, interruption).run(display)

    return _shown(request, config, printer, run)


def _shown(
    request: SyncRequest, config: ConfigFile, printer: Printer, run: Callable[[Display, Interruption], Outcome]
) -> Outcome:
    """The report goes to standard output, all else to standard error."""
    interruption, begun = Interruption(), datetime.now(UTC)
    account = str(config.content.get("ad_account_id") or "")
    with (
        interruption.listening(),
        display_for(sys.stderr, quiet=request.quiet) as shown,
        followed(shown, request.audience, account, "sync", os.environ) as display,
    ):
        outcome = run(display, interruption)
    if outcome.failure is not None:
        printer.failed_report({**_of_the_run(request, config, begun), **(outcome.report or {})}, outcome.failure)
    elif outcome.report is not None:
        printer.report({**_of_the_run(request, config, begun), **outcome.report})
        printer.sign_in(config.expires_at)
    return outcome


def _of_the_run(request: SyncRequest, config: ConfigFile, begun: datetime) -> dict[str, Any]:
    """What programs are told beside the report."""
    account = config.overlaid(**request.overlay()).get("ad_account_id")
    started_at = begun.isoformat(timespec="seconds").replace("+00:00", "Z")
    known = None if account is None else str(account)
    return {"ad_account_id": known, "started_at": started_at, "version": program_version()}


def _dry_run(ready: Preparation, printer: Printer) -> int:
    # Only a dry run maps rows here; a sync need not load these modules.
    from pinterest_audiences.trial import tried  # noqa: PLC0415

    log = QuietDisplay(sys.stderr).log if ready.request.quiet else _log_to_standard_error
    trial = tried(ready, log, Interruption(), QuietDisplay(sys.stderr))
    return _shown_trial(trial, printer)


def _shown_trial(trial: Trial, printer: Printer) -> int:
    from pinterest_audiences.dry_run_view import dry_run_lines  # noqa: PLC0415 - as above

    if trial.failure is not None:
        printer.failure(trial.failure)
        return trial.exit_code
    title = f'Dry run: {trial.source} into the audience "{trial.audience}"'
    printer.counts(title, list(dry_run_lines(trial.result, trial.batch_size)), trial.result)
    return trial.exit_code


def _log_to_standard_error(level: str, text: str) -> None:
    sys.stderr.write(with_level(level, text) + "\n")
