"""Counts who would join and leave a warehouse's audience, and leaves nothing behind.

An engine in this process compares the table while it reads it, within the memory of a run. A server stages it in a
table that ends with the connection. Engines whose connections have no such table are asked by queries alone, which read
the user's table once for each count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from destination_pinterest.config import Config
from destination_pinterest.routing.plan import StreamPlan
from pinterest_audiences.difference.comparison import Comparison
from pinterest_audiences.difference.guard import Difference
from pinterest_audiences.difference.sent_table import Kept, looked_at
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.table_rows import RowCounts, TableRows
from pinterest_audiences.difference.trust import check_engine
from pinterest_audiences.difference.warehouse import Warehouse
from pinterest_audiences.sources.source import Selection

_TEMPORARY: Final = "CREATE TEMPORARY TABLE"
_RUN: Final = "tried"


@dataclass(frozen=True, slots=True)
class Trying:
    """Which audience's difference is counted.

    Args:
        schema: has what was last sent, if that is there yet.
        selection: the user's table or query.
        audience: what tells the audience from others of its ad account.
        plan: which columns identify people.
        settings: the connection's.
        batch_rows: how many rows come to Python at once.
    """

    schema: str
    selection: Selection
    audience: str
    plan: StreamPlan
    settings: Config
    batch_rows: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What the table has, and how it differs from what was last sent.

    Args:
        counts: of the table's rows.
        everybody: how many identifiers the table has.
        difference: who is known, leaves and joins.
        kept: what is known of the audience.
    """

    counts: RowCounts
    everybody: int
    difference: Difference
    kept: Kept


def counted(warehouse: Warehouse, trying: Trying) -> Counted:
    """Counts it. Raises: SourceError; UsageError if the engine can't do so without writing."""
    dialect, settings = warehouse.dialect, trying.settings
    if dialect.is_exclusive:  # What a run stages in the user's file may not be written there now.
        dialect = replace(dialect, temporary=_TEMPORARY)
    statements = Statements(dialect, trying.schema, warehouse.relation(trying.selection), _RUN)
    is_first = not warehouse.has_table(trying.schema, "pinterest_audience")
    comparison = warehouse.comparison(statements, trying.selection, is_first=is_first)
    rows = TableRows(
        statements,
        trying.plan,
        settings,
        rejected=None,
        batch_rows=trying.batch_rows,
        read=lambda _: None,
        comparison=comparison,
    )
    with warehouse.session() as session:

        def number(statement: str) -> int:
            return int(session.rows(statement, epoch=epoch)[0][0])

        check_engine(session, statements, trying.plan.identities, settings)
        epoch, kept = "", Kept(None, None)
        if not is_first:
            epoch, kept = looked_at(session, statements, settings.ad_account_id, trying.audience)
        counting: Statements | Comparison
        if comparison is None and dialect.temporary is None:
            counts, counting = rows.queried(session)
        else:
            counts, counting = rows.stage(session, epoch), comparison or statements
        everybody = number(counting.count_everybody())
        if not epoch:
            return Counted(counts, everybody, Difference(0, 0, everybody), kept)
        known = number(statements.count_sent())
        difference = Difference(known, number(counting.count_leavers()), number(counting.count_joiners()))
        return Counted(counts, everybody, difference, kept)
