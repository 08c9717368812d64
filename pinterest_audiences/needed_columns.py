"""Finds out which columns of a table a sync needs, with the connector's own plan, so that no other is read.

A column that nobody needs may be wide, or hold what can't be read. The first rows of all columns are looked at in a
query of their own, since the connector does not get to see those that are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from destination_pinterest.config import Config, read_config
from destination_pinterest.errors import ConnectorError
from destination_pinterest.identity.column_sample import SAMPLE_ROWS, FindingKind
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.whole_rows import whole_rows
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from destination_pinterest.routing.sampling import column_sample
from destination_pinterest.wording.column_text import finding_lines
from pinterest_audiences.airbyte_messages import RecordEncoder, StreamDescription
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.reading import Reading
from pinterest_audiences.sources.source import Row, Selection, Source
from pinterest_audiences.sync_request import SyncRequest


def narrowed(request: SyncRequest, config: ConfigFile, source: Source, selection: Selection) -> Reading:
    """Narrows the selection of a table to the columns that are needed.

    Of a stream that the connector will refuse, all columns are read, and it says so in its own words.
    Raises: UsageError if there is no such table.
    """
    columns = source.columns(selection)
    stream = request.stream_of(selection.table, columns, ())
    try:
        settings = read_config(config.overlaid(**request.overlay()))
        (plan,) = plan_streams(parse_catalog(msgspec.json.encode(stream.catalog())), settings)
    except ConnectorError:
        return Reading(selection)
    cursor = () if request.cursor is None else (request.cursor,)
    named = (*request.named_columns(), *cursor)
    needed = [column for column in columns if column in {*plan.columns, *named}]
    if len(needed) == len(columns):
        return Reading(selection)
    unknown = [name for name in dict.fromkeys(named) if name not in columns]
    look = _Look(plan, settings, stream, columns)
    remarks = tuple(look.remarks(source.sample(selection, SAMPLE_ROWS)))
    return Reading(replace(selection, columns=(*needed, *unknown)), columns, remarks)


@dataclass(frozen=True, slots=True)
class _Look:
    """Looks at rows with all columns, as the connector would."""

    plan: StreamPlan
    settings: Config
    stream: StreamDescription
    columns: Sequence[str]

    def remarks(self, rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
        """Words what columns hold that are not used; the connector sees the others, and speaks of them."""
        sample = column_sample(self.plan, self.columns, self.settings)
        lines = RecordEncoder(self.stream.name, self.columns, lambda: 0.0).lines(rows)
        sample.take(whole_rows(lines.splitlines(), self.columns))
        unused = [finding for finding in sample.findings() if finding.kind is FindingKind.NOT_USED]
        are_declared = self.settings.identity_columns is not None
        name = str(self.plan.stream.key)
        yield from finding_lines(unused, name, self.plan.identities, are_declared=are_declared)
