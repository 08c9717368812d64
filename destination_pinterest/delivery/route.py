"""Routes a stream's rows: reads and maps each once, decides what it does, and passes it on or rejects it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import compress, groupby
from typing import Any, Final, cast

import msgspec

from destination_pinterest.config import Config
from destination_pinterest.dead_letters.announced import AnnouncedRows
from destination_pinterest.dead_letters.queue import DeadLetters
from destination_pinterest.delivery.by_account import AccountSinks
from destination_pinterest.delivery.isolation import LostRows, Route
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.remembered_row import RememberedRow, RememberedRowMapper
from destination_pinterest.delivery.sink import Sink
from destination_pinterest.delivery.suppressor import Suppressor, is_suppressed
from destination_pinterest.identity.mapping import IdentityMapper, MappedRow, MappedRows
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.input import MessageDecoder, RowRun
from destination_pinterest.routing.audience_names import AudienceNames
from destination_pinterest.routing.decision import Decision, adds_unknown_operations, decision_of, take_row
from destination_pinterest.routing.plan import StreamPlan, may_contradict
from destination_pinterest.routing.row_account import NOT_NAMED, RowAccounts
from destination_pinterest.vocabulary import Operation

# A row's primary key; None if the row has none.
Key = tuple[object, ...] | None

# Of a run with refused rows, so many are looked at again: enough to see a form, and few beside the run.
_ROWS_SAMPLED: Final = 200
# A column that decides has few values as a rule; one that has many must not fill the memory.
_MOST_VALUES: Final = 1_000
_TEXTS_OR_NONE: Final = frozenset({str, type(None)})
_NO_IDENTITY: Final = (Rejection(None, None, RejectionReason.NO_IDENTITY),)
_NOT_GIVEN: Final = (Rejection(None, None, RejectionReason.VALUE_UNCHANGED),)


class Refusals(msgspec.Struct, frozen=True):
    """What takes rows that are not used.

    Args:
        dead_letters: takes rejected rows, if they are stored.
        announced: takes them, and refused values, if the command line wants them.
        suppressor: takes forgotten people off rows that add, if there is a suppression store.
    """

    dead_letters: DeadLetters | None = None
    announced: AnnouncedRows | None = None
    suppressor: Suppressor | None = None


NO_REFUSALS: Final = Refusals()


class StreamRoute:
    """Takes one stream's rows to its sink. This is the hot path.

    Args:
        plan: the stream's plan.
        config: the settings.
        decoder: decodes the rows.
        sink: where the rows go.
        tally: the stream's counts since its last state.
        refusals: what takes rows that are not used.
    """

    def __init__(
        self,
        plan: StreamPlan,
        config: Config,
        decoder: MessageDecoder,
        sink: Sink,
        tally: StreamTally,
        *,
        refusals: Refusals = NO_REFUSALS,
    ) -> None:
        self.plan = plan
        self._rows = sink.rows
        self._tally = tally
        self._dead_letters = refusals.dead_letters
        self._announced = refusals.announced
        self._suppressor = refusals.suppressor
        self._read = decoder.reader([identity.column for identity in plan.identities])
        self._mapper = IdentityMapper(plan.identities, maid_case=config.advertising_id_case)
        self._decide = _row_decision(plan, config, decoder)
        self._decide_all = None if self._decide is None else _RowDecisions(self._decide, plan, decoder).of
        self._sink = sink
        self._accounts = sink if isinstance(sink, AccountSinks) else None
        if self._accounts is not None and plan.account_column is not None:
            self._account_column = plan.account_column
            self._account_of = RowAccounts(config.ad_account_ids).of
            self._read_account = decoder.reader_telling_absence([plan.account_column])
        self._adds_unknown = adds_unknown_operations(config)
        self._is_for_exclusion = config.used_for == "exclusion"
        reads_key = sink.taker.reads_keys and plan.has_key and not plan.only_removes
        self._remembered = _RememberedRows(plan, config, decoder) if reads_key else None
        # Where rows may overrule each other, a key tells which of them is a later version of another.
        tells_rows = plan.has_key and may_contradict(plan, config)
        self._read_key = decoder.reader(plan.key_columns) if tells_rows else None
        self._names = None if plan.naming is None else AudienceNames(plan.naming)
        if self._names is not None:
            self._read_names = decoder.reader_telling_absence(self._names.columns)
        # Most streams have one identity column and only rows that add: they are mapped in bulk.
        reads_rejected = self._dead_letters is not None or self._announced is not None
        is_uniform = self._decide is None and len(plan.identities) == 1 and sink.rows is None
        is_plain = is_uniform and not reads_rejected and not reads_key
        self._read_only_column = decoder.reader_of(plan.identities[0].column) if is_plain else None
        # Others too, as long as each row does what it does whichever it is.
        has_bulk = not plan.only_removes and sink.rows is None and self._suppressor is None
        is_in_bulk = has_bulk and not reads_key and not tells_rows
        self._remembers_in_bulk = has_bulk and len(plan.identities) == 1
        self._read_columns = (
            [decoder.reader_of(identity.column) for identity in plan.identities] if is_in_bulk else None
        )
        names_in_bulk = self._names is not None and self._read_columns is not None and len(self._read_columns) == 1
        self._only_named_column = self._read_columns[0] if self._read_columns is not None and names_in_bulk else None

    def take(self, run: RowRun, now_s: float) -> None:
        """Takes a run of rows, the first of which came after `run.position` others."""
        sink = self._sink
        refused_before = sink.refused
        sink.enter(len(run.rows))
        sink.taker.begin_run(run, now_s)
        if self._accounts is None and self._names is None:
            self._take_run(sink, run)
        elif self._accounts is not None:
            for row in run.rows:
                self._take_by_account(self._accounts, row, run.position)
        elif self._names is not None and self._only_named_column is not None:
            self._take_named_column(sink, self._names, self._only_named_column, run)
        elif self._names is not None:
            for row in run.rows:
                self._take_named(sink, self._names, row, run.position)
        if sink.refused > refused_before and sink.wants_samples:
            self._sample(sink, run.rows[:_ROWS_SAMPLED])

    def without(self, lane: AudienceLane) -> Route:
        """See `Route.without`."""
        return self if self._sink.without(lane) is not None else LostRows(self._sink.lanes)

    def _take_run(self, sink: Sink, run: RowRun) -> None:
        """Takes rows that all go to the same audience."""
        if self._read_only_column is not None:
            self._take_bulk(sink, self._read_only_column, run)
        elif self._remembered is not None and self._remembers_in_bulk:
            self._take_remembered_column(sink, self._remembered, run)
        elif self._remembered is not None:
            for row in run.rows:
                self._take_remembered(sink, self._remembered, row, run.position)
        elif self._read_columns is not None:
            self._take_columns(sink, self._read_columns, run)
        else:
            for row in run.rows:
                self._take_row(sink, row, run.position)

    def _take_by_account(self, accounts: AccountSinks, row: Any, position: int) -> None:
        """Takes a row to the ad account that it names."""
        account = self._account_of(self._read_account(row)[0])
        if not isinstance(account, RejectionReason):
            self._take_one(accounts.to(account), row, position)
            return
        decision = self._decision(accounts, row)
        if decision is Operation.REMOVE and account in NOT_NAMED:  # A deletion may carry nothing but its key.
            self._take_one(accounts.everywhere, row, position)
            return
        accounts.enter_unnamed()
        key = None if self._remembered is None else self._remembered.key(row)
        if key is not None and _says_where(decision) and account is not RejectionReason.VALUE_UNCHANGED:
            accounts.leave_all(key, is_deletion=False)
        self._judge(accounts, MappedRow((), (Rejection(self._account_column, None, account),)), decision, row, position)

    def _take_one(self, sink: Sink, row: Any, position: int) -> None:
        sink.enter(1)
        if self._names is not None:
            self._take_named(sink, self._names, row, position)
        elif self._remembered is not None:
            self._take_remembered(sink, self._remembered, row, position)
        else:
            self._take_row(sink, row, position)

    def _take_bulk(self, sink: Sink, read: Callable[[Any], object], run: RowRun) -> None:
        identifiers, others = self._mapper.map_column(map(read, run.rows))
        sink.fill.add_rows(len(run.rows), len(identifiers) + sum(bool(mapped.identifiers) for mapped in others))
        if self._suppressor is not None:
            identifiers = _left_of(self._suppressor, identifiers, sink)
            others = [self._suppressor.left_of_row(mapped) for mapped in others]
        sink.taker.add_all(identifiers)
        for mapped in others:
            if self._judge(sink, mapped, Operation.ADD, None, run.position) is not None:
                sink.taker.take(Operation.ADD, mapped.identifiers, None)

    def _take_columns(self, sink: Sink, readers: Sequence[Callable[[Any], object]], run: RowRun) -> None:
        """Takes rows column by column, each stretch of plain rows that do the same at once. See `_take_row`."""
        rows = run.rows
        mapped = self._mapper.map_columns([list(map(read, rows)) for read in readers])
        decisions = [Operation.ADD] * len(rows) if self._decide_all is None else self._decide_all(rows)
        self._fill_columns(sink, mapped, decisions)
        odd = [*mapped.odd, len(rows)]
        at = 0
        for decision, group in groupby(decisions):
            end = at + len(list(group))
            while at < end:
                plain = min(end, odd[bisect_left(odd, at)]) if isinstance(decision, Operation) else at
                if at < plain:
                    sink.taker.take_all(cast("Operation", decision), mapped.rows[at:plain])
                    at = plain
                if at < end:
                    row = mapped.odd.get(at) or MappedRow(tuple(dict.fromkeys(mapped.rows[at])), ())
                    self._take_mapped(sink, row, rows[at], run.position)
                    at += 1

    def _take_remembered_column(self, sink: Sink, remembered: _RememberedRows, run: RowRun) -> None:
        """Takes rows with a key by their only column, stretch by stretch as `_take_columns`. See `_take_remembered`."""
        rows = run.rows
        (column,) = self.plan.identities
        cells = self._mapper.map_cells([value for (value,) in map(remembered.read, rows)])
        keys = [remembered.key(row) for row in rows]
        decisions = [Operation.ADD] * len(rows) if self._decide_all is None else self._decide_all(rows)
        odd = [at for at, (cell, key) in enumerate(zip(cells, keys, strict=True)) if type(cell) is not str or not key]
        odd.append(len(rows))
        at = 0
        for decision, group in groupby(decisions):
            end = at + len(list(group))
            while at < end:
                plain = min(end, odd[bisect_left(odd, at)]) if isinstance(decision, Operation) else at
                if at < plain:
                    identifiers = cast("list[str]", cells[at:plain])
                    if decision is Operation.ADD:
                        sink.fill.add_cells([identifiers], len(identifiers))
                    known = cast("list[tuple[object, ...]]", keys[at:plain])
                    sink.taker.take_keyed(cast("Operation", decision), known, identifiers, column.column)
                    at = plain
                if at < end:
                    self._take_remembered(sink, remembered, rows[at], run.position)
                    at += 1

    def _fill_columns(self, sink: Sink, mapped: MappedRows, decisions: Sequence[Decision]) -> None:
        """Counts the rows that join."""
        joins = [self._joins(decision) for decision in decisions] if self._decide_all is not None else ()
        cells = mapped.cells if all(joins) else [list(compress(column, joins)) for column in mapped.cells]
        if cells[0]:
            unusable = sum(not row.identifiers and (not joins or joins[at]) for at, row in mapped.odd.items())
            sink.fill.add_cells(cells, len(cells[0]) - unusable)

    def _joins(self, decision: Decision) -> bool:
        return decision is Operation.ADD or (self._adds_unknown and decision is RejectionReason.UNKNOWN_OPERATION)

    def _take_mapped(self, sink: Sink, mapped: MappedRow, row: Any, position: int) -> None:
        """Takes a row that is mapped, and counted among those that join."""
        decision = self._decision(sink, row)
        if decision is RejectionReason.NO_CONSENT:
            sink.taker.object_to(mapped.identifiers, None)
        operation = self._judge(sink, mapped, decision, row, position)
        if operation is not None:
            sink.taker.take(operation, mapped.identifiers, None)

    def _take_named(self, sink: Sink, naming: AudienceNames, row: Any, position: int) -> None:
        """Takes a row to the audiences that it names."""
        found = naming.of(self._read_names(row), self._read(row))
        if found.names:
            if found.rejections:
                sink.count_refused(found.rejections)
            named = sink.named(found.names)
            named.enter(1)
            if self._remembered is not None:
                self._take_remembered(named, self._remembered, row, position)
            else:
                self._take_row(named, row, position)
            return
        sink.enter_unnamed()
        decision = self._decision(sink, row)
        key = None if self._remembered is None else self._remembered.key(row)
        if self._remembered is not None and key is not None and _says_where(decision):
            if decision is Operation.REMOVE:
                sink.leave_all(key, is_deletion=True)
                sink.leave_blank()
                return
            if found.is_unchanged:
                self._take_remembered(sink.staying(), self._remembered, row, position)
                return
            sink.leave_all(key, is_deletion=False)
        self._judge(sink, MappedRow((), found.rejections or _NOT_GIVEN), decision, row, position)

    def _take_named_column(self, sink: Sink, naming: AudienceNames, read: Callable[[Any], object], run: RowRun) -> None:
        """Takes rows by their only identity column, each audience's at once. See `_take_named`.

        Stretch by stretch as `_take_columns`: of one stretch, it makes no difference which row comes first.
        """
        rows = run.rows
        values = list(map(read, rows))
        cells = self._mapper.map_cells(values)
        names = naming.of_column(list(map(self._read_names, rows)), values)
        decisions = [Operation.ADD] * len(rows) if self._decide_all is None else self._decide_all(rows)
        at = 0
        for decision, group in groupby(decisions):
            end = at + len(list(group))
            is_used = isinstance(decision, Operation)
            plain: list[tuple[Sink, list[str]]] = []
            # By the object, which rows of the same words share: to compare names takes as long as all else here.
            adding: dict[int, Callable[[str], None]] = {}
            stretch = names[at:end]
            for row, cell, found, words in zip(rows[at:end], cells[at:end], stretch, map(id, stretch), strict=True):
                add = adding.get(words)
                if add is not None and type(cell) is str:
                    add(cell)
                elif is_used and type(cell) is str and found.names and not found.rejections:
                    # Audiences are spelled as the first row that names them spells them.
                    plain.append((sink.named(found.names), [cell]))
                    adding[words] = plain[-1][1].append
                else:
                    self._take_named(sink, naming, row, run.position)
            for named, identifiers in plain:
                named.enter(len(identifiers))
                if decision is Operation.ADD:
                    named.fill.add_rows(len(identifiers), len(identifiers))
                    named.taker.add_all(identifiers)
                else:
                    named.taker.take_all(cast("Operation", decision), [(identifier,) for identifier in identifiers])
            at = end

    def _take_row(self, sink: Sink, row: Any, position: int) -> None:
        decision = self._decision(sink, row)
        values = self._read(row)
        mapped = self._mapper.map(values)
        key = None if self._read_key is None else _key(self._read_key(row))
        if decision is Operation.ADD:
            sink.fill.add_row(values, mapped)
            if self._suppressor is not None:
                mapped = self._suppressor.left_of_row(mapped)
        elif decision is RejectionReason.NO_CONSENT:
            # A ledger keeps an objection to what can't be sent now: no row may bring it in once that can.
            objected = mapped if self._rows is None or sink.taker.reads_keys else self._sendable(mapped)
            sink.taker.object_to(objected.identifiers, key)
        mapped = self._sendable(mapped)
        operation = self._judge(sink, mapped, decision, row, position)
        if operation is None:
            return
        if self.plan.only_removes and not self._is_for_exclusion:
            sink.taker.withdraw(mapped.identifiers)
        elif self._rows is not None:
            sink.taker.take(operation, mapped.identifiers, key, self._rows.columns(values, mapped))
        else:
            sink.taker.take(operation, mapped.identifiers, key)

    def _sendable(self, mapped: MappedRow) -> MappedRow:
        return self._rows.sendable(mapped) if self._rows is not None and self._rows.is_needed else mapped

    def _sendable_of(self, mapped: RememberedRow) -> RememberedRow:
        return self._rows.sendable_of(mapped) if self._rows is not None and self._rows.is_needed else mapped

    def _decision(self, sink: Sink, row: Any) -> Decision:
        """Returns what the row does; see `adds_unknown_operations` for one whose operation is not known."""
        if self._decide is None:
            return Operation.ADD
        decision = self._decide(row)
        if decision is not RejectionReason.UNKNOWN_OPERATION or not self._adds_unknown:
            return decision
        unknown = (Rejection(self.plan.operation_column, None, decision),)
        sink.count_refused(unknown)
        if self._announced is not None:
            self._announced.add(row, unknown, row_is_used=True)
        return Operation.ADD

    def _take_remembered(self, sink: Sink, remembered: _RememberedRows, row: Any, position: int) -> None:
        """Takes a row whose key tells which identifiers it had before."""
        key = remembered.key(row)
        if key is None:
            self._take_row(sink, row, position)
            return
        # A call less for each row tells.
        decision = Operation.ADD if self._decide is None else self._decision(sink, row)
        values = remembered.read(row)
        mapped = remembered.map(values)
        if decision is RejectionReason.NO_CONSENT:
            sink.taker.object_to(mapped.identifiers, key, (*mapped.unchanged, *mapped.empty))
            self._judge(sink, MappedRow(mapped.identifiers, mapped.rejections or _NO_IDENTITY), decision, row, position)
            return
        if decision is Operation.ADD and not mapped.unchanged:
            sink.fill.add_row(values, MappedRow(mapped.identifiers, ()))
        if decision is Operation.ADD and self._suppressor is not None:
            mapped = self._suppressor.left_of_remembered(mapped)
        mapped = self._sendable_of(mapped)
        # Who can't be read any more leaves; but not an exclusion audience, where that may be a mistake.
        kept = (*mapped.unchanged, *mapped.empty) if self._is_for_exclusion else mapped.unchanged
        keeps = bool(mapped.unchanged or (kept and mapped.identifiers)) and decision is Operation.ADD
        if isinstance(decision, Operation) and (mapped.identifiers or keeps):
            if mapped.rejections:
                sink.count_refused(mapped.rejections)
                self._announce(row, mapped.rejections)
            if keeps:
                if not mapped.identifiers:
                    sink.leave_blank()
                sink.taker.keep(key, mapped.identifiers, mapped.columns, kept)
            else:
                sink.taker.take(decision, mapped.identifiers, key, mapped.columns)
            return
        if decision is Operation.ADD and self._is_for_exclusion:
            sink.taker.stay(key, kept)
        elif isinstance(decision, Operation):
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
        taken = take_row(decision, mapped, self.plan.operation_column, sink, consent_column=self.plan.consent_column)
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
        else:
            self._announce(row, mapped.rejections)
        return taken

    def _announce(self, row: Any, rejections: Sequence[Rejection]) -> None:
        """Announces which values of a row that is used are refused; never who was forgotten."""
        if self._announced is not None:
            refused = [rejection for rejection in rejections if not is_suppressed(rejection)]
            self._announced.add(row, refused, row_is_used=True)


def _left_of(suppressor: Suppressor, identifiers: list[str], sink: Sink) -> list[str]:
    """Returns what may be added of rows that add one identifier each, and counts the others."""
    left = suppressor.left_of(identifiers)
    for _ in range(len(identifiers) - len(left)):
        sink.count_not_synced(RejectionReason.SUPPRESSED.value)
        sink.leave_blank()
    return left


def _says_where(decision: Decision) -> bool:
    """Whether a row that names no audience is in none: it was understood, or must leave in any case."""
    return isinstance(decision, Operation) or decision is RejectionReason.NO_CONSENT


def _row_decision(plan: StreamPlan, config: Config, decoder: MessageDecoder) -> Callable[[Any], Decision] | None:
    decide = decision_of(plan, config)
    if decide is None or not plan.deciding_columns:
        return None if decide is None else lambda _row: decide(())
    values = decoder.reader(plan.deciding_columns)
    return lambda row: decide(values(row))


class _RowDecisions:
    """Decides about many rows: most have the same few values in the columns that decide."""

    def __init__(self, decide: Callable[[Any], Decision], plan: StreamPlan, decoder: MessageDecoder) -> None:
        self._decide = decide
        self._read = decoder.reader(plan.deciding_columns) if plan.deciding_columns else None
        self._known: dict[tuple[object, ...], Decision] = {}

    def of(self, rows: Sequence[Any]) -> list[Decision]:
        """Returns what each row does."""
        if self._read is None:
            return [self._decide(row) for row in rows]
        decisions = []
        for row, values in zip(rows, map(self._read, rows), strict=True):
            try:
                decision = self._known[values]
            except (KeyError, TypeError):  # A list can't be looked up.
                decision = self._decide(row)
                # Other values may be equal and not the same: 1 and true.
                if len(self._known) < _MOST_VALUES and _TEXTS_OR_NONE.issuperset(map(type, values)):
                    self._known[values] = decision
            decisions.append(decision)
        return decisions


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
        return _key(self._read_key(row))


def _key(values: tuple[object, ...]) -> Key:
    return None if all(value is None for value in values) else values
