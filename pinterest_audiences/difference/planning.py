"""Writes ahead who leaves and who joins, once the safeguards have judged it as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from destination_pinterest.identity.digest import HEX_DIGITS
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.vocabulary import Identifier, ValueFormat
from pinterest_audiences.difference.guard import Difference, Guard
from pinterest_audiences.difference.sent_table import Fill, SentTable
from pinterest_audiences.difference.settings import Digests
from pinterest_audiences.difference.table_rows import RowCounts, TableRows
from pinterest_audiences.difference.warehouse import Session
from pinterest_audiences.empty_tables import EmptyTable


@dataclass(frozen=True, slots=True)
class Planned:
    """What is written ahead, and what the table has.

    Args:
        counts: of the table's rows.
        difference: who is known, leaves and joins.
        digests: the columns that the connector gets.
        notes: for people.
        empty_table: why nothing is sent of an empty table; None if it is not empty, or may empty the audience.
    """

    counts: RowCounts
    difference: Difference
    digests: tuple[Digests, ...]
    notes: tuple[str, ...]
    empty_table: EmptyTable | None = None

    @property
    def last(self) -> int:
        """The number of the last change."""
        return self.difference.leaving + self.difference.joining

    @property
    def has_nobody(self) -> bool:
        """Whether nobody is to join, and nobody was there."""
        return not self.difference.known and not self.last


def planned(
    session: Session, table: SentTable, rows: TableRows, *, plan: StreamPlan, guard: Guard, before: Fill | None
) -> Planned:
    """Reads the table, and writes ahead what is to be sent.

    Raises: SourceError; what the safeguards raise, and then nothing of it is ever begun.
    """
    statements, epoch = table.statements, table.epoch
    counts = rows.stage(session, epoch)
    notes = guard.check_table(counts, before)
    planning = rows.comparison or statements
    # Each by itself: what is written ahead counts for nothing before it is begun, and DuckDB 2.0.0 does not find the
    # rows of a large INSERT again that follows another one into the same table within a transaction.
    known = table.count(session)
    with session.transaction():
        table.advance_within(session, 0, 0)
        session.run(planning.plan_leavers(), epoch=epoch)
    leaving = sum(count for *_, count in _counted(session, table))
    with session.transaction():
        table.advance_within(session, 0, 0)
        session.run(planning.plan_joiners(), epoch=epoch, leaving=leaving)
    found = _counted(session, table)
    for statement in planning.unstage():
        session.run(statement)
    difference = Difference(known, leaving, sum(count for *_, count in found) - leaving)
    keeps = guard.keeps_empty(difference)
    if keeps is None:
        notes += guard.check(difference)
    else:
        session.run(statements.drop_changes(), epoch=epoch)
        difference, found = Difference(known, 0, 0), []
        notes.append(keeps)
    digests = {Digests.of(Identifier(kind), int(characters)) for _, kind, characters, _ in found}
    ordered = sorted(digests | set(of_plan(plan)), key=lambda each: each.column)
    return Planned(counts, difference, tuple(ordered), tuple(notes), "kept" if keeps is not None else None)


def of_plan(plan: StreamPlan) -> Iterable[Digests]:
    """Yields the columns that the connector gets for those of the table."""
    for identity in plan.identities:
        is_hashed = identity.format in HEX_DIGITS
        yield Digests(identity.identifier, identity.format if is_hashed else ValueFormat.SHA256)


def _counted(session: Session, table: SentTable) -> list[tuple[str, str, int, int]]:
    found = session.rows(table.statements.count_changes(), epoch=table.epoch)
    return [(operation, kind, int(characters), int(count)) for operation, kind, characters, count in found]
