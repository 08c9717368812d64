"""Tries a sync: counts its rows, asks Pinterest what is there, and says what would change. Nothing is changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from destination_pinterest.config import read_config, with_facts
from destination_pinterest.errors import IdentityColumnsError
from destination_pinterest.markers import PLACE_MEMBER
from pinterest_audiences.dry_run import DryRun
from pinterest_audiences.dry_run_preview import DryRunPreview
from pinterest_audiences.dry_run_view import dry_run_result
from pinterest_audiences.failures import EXIT_DONE, Failure, first_sentence
from pinterest_audiences.file_findings import FileFindings
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.preparation import Preparation
from pinterest_audiences.progress import Display
from pinterest_audiences.sources.names import check_columns
from pinterest_audiences.sources.source import RowBatch


@dataclass(frozen=True, slots=True)
class Trial:
    """What a dry run found out, or why it could not. `source` is the source's label, which has no password."""

    exit_code: int
    result: dict[str, Any]
    audience: str
    batch_size: int
    source: str
    failure: Failure | None = None


def tried(ready: Preparation, log: Callable[[str, str], None], interruption: Interruption, display: Display) -> Trial:
    """Tries a sync that is prepared; `log` takes what is found out here, `display` what the connector says.

    Raises: ConnectorError.
    """
    request, config, source, rejected = ready.request, ready.config, ready.source, ready.rejected
    settings = with_facts(read_config(config.overlaid(**request.overlay()))).config
    for level, text in ready.reading.remarks:
        log(level, text)
    rows = source.open_rows(ready.reading.selection, request.batch_rows)
    check_columns(request.named_columns(), rows.columns, source.label)
    findings = FileFindings(log)
    batches = iter(rows.batches)
    first = next(batches, RowBatch(()))
    stream = request.stream_of(ready.reading.selection.table, rows.columns, first.rows, ready.reading.all_columns)
    try:
        dry_run = DryRun(stream, rows.columns, settings, rejected)
    except IdentityColumnsError as error:
        raise IdentityColumnsError(
            error.code,
            f"{first_sentence(error.message)} Name an identity column by --identity COLUMN=EMAIL, or in a project file "
            "by `identities`.",
        ) from None
    batches = chain([first], batches)
    places = () if rejected is None else (PLACE_MEMBER,)
    counted = dry_run.counting(_noted(batches if rejected is None else rejected.placed(batches), findings))
    preview: dict[str, Any] | None = None
    if request.offline:
        deque(counted, maxlen=0)
    else:
        columns = (*rows.columns, *places)
        asking = DryRunPreview(config, request, stream, columns, interruption=interruption, display=display)
        found = asking.run(counted)
        if isinstance(found, Failure):
            return Trial(asking.exit_code, {}, dry_run.audience.name, settings.batch_size, source.label, found)
        preview = found
    findings.finish(dry_run.counts.rows, replaces=request.replace)
    result = dry_run_result(dry_run, settings.batch_size, preview, rows_unreadable=findings.rows_unreadable)
    if rejected is not None:
        log("INFO", rejected.summary())
    return Trial(EXIT_DONE, result, dry_run.audience.name, settings.batch_size, source.label)


def _noted(batches: Iterable[RowBatch], findings: FileFindings) -> Iterator[RowBatch]:
    """Yields the rows alone: what is beside them has been said then, and the preview's feed would say it again."""
    for batch in batches:
        findings.take(batch)
        yield replace(batch, refused=(), remarks=())
