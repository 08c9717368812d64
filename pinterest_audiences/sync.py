"""`pinterest-audiences sync`: syncs a table, a query or a file into an audience, through the connector's process."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain
from typing import Any

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IdentityColumnsError
from destination_pinterest.identity.recognition import recognise_columns
from destination_pinterest.markers import PLACE_MEMBER
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_process import OWN_CONNECTOR
from pinterest_audiences.environment import expanded_address, without_values
from pinterest_audiences.failures import EXIT_DONE, Failure, UsageError, first_sentence
from pinterest_audiences.file_findings import FileFindings
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import QuietDisplay, with_level
from pinterest_audiences.reading import Reading
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sign_in.arguments import opened_config
from pinterest_audiences.sources.names import check_columns
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import RowBatch, Selection, Source
from pinterest_audiences.state_file import StateFile, SyncIdentity
from pinterest_audiences.sync_request import SyncRequest, add_arguments, read_request
from pinterest_audiences.sync_run import SyncRun


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "sync",
        help="sync a table, a query or a file into an audience",
        description="Sync a table, a query or a file into a Pinterest audience. The source is only read, and "
        "everything goes through the connector, so plain identifiers are hashed before they leave this machine.",
    )
    add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    request = read_request(arguments)
    config = opened_config(request.config, request.profile, os.environ)
    printer = Printer(sys.stdout, as_json=request.json)
    with closing(opened_source(request)) as source:
        _check_cursor(request, config)
        state_file = _state_file(request, config, source)
        reading = _reading(request, config, source, selection_of(request, source, state_file))
        rejected = None
        if request.rejected is not None:
            rejected = RejectedFile.create(request.rejected, has_values=request.rejected_values)
        if request.dry_run:
            return _dry_run(request, config, source, reading, printer, rejected=rejected)
        return SyncRun(
            request,
            config,
            source=source,
            reading=reading,
            state_file=state_file,
            printer=printer,
            rejected=rejected,
        ).run()


def opened_source(request: SyncRequest) -> Source:
    """Opens the source. Raises: UsageError, SourceError; a message that quotes --from has it with variables' names."""
    address = expanded_address(request.source, os.environ)
    try:
        return open_source(address, request.file_options())
    except UsageError as error:
        if address == request.source:
            raise
        said = without_values(error.message, request.source, os.environ)
        raise UsageError(error.code, said) from None


def selection_of(request: SyncRequest, source: Source, state_file: StateFile | None) -> Selection:
    """Returns the rows to read. Raises: UsageError if neither the request nor the source names a table."""
    table = None if request.query is not None else request.table or source.only_table
    if table is None and request.query is None:
        raise UsageError(Code.USAGE_WRONG, f"Say what to read from {source.label}: --table NAME or --query 'SELECT …'.")
    reached = None if state_file is None else state_file.since()
    return Selection(
        table=table,
        query=request.query,
        columns=request.columns,
        cursor=request.cursor,
        since=reached if request.lookback is None else request.lookback.before(reached),
        reached=reached,
    )


def _reading(request: SyncRequest, config: ConfigFile, source: Source, selection: Selection) -> Reading:
    """Returns what is read: of a table, only the needed columns. Raises: UsageError as the source does."""
    is_narrowed = selection.table is not None and selection.columns is None
    # The plan of another connector is not known.
    if not is_narrowed or request.destination != OWN_CONNECTOR:
        return Reading(selection)
    from pinterest_audiences.needed_columns import narrowed  # noqa: PLC0415 - loads what the connector plans with

    return narrowed(request, config, source, selection)


def _check_cursor(request: SyncRequest, config: ConfigFile) -> None:
    """Raises: UsageError if the cursor identifies people: the state file would have its last value in plain."""
    if request.cursor is None:
        return
    declared = config.overlaid(**request.overlay()).get("identity_columns") or ()
    if recognise_columns([request.cursor]) or any(
        isinstance(each, dict) and each.get("column") == request.cursor for each in declared
    ):
        raise UsageError(
            Code.CURSOR_UNUSABLE,
            f"--cursor {request.cursor}: the column identifies people, and the state file would hold one of them in "
            "plain. Take a column that grows with each change, such as updated_at.",
        )


