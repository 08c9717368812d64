"""Finds out which columns of a table a sync needs, with the connector's own plan, so that no other is read.

A column that nobody needs may be wide, or hold what can't be read.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_process import OWN_CONNECTOR
from pinterest_audiences.sources.source import Selection, Source
from pinterest_audiences.sync_request import SyncRequest


def narrowed(
    request: SyncRequest, config: ConfigFile, source: Source, selection: Selection
) -> tuple[Selection, tuple[str, ...]]:
    """Returns the selection of the needed columns of a database's table, and the names of all its columns.

    What the user chose stays: `--columns`, and the columns of a query. So does the selection of another connector,
    whose plan is not known, and of a stream that the connector will refuse, which it says in its own words.
    Raises: UsageError if there is no such table.
    """
    is_own = request.destination == OWN_CONNECTOR
    if selection.table is None or selection.columns is not None or source.only_table is not None or not is_own:
        return selection, ()
    columns = source.columns(selection)
    needed = _needed(request, config, columns)
    return (selection, ()) if needed is None else (replace(selection, columns=needed), columns)


def _needed(request: SyncRequest, config: ConfigFile, columns: tuple[str, ...]) -> tuple[str, ...] | None:
    # They load pydantic, which the connector's process loads at the same time.
    from destination_pinterest.config import read_config  # noqa: PLC0415
    from destination_pinterest.protocol.catalog import parse_catalog  # noqa: PLC0415
    from destination_pinterest.routing.plan import plan_streams  # noqa: PLC0415

    stream = request.stream_of(request.table, columns, ())
    try:
        settings = read_config(config.overlaid(**request.overlay()))
        (plan,) = plan_streams(parse_catalog(msgspec.json.encode(stream.catalog())), settings)
    except ConnectorError:
        return None
    cursor = () if request.cursor is None else (request.cursor,)
    needed = {*plan.columns, *request.named_columns(), *cursor}
    unknown = needed - set(columns) - set(plan.columns)
    return (*(column for column in columns if column in needed), *sorted(unknown))
