"""Routes a stream's rows: reads and maps each once, decides what it does, and passes it on or rejects it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from destination_pinterest.config import Config
from destination_pinterest.dead_letters.announced import AnnouncedRows
from destination_pinterest.dead_letters.queue import DeadLetters
from destination_pinterest.delivery.isolation import LostRows, Route
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.remembered_row import RememberedRowMapper
from destination_pinterest.delivery.sink import Sink
from destination_pinterest.identity.mapping import IdentityMapper, MappedRow
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.input import MessageDecoder, RowRun
from destination_pinterest.routing.decision import Decision, decision_of, take_row
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.vocabulary import Operation

# A row's primary key; None if the row has none.
Key = tuple[object, ...] | None

# Of a run with refused rows, so many are looked at again: enough to see a form, and few beside the run.
_ROWS_SAMPLED: Final = 200
_NO_IDENTITY: Final = (Rejection(None, None, RejectionReason.NO_IDENTITY),)


class StreamRoute:
    """Takes one stream's rows to its sink. This is the hot path.

    Args:
        plan: the stream's plan.
        config: the settings.
        decoder: decodes the rows.
        sink: where the rows go.
        tally: the stream's counts since its last state.
        dead_letters: takes rejected rows, if they are stored.
        announced: takes them, and refused values, if the command line wants them.
    """

    def __init__(
        self,
        plan: StreamPlan,
        config: Config,
        decoder: MessageDecoder,
        sink: Sink,
        tally: StreamTally,
        *,
        dead_letters: DeadLetters | None = None,
        announced: AnnouncedRows | None = None,
    ) -> None:
        self.plan = plan
        self._rows = sink.rows
        self._tally = tally
        self._dead_letters = dead_letters
        self._announced = announced
        self._read = decoder.reader([identity.column for identity in plan.identities])
        self._mapper = IdentityMapper(plan.identities, maid_case=config.advertising_id_case)
        self._decide = _row_decision(plan, config, decoder)
        self._sink = sink
        reads_key = sink.taker.reads_keys and plan.has_key and not plan.only_removes
        self._remembered = _RememberedRows(plan, config, decoder) if reads_key else None
        # Most streams have one identity column and only rows that add: they are mapped in bulk.
        reads_rejected = dead_letters is not None or announced is not None
        is_uniform = self._decide is None and len(plan.identities) == 1 and sink.rows is None
        is_plain = is_uniform and not reads_rejected and not reads_key
        self._read_only_column = decoder.reader_of(plan.identities[0].column) if is_plain else None

    def take(self, run: RowRun, now_s: float) -> None:
        """Takes a run of rows, the first of which came after `run.position` others."""
        sink = self._sink
        refused_before = sink.refused
        sink.enter(len(run.rows))
        sink.taker.begin_run(run, now_s)
        if self._read_only_column is not None:
            self._take_bulk(sink, self._read_only_column, run)
        elif self._remembered is not None:
            for row in run.rows:
                self._take_remembered(sink, self._remembered, row, run.position)
        else:
            for row in run.rows:
                self._take_row(sink, row, run.position)
        if sink.refused > refused_before and sink.wants_samples:
            self._sample(sink, run.rows[:_ROWS_SAMPLED])

    def without(self, lane: AudienceLane) -> Route:
        """See `Route.without`."""
        return self if self._sink.without(lane) is not None else LostRows(self._sink.lanes)

    def _take_bulk(self, sink: Sink, read: Callable[[Any], object], run: RowRun) -> None:
        identifiers, others = self._mapper.map_column(map(read, run.rows))
        sink.fill.add_rows(len(run.rows), len(identifiers) + sum(bool(mapped.identifiers) for mapped in others))
        sink.taker.add_all(identifiers)
        for mapped in others:
            if self._judge(sink, mapped, Operation.ADD, None, run.position) is not None:
                sink.taker.take(Operation.ADD, mapped.identifiers, None)

    def _take_row(self, sink: Sink, row: Any, position: int) -> None:
        decision = Operation.ADD if self._decide is None else self._decide(row)
        values = self._read(row)
        mapped = self._mapper.map(values)
        if decision is Operation.ADD:
            sink.fill.add_row(values, mapped)
        if self._rows is not None and self._rows.is_needed:
            mapped = self._rows.sendable(mapped)
        operation = self._judge(sink, mapped, decision, row, position)
        if operation is None:
            return
        if self.plan.only_removes:
            sink.taker.withdraw(mapped.identifiers)
        elif self._rows is not None:
            sink.taker.take(operation, mapped.identifiers, None, self._rows.columns(values, mapped))
        else:
            sink.taker.take(operation, mapped.identifiers, None)

    def _take_remembered(self, sink: Sink, remembered: _RememberedRows, row: Any, position: int) -> None:
        """Takes a row whose key tells which identifiers it had before."""
        key = remembered.key(row)
        if key is None:
            self._take_row(sink, row, position)
            return
        decision = Operation.ADD if self._decide is None else self._decide(row)
        values = remembered.read(row)
        mapped = remembered.map(values)
        if decision is Operation.ADD and not mapped.unchanged:
            sink.fill.add_row(values, MappedRow(mapped.identifiers, ()))
        if self._rows is not None and self._rows.is_needed:
            mapped = self._rows.sendable_of(mapped)
        keeps = bool(mapped.unchanged) and decision is Operation.ADD
        if isinstance(decision, Operation) and (mapped.identifiers or keeps):
            if mapped.rejections:
                sink.count_refused(mapped.rejections)
            if self._announced is not None:
                self._announced.add(row, mapped.rejections, row_is_used=True)
            if keeps:
                if not mapped.identifiers:
                    sink.leave_blank()
                sink.taker.keep(key, mapped.identifiers, mapped.columns, mapped.unchanged)
            else:
                sink.taker.take(decision, mapped.identifiers, key, mapped.columns)
            return
        if isinstance(decision, Operation):
            # Its earlier identifiers are removed, although the row itself has none.
            sink.taker.vacate(key, decision)
            if decision is Operation.REMOVE:
                sink.leave_blank()
                return
        self._judge(sink, MappedRow((), mapped.rejections or _NO_IDENTITY), decision, row, position)

    def _sample(self, sink: Sink, rows: Sequence[Any]) -> None:
        """Looks at the values of refused rows, for a message that says what they look like."""
        for row in rows:
            values = self._read(row)
            if not self._mapper.map(values).identifiers:
                for identity, value in zip(self.plan.identities, values, strict=True):
                    sink.sample(identity.column, value)

    def _judge(self, sink: Sink, mapped: MappedRow, decision: Decision, row: Any, position: int) -> Operation | None:
        """Returns what the row does to its identifiers; None, counted and perhaps stored, if it does nothing."""
        taken = take_row(decision, mapped, self.plan.operation_column, sink)
        if isinstance(taken, Rejection):
            self._tally.rejected += 1
            sink.refuse(taken, position)
            if self._dead_letters is not None:
                self._dead_letters.add(row, taken, position)
            if self._announced is not None:
                self._announced.add(row, (taken,), row_is_used=False)
            return None
        if taken is None:
            sink.leave_blank()
        if self._announced is not None and taken is not None:
            self._announced.add(row, mapped.rejections, row_is_used=True)
        return taken


def _row_decision(plan: StreamPlan, config: Config, decoder: MessageDecoder) -> Callable[[Any], Decision] | None:
    decide = decision_of(plan, config)
    if decide is None or not plan.deciding_columns:
        return None if decide is None else lambda _row: decide(())
    values = decoder.reader(plan.deciding_columns)
    return lambda row: decide(values(row))


class _RememberedRows:
    """Reads and maps a stream's rows with what a membership store needs."""

    __slots__ = ("_read_key", "map", "read")

    def __init__(self, plan: StreamPlan, config: Config, decoder: MessageDecoder) -> None:
        self._read_key = decoder.reader(plan.key_columns)
        # Attributes instead of methods: every row is read and mapped.
        self.read = decoder.reader_telling_absence([identity.column for identity in plan.identities])
        self.map = RememberedRowMapper(plan.identities, config.advertising_id_case).map

    def key(self, row: Any) -> Key:
        """Returns the row's key."""
        values = self._read_key(row)
        return None if all(value is None for value in values) else values
