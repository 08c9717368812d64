"""Finds out what a sync would do, without sending anything, with the connector's own plan, decoder and decisions.

Rows go through the lines that the connector would get, so that values are the same here as there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from destination_pinterest.config import Config
from destination_pinterest.identity.column_sample import SAMPLE_ROWS
from destination_pinterest.identity.mapping import IdentityMapper, MappedRow
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.markers import PLACE_MEMBER
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.protocol.whole_rows import whole_rows
from destination_pinterest.routing.audience_names import AudienceNames, spelling_key
from destination_pinterest.routing.audience_plan import plan_audiences
from destination_pinterest.routing.decision import Decision, adds_unknown_operations, decision_of, take_row
from destination_pinterest.routing.plan import plan_streams, readable_key
from destination_pinterest.routing.row_account import NOT_NAMED, RowAccounts
from destination_pinterest.routing.sampling import column_sample
from destination_pinterest.vocabulary import Operation
from destination_pinterest.wording.column_text import finding_lines
from destination_pinterest.wording.plan_text import PlanLine, plan_lines
from destination_pinterest.wording.rejected_row import RejectedRowText
from pinterest_audiences.airbyte_messages import RecordEncoder, StreamDescription
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sources.source import Row, RowBatch

_NOT_GIVEN: Final = (Rejection(None, None, RejectionReason.VALUE_UNCHANGED),)
# A column that is no segment must not fill the memory; no sync takes so many audiences.
_MOST_NAMED: Final = 20_000


@dataclass(slots=True)
class DryRunCounts:
    """The counts of a dry run. Repeated identifiers count each time."""

    rows: int = 0
    usable: int = 0
    not_synced: Counter[str] = field(default_factory=Counter)
    identifiers: Counter[Operation] = field(default_factory=Counter)
    identifiers_refused: Counter[str] = field(default_factory=Counter)
    deletions_by_key: int = 0

    def count_not_synced(self, reason: str) -> None:
        """See `RowCounts`."""
        self.not_synced[reason] += 1

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """See `RowCounts`."""
        self.identifiers_refused.update(refused.reason.value for refused in rejections)


class DryRun:
    """Processes the rows of one stream as the connector would.

    Args:
        stream: the stream, as in the catalog.
        columns: the names of a row's values.
        config: the connection's settings.
        rejected: takes the rows that are rejected. The values of each row then end with its place.

    `accounts` says how many ad accounts are written to, and `copies` how many of them get each row.

    Raises: what `plan_streams` raises: the connector would refuse the stream for the same reason.
    """

    def __init__(
        self,
        stream: StreamDescription,
        columns: Sequence[str],
        config: Config,
        rejected: RejectedFile | None = None,
    ) -> None:
        streams = parse_catalog(msgspec.json.encode(stream.catalog()))
        plans = plan_streams(streams, config)
        (self.plan,) = plans
        audiences = plan_audiences(plans, config)
        self.audience = audiences[0]  # In each ad account it is kept in the same way.
        self.accounts = len(audiences)
        self.copies = 1 + sum(audience.repeats_rows for audience in audiences)
        self._plan_lines = list(plan_lines(plans, audiences, config))
        self._adds_unknown = adds_unknown_operations(config)
        self._is_for_exclusion = config.used_for == "exclusion"
        self._are_declared = config.identity_columns is not None
        self._sample = column_sample(self.plan, columns, config)
        self._columns = columns
        self.counts = DryRunCounts()
        places = () if rejected is None else (PLACE_MEMBER,)
        key = () if rejected is None else readable_key(streams[0])
        self._encoder = RecordEncoder(stream.name, (*columns, *places), lambda: 0.0)
        self._decoder = MessageDecoder((*self.plan.columns, *places, *key), streams[0].columns)
        self._rejected = rejected
        if rejected is not None:
            identity_columns = [identity.column for identity in self.plan.identities]
            self._text = RejectedRowText(key, identity_columns, self._decoder, include_values=rejected.has_values)
        self._values = self._decoder.reader([identity.column for identity in self.plan.identities])
        self._map = IdentityMapper(self.plan.identities, maid_case=config.advertising_id_case).map
        self._decide = self._decision(config)
        self._accounts = RowAccounts(config.ad_account_ids)
        account_column = self.plan.account_column
        self._account = None if account_column is None else self._decoder.reader_of(account_column)
        self._names = None if self.plan.naming is None else AudienceNames(self.plan.naming)
        if self._names is not None:
            self._read_names = self._decoder.reader_telling_absence(self._names.columns)
        self._named: set[str] = set()
        is_keyed = self.audience.keeping == "mirror" and self.plan.has_key
        self._key = self._decoder.reader(self.plan.key_columns) if is_keyed else None

    def count(self, rows: Sequence[Row]) -> None:
        """Counts rows."""
        lines = self._encoder.lines(rows)
        if not self._sample.is_full:
            self._sample.take(whole_rows(lines.splitlines()[:SAMPLE_ROWS], self._columns))
        for message in self._decoder.decode(lines):
            self._count_row(message.record.data)

    @property
    def audiences(self) -> int:
        """How many audiences there are at most, in all ad accounts."""
        return self.accounts * max(1, len(self._named))

    @property
    def plan_lines(self) -> list[PlanLine]:
        """What the connector would log of its plan, and of what the first rows show."""
        stream, used = str(self.plan.stream.key), self.plan.identities
        shown = finding_lines(
            self._sample.findings(),
            stream,
            used,
            are_declared=self._are_declared,
            is_for_exclusion=self._is_for_exclusion,
        )
        return [*self._plan_lines, *shown]

    def counting(self, batches: Iterable[RowBatch]) -> Iterator[RowBatch]:
        """Yields the batches, each once it was counted."""
        for batch in batches:
            self.count(batch.rows)
            yield batch

    def _count_row(self, row: Any) -> None:
        counts = self.counts
        counts.rows += 1
        decision = self._decide(row)
        unknown: tuple[Rejection, ...] = ()
        if decision is RejectionReason.UNKNOWN_OPERATION and self._adds_unknown:
            unknown = (Rejection(self.plan.operation_column, None, decision),)
            counts.count_refused(unknown)
            decision = Operation.ADD
        mapped, audiences = self._mapped(row, decision)
        if decision is Operation.REMOVE and not mapped.identifiers and self._has_key(row):
            counts.usable += 1
            counts.deletions_by_key += 1
            return
        plan = self.plan
        taken = take_row(decision, mapped, plan.operation_column, counts, consent_column=plan.consent_column)
        if isinstance(taken, Operation):
            counts.usable += 1
            counts.identifiers[taken] += len(mapped.identifiers) * audiences
        elif decision is RejectionReason.NO_CONSENT:
            counts.identifiers[Operation.REMOVE] += len(mapped.identifiers) * audiences
        if self._rejected is not None and taken is not None:
            is_used = isinstance(taken, Operation)
            for rejection in (*unknown, *mapped.rejections) if isinstance(taken, Operation) else (taken,):
                self._rejected.add(self._text.placed(row, rejection, row_is_used=is_used))

    def _mapped(self, row: Any, decision: Decision) -> tuple[MappedRow, int]:
        """Maps a row, and counts its audiences in an ad account; one that goes nowhere has no identifier."""
        if self._account is not None:
            account = self._accounts.of(self._account(row))
            is_everywhere = decision is Operation.REMOVE and account in NOT_NAMED
            if isinstance(account, RejectionReason) and not is_everywhere:
                return MappedRow((), (Rejection(self.plan.account_column, None, account),)), 0
        values = self._values(row)
        if self._names is None:
            return self._map(values), 1
        found = self._names.of(self._read_names(row), values)
        if found.is_unchanged and self._has_key(row):
            return self._map(values), 1
        if not found.names:
            return MappedRow((), found.rejections or _NOT_GIVEN), 0
        self.counts.count_refused(found.rejections)
        if len(self._named) < _MOST_NAMED:
            self._named.update(map(spelling_key, found.names))
        return self._map(values), len(found.names)

    def _decision(self, config: Config) -> Callable[[Any], Decision]:
        decide = decision_of(self.plan, config)
        if decide is None:
            return lambda _row: Operation.ADD
        if not self.plan.deciding_columns:
            return lambda _row: decide(())
        values = self._decoder.reader(self.plan.deciding_columns)
        return lambda row: decide(values(row))

    def _has_key(self, row: Any) -> bool:
        """Whether a membership store can find the row's members by its primary key."""
        return self._key is not None and any(value is not None for value in self._key(row))