def _state_file(request: SyncRequest, config: ConfigFile, source: Source) -> StateFile | None:
    """Returns the state file, if there is a cursor. Raises: UsageError if there is no such folder."""
    if request.state is None or request.cursor is None:
        return None
    rows = request.table or source.only_table or ""
    if request.query is not None:
        rows = f"query {hashlib.sha256(request.query.encode()).hexdigest()[:16]}"
    # Rows that came before an ad account was added would never reach it.
    ad_account = ", ".join(map(str, (config.content.get("ad_account_id"), *_further_accounts(config))))
    identity = SyncIdentity(source.label, rows, ad_account, request.audience, request.cursor)
    state_file = StateFile(request.state, identity)
    state_file.check_writable()
    return state_file


def _further_accounts(config: ConfigFile) -> Sequence[Any]:
    further = config.content.get("also_in_ad_accounts")
    return sorted(map(str, further)) if isinstance(further, list) else ()


def _dry_run(
    request: SyncRequest,
    config: ConfigFile,
    source: Source,
    reading: Reading,
    printer: Printer,
    *,
    rejected: RejectedFile | None,
) -> int:
    # Only a dry run maps rows here; a sync need not load these modules.
    from destination_pinterest.config import read_config, with_facts  # noqa: PLC0415
    from pinterest_audiences.dry_run import DryRun  # noqa: PLC0415
    from pinterest_audiences.dry_run_preview import DryRunPreview  # noqa: PLC0415
    from pinterest_audiences.dry_run_view import dry_run_lines, dry_run_result  # noqa: PLC0415

    settings = with_facts(read_config(config.overlaid(**request.overlay()))).config
    log = QuietDisplay(sys.stderr).log if request.quiet else _log_to_standard_error
    for level, text in reading.remarks:
        log(level, text)
    rows = source.open_rows(reading.selection, request.batch_rows)
    check_columns(request.named_columns(), rows.columns, source.label)
    findings = FileFindings(log)
    batches = iter(rows.batches)
    first = next(batches, RowBatch(()))
    stream = request.stream_of(reading.selection.table, rows.columns, first.rows, reading.all_columns)
    try:
        dry_run = DryRun(stream, rows.columns, settings, rejected)
    except IdentityColumnsError as error:
        raise IdentityColumnsError(
            error.code, f"{first_sentence(error.message)} Name an identity column by --identity COLUMN=EMAIL."
        ) from None
    batches = chain([first], batches)
    places = () if rejected is None else (PLACE_MEMBER,)
    counted = dry_run.counting(_noted(batches if rejected is None else rejected.placed(batches), findings))
    preview: dict[str, Any] | None = None
    if request.offline:
        deque(counted, maxlen=0)
    else:
        asking = DryRunPreview(config, request.overlay(), stream, (*rows.columns, *places))
        found = asking.run(counted)
        if isinstance(found, Failure):
            printer.failure(found)
            return asking.exit_code
        preview = found
    findings.finish(dry_run.counts.rows, replaces=request.replace)
    result = dry_run_result(dry_run, settings.batch_size, preview, rows_unreadable=findings.rows_unreadable)
    if rejected is not None:
        log("INFO", rejected.summary())
    title = f'Dry run: {source.label} into the audience "{dry_run.audience.name}"'
    printer.counts(title, list(dry_run_lines(result, settings.batch_size)), result)
    return EXIT_DONE


def _noted(batches: Iterable[RowBatch], findings: FileFindings) -> Iterator[RowBatch]:
    """Yields the rows alone: what is beside them has been said then, and the preview's feed would say it again."""
    for batch in batches:
        findings.take(batch)
        yield replace(batch, refused=(), remarks=())


def _log_to_standard_error(level: str, text: str) -> None:
    sys.stderr.write(with_level(level, text) + "\n")
