"""Prepares a sync: opens its source, and finds out which rows and columns are to be read and where it goes on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.recognition import recognise_columns
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_process import OWN_CONNECTOR
from pinterest_audiences.environment import expanded_address, without_values
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.reading import Reading
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sources.formats.choice import FileOptions
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Selection, Source
from pinterest_audiences.state_file import StateFile, SyncIdentity
from pinterest_audiences.sync_request import SyncRequest


@dataclass(frozen=True, slots=True)
class Preparation:
    """A sync that is ready to run: what to do, and everything that it is done with."""

    request: SyncRequest
    config: ConfigFile
    source: Source
    reading: Reading
    state_file: StateFile | None
    rejected: RejectedFile | None


@contextmanager
def prepared(request: SyncRequest, config: ConfigFile) -> Iterator[Preparation]:
    """Prepares a sync; at the end, its source is closed. Raises: UsageError, SourceError."""
    with closing(opened_source(request)) as source:
        _check_cursor(request, config)
        state_file = _state_file(request, config, source)
        reading = _reading(request, config, source, selection_of(request, source, state_file))
        rejected = None
        if request.rejected is not None:
            # What a run reads that goes on by a cursor is all that it can reject; the rest was rejected before.
            opened = RejectedFile.create if reading.selection.reached is None else RejectedFile.continued
            rejected = opened(request.rejected, has_values=request.rejected_values)
        yield Preparation(request, config, source, reading, state_file, rejected)


def opened_source(request: SyncRequest) -> Source:
    """Opens the source. Raises: UsageError, SourceError; a message that quotes --from has it with variables' names."""
    return opened_at(request.source, request.file_options())


def opened_at(source: str, options: FileOptions | None = None) -> Source:
    """Opens what --from names. Raises: as `opened_source`."""
    address = expanded_address(source, os.environ)
    try:
        return open_source(address, options)
    except (UsageError, SourceError) as error:
        if address == source:
            raise
        said = without_values(error.message, source, os.environ)
        raise type(error)(error.code, said) from None


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
    settings = config.overlaid(**request.overlay())
    ad_account = ", ".join(map(str, (settings.get("ad_account_id"), *_further_accounts(settings))))
    identity = SyncIdentity(source.label, rows, ad_account, request.audience, request.cursor)
    state_file = StateFile(request.state, identity)
    state_file.check_writable()
    return state_file


def _further_accounts(settings: Mapping[str, Any]) -> Sequence[Any]:
    further = settings.get("also_in_ad_accounts")
    return sorted(map(str, further)) if isinstance(further, list) else ()
