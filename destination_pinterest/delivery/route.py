"""Routes a stream's rows to an audience: reads and maps each, decides what it does, and passes it on or rejects it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from destination_pinterest.config import Config
from destination_pinterest.dead_letters.announced import AnnouncedRows
from destination_pinterest.dead_letters.queue import DeadLetters
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.identity.mapping import IdentityMapper, MappedRow
from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.input import MessageDecoder, RowRun
from destination_pinterest.routing.decision import Decision, decision_of, take_row
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.vocabulary import Operation

# A row's primary key; None if the row has none.
Key = tuple[object, ...] | None


class StreamRoute:
    """Takes one stream's rows to its audience's strategy. This is the hot path.

    Args:
        plan: the stream's plan.
        config: the settings.
        decoder: decodes the rows.
        strategy: the strategy of the stream's audience.
        tally: the stream's counts since its last state.
        dead_letters: takes rejected rows, if they are stored.
        announced: takes them, and refused values, if the command line wants them.
    """

    def __init__(
        self,
        plan: StreamPlan,
        config: Config,
        decoder: MessageDecoder,
        strategy: SyncStrategy,
        tally: StreamTally,
        *,
        dead_letters: DeadLetters | None = None,
        announced: AnnouncedRows | None = None,
    ) -> None:
        self.plan = plan
        self.strategy = strategy
        self._tally = tally
        self._dead_letters = dead_letters
        self._announced = announced
        self._read = decoder.reader([identity.column for identity in plan.identities])
        self._mapper = IdentityMapper(plan.identities, maid_case=config.advertising_id_case)
        self._decide = _row_decision(plan, config, decoder)
        reads_key = strategy.reads_keys and plan.has_key and not plan.only_removes
        self._read_key = _key_reader(plan, decoder) if reads_key else None
        # Most streams have one identity column and only rows that add: they are mapped in bulk.
        reads_rejected = dead_letters is not None or announced is not None
        is_plain = self._decide is None and len(plan.identities) == 1 and not reads_rejected and not reads_key
        self._read_only_column = decoder.reader_of(plan.identities[0].column) if is_plain else None

    def take(self, run: RowRun, now_s: float) -> None:
        """Takes a run of rows, the first of which came after `run.position` others."""
        self.strategy.lane.tally.entered += len(run.rows)
        self.strategy.begin_run(run, now_s)
        if self._read_only_column is not None:
            self._take_bulk(self._read_only_column, run)
            return
        for row in run.rows:
            self._take_row(row, run.position)

    def _take_bulk(self, read: Callable[[Any], object], run: RowRun) -> None:
        identifiers, others = self._mapper.map_column(map(read, run.rows))
        self.strategy.add_all(identifiers)
        for mapped in others:
            if self._judge(mapped, Operation.ADD, None, run.position) is not None:
                self.strategy.take(Operation.ADD, mapped.identifiers, None)

    def _take_row(self, row: Any, position: int) -> None:
        decision = Operation.ADD if self._decide is None else self._decide(row)
        mapped = self._mapper.map(self._read(row))
        key = None if self._read_key is None else self._read_key(row)
        if key is not None and not mapped.identifiers and isinstance(decision, Operation):
            # The key identifies the row: its earlier identifiers are removed, although the row itself has none.
            self.strategy.vacate(key, decision)
            if decision is Operation.REMOVE:
                return
        operation = self._judge(mapped, decision, row, position)
        if operation is None:
            return
        if self.plan.only_removes:
            self.strategy.withdraw(mapped.identifiers)
        else:
            self.strategy.take(operation, mapped.identifiers, key)

    def _judge(self, mapped: MappedRow, decision: Decision, row: Any, position: int) -> Operation | None:
        """Returns what the row does to its identifiers; None, counted and perhaps stored, if it does nothing."""
        taken = take_row(decision, mapped, self.plan.operation_column, self.strategy.lane.tally)
        if isinstance(taken, Rejection):
            self._tally.rejected += 1
            if self._dead_letters is not None:
                self._dead_letters.add(row, taken, position)
            if self._announced is not None:
                self._announced.add(row, (taken,), row_is_used=False)
            return None
        if self._announced is not None and taken is not None:
            self._announced.add(row, mapped.rejections, row_is_used=True)
        return taken


def _row_decision(plan: StreamPlan, config: Config, decoder: MessageDecoder) -> Callable[[Any], Decision] | None:
    decide = decision_of(plan, config)
    if decide is None or not plan.deciding_columns:
        return None if decide is None else lambda _row: decide(())
    values = decoder.reader(plan.deciding_columns)
    return lambda row: decide(values(row))


def _key_reader(plan: StreamPlan, decoder: MessageDecoder) -> Callable[[Any], Key]:
    read = decoder.reader(plan.key_columns)

    def key_of(row: Any) -> Key:
        values = read(row)
        return None if all(value is None for value in values) else values

    return key_of
