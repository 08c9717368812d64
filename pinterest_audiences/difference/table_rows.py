"""What the table has at the moment: SQL takes what it can judge, Python maps the rest as the connector does.

Where an engine has no snapshots, the rest is read before and after SQL has taken its part: if it is the same, no row
was missed by both.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from destination_pinterest.config import Config
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper, MappedRow
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.markers import PLACE_MEMBER
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.routing.row_quality import RowQuality
from destination_pinterest.vocabulary import Identifier
from destination_pinterest.wording.rejected_row import RejectedRowText
from pinterest_audiences.airbyte_messages import RecordEncoder
from pinterest_audiences.difference.comparison import Comparison
from pinterest_audiences.difference.judging import Judgement, judgement_of
from pinterest_audiences.difference.sent_table import Fill
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.warehouse import Session
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sources.source import Row

_TRIES: Final = 3
# Of at most 67 characters each. BigQuery's and Trino's queries have a million.
MOST_IN_A_QUERY: Final = 10_000
_BLANK: Final = Rejection(None, None, RejectionReason.NO_IDENTITY)


@dataclass(slots=True)
class RowCounts:
    """What became of the table's rows. `travelled` is how many came to Python."""

    quality: RowQuality
    rows: int = 0
    usable: int = 0
    travelled: int = 0
    not_synced: Counter[str] = field(default_factory=Counter)
    identifiers_refused: Counter[str] = field(default_factory=Counter)
    kinds: Counter[Identifier] = field(default_factory=Counter)

    @property
    def fill(self) -> Fill:
        """How full the identity columns are."""
        shares = {kind: min(1.0, count / max(1, self.rows)) for kind, count in self.kinds.items() if count}
        return Fill(self.rows, shares)


class TableRows:
    """Reads the table into the staging table.

    Args:
        statements: for the engine.
        plan: which columns identify people.
        config: the connection's settings.
        rejected: takes the rows that are not used; None if nobody wants them.
        read: is told how many rows have come.
        comparison: of an engine that compares while it reads; None if what is staged is compared later.
    """

    def __init__(
        self,
        statements: Statements,
        plan: StreamPlan,
        config: Config,
        *,
        rejected: RejectedFile | None,
        batch_rows: int,
        read: Callable[[int], None],
        comparison: Comparison | None = None,
    ) -> None:
        self._statements = statements
        self.comparison = comparison
        self._config = config
        self._judgements = judgements_of(plan.identities, config, statements)
        identities = [identity.column for identity in plan.identities]
        self._columns = tuple(dict.fromkeys((*identities, *(plan.key_columns if rejected is not None else ()))))
        self._rejected = rejected
        self._batch_rows = batch_rows
        self._read = read
        self._mapper = _PythonMapper(plan, self._columns, config, rejected)

    def stage(self, session: Session, epoch: str = "") -> RowCounts:
        """Fills the staging table, and counts; with a comparison, it compares with what `epoch` was sent.

        Raises: SourceError, UsageError for the file of rejected rows.
        """
        if self.comparison is not None:
            return self._compare(session, self.comparison, epoch)
        if self._statements.dialect.is_exclusive:
            return self._take_all(session)
        if self._statements.dialect.has_snapshot:
            with session.transaction(is_snapshot=True):
                return self._take_all(session)
        for _ in range(_TRIES):
            before = self._odd_now(session)
            self._take(session)
            counts = self._count(session, self._statements)
            if not counts.travelled and not before:
                return counts
            if before == self._odd_now(session) and counts.travelled == before.total():
                self._take_odd(session, counts, before)
                return counts
        raise SourceError(
            Code.DIFFERENCE_TABLE_CHANGES,
            "The table changes while it is read, and its database has no snapshots. Run the sync again when less is "
            "written to it.",
        )

    def queried(self, session: Session) -> tuple[RowCounts, Statements]:
        """Counts without a staging table, for engines whose sessions have none; returns what else counts like that.

        Raises: UsageError if Python judges more than a query can hold.
        """
        by_query = self._statements.staged_by_query(self._judgements)
        counts = self._count(session, by_query)
        if not counts.travelled:
            return counts, by_query
        found: dict[str, None] = {}
        for rows in self._odd(session):
            found.update((identifier, None) for identifier, _ in self._mapper.identifiers(rows, counts))
            if len(found) > MOST_IN_A_QUERY:
                raise UsageError(
                    Code.DIFFERENCE_TRIAL_TOO_LARGE,
                    f"A dry run of the difference is not possible here. {self._statements.dialect.name} has no table "
                    "that ends with its connection, so what SQL can't judge, such as phone numbers that are not "
                    f"hashed, is put into a query, which has room for {MOST_IN_A_QUERY:,} of them, and there are more. "
                    "Try a part of the table by --query, or run the sync: it checks the same safeguards before it "
                    "sends.",
                )
        return counts, self._statements.staged_by_query(self._judgements, list(found))

    def _compare(self, session: Session, comparison: Comparison, epoch: str) -> RowCounts:
        leaves_blank = self._rejected is not None
        if comparison.holds_nothing:
            self._empty(session)
            session.lets_spill()
            session.run(comparison.of_table(self._judgements, leaves_blank=leaves_blank), epoch=epoch)
        else:
            self._take(session)
            session.lets_spill()
            session.run(comparison.of_staging(), epoch=epoch)
            self._empty(session)
        counts = self._count(session, comparison)
        if counts.travelled:
            self._take_odd(session, counts)
        return counts

    def _take_all(self, session: Session) -> RowCounts:
        self._take(session)
        counts = self._count(session, self._statements)
        if counts.travelled:
            self._take_odd(session, counts)
        return counts

    def _take(self, session: Session) -> None:
        self._empty(session)
        session.run(self._statements.stage(self._judgements, leaves_blank=self._rejected is not None))
        for statement in self._statements.analyse_staging():
            session.run(statement)

    def _empty(self, session: Session) -> None:
        for statement in self._statements.stage_creation():
            session.run(statement)

    def _count(self, session: Session, judged: Statements | Comparison) -> RowCounts:
        """Counts what SQL has judged; of the rest, only how much it is."""
        standings = {standing: int(count) for standing, count in session.rows(judged.standings())}
        quality = RowQuality(self._config.max_rejected_percent, is_whole=True)
        counts = RowCounts(quality, rows=sum(standings.values()), usable=standings.get("taken", 0))
        counts.travelled = standings.get("odd", 0)
        if blank := standings.get("blank", 0):
            counts.not_synced[RejectionReason.NO_IDENTITY.value] = blank
        quality.entered, quality.blank = counts.rows, blank
        for kind, count in session.rows(judged.kinds()):
            counts.kinds[Identifier(kind)] += int(count)
        self._read(counts.rows - counts.travelled)
        return counts

    def _take_odd(self, session: Session, counts: RowCounts, expected: Counter[bytes] | None = None) -> None:
        """Maps the rest in Python. With `expected`, it has to be these rows."""
        seen: Counter[bytes] = Counter()
        for rows in self._odd(session):
            self._read(len(rows))
            found = [
                {"identifier": identifier, "kind": kind.value}
                for identifier, kind in self._mapper.identifiers(rows, counts)
            ]
            if expected is not None:
                seen.update(map(_mark, rows))
            self._stage_found(session, found)
        if expected is not None and seen != expected:
            raise SourceError(
                Code.DIFFERENCE_TABLE_CHANGES,
                "The table changes while it is read, and its database has no snapshots. Run the sync again when less "
                "is written to it.",
            )

    def _stage_found(self, session: Session, found: Sequence[Mapping[str, str]]) -> None:
        if self._statements.dialect.parts is None:
            session.insert(self._statements.stage_identifier(), found)
            return
        by_kind: dict[str, list[str]] = {}
        for each in found:
            by_kind.setdefault(each["kind"], []).append(each["identifier"])
        for kind, digests in by_kind.items():
            for first in range(0, len(digests), MOST_IN_A_QUERY):
                part = digests[first : first + MOST_IN_A_QUERY]
                session.run(self._statements.stage_identifiers(kind, part))

    def _odd_now(self, session: Session) -> Counter[bytes]:
        return Counter(mark for rows in self._odd(session) for mark in map(_mark, rows))

    def _odd(self, session: Session) -> Iterator[Sequence[Row]]:
        leaves_blank = self._rejected is not None
        statement = self._statements.odd_rows(self._columns, self._judgements, leaves_blank=leaves_blank)
        return session.stream(statement, self._batch_rows)


def judgements_of(
    identities: Sequence[IdentityColumn], config: Config, statements: Statements
) -> tuple[Judgement, ...]:
    """Returns what SQL can say of each identity column."""
    case = config.advertising_id_case
    return tuple(judgement_of(each, case, statements.dialect) for each in identities)


def _mark(row: Row) -> bytes:
    return hashlib.sha256(repr(tuple(row)).encode("utf-8", "replace")).digest()


class _PythonMapper:
    """Maps rows as the connector would: through the lines that it would get."""

    def __init__(self, plan: StreamPlan, columns: Sequence[str], config: Config, rejected: RejectedFile | None) -> None:
        self._encoder = RecordEncoder(plan.stream.key.name, columns, lambda: 0.0)
        decoder = MessageDecoder((*columns, PLACE_MEMBER), plan.stream.columns)
        self._decoder = decoder
        self._values = decoder.reader([identity.column for identity in plan.identities])
        self._identities = plan.identities
        case = config.advertising_id_case
        self._map = IdentityMapper(plan.identities, maid_case=case).map
        self._map_each = [IdentityMapper([identity], maid_case=case).map for identity in plan.identities]
        self._rejected = rejected
        if rejected is not None:
            names = [identity.column for identity in plan.identities]
            self._text = RejectedRowText(plan.key_columns, names, decoder, include_values=rejected.has_values)

    def identifiers(self, rows: Sequence[Row], counts: RowCounts) -> Iterator[tuple[str, Identifier]]:
        """Yields the identifiers of rows with their kinds, and counts the rows."""
        for message in self._decoder.decode(self._encoder.lines(rows)):
            row = message.record.data
            values = self._values(row)
            mapped = self._map(values)
            self._account(row, mapped, counts)
            if not mapped.identifiers:
                continue
            kinds = set()
            for position, identity in enumerate(self._identities):
                for identifier in self._map_each[position]((values[position],)).identifiers:
                    kinds.add(identity.identifier)
                    yield identifier, identity.identifier
            counts.kinds.update(kinds)

    def _account(self, row: Any, mapped: MappedRow, counts: RowCounts) -> None:
        rejections = mapped.rejections
        if mapped.identifiers:
            counts.usable += 1
            counts.identifiers_refused.update(each.reason.value for each in rejections)
        else:
            rejection = rejections[0] if rejections else _BLANK
            rejections = (rejection,)
            counts.not_synced[rejection.reason.value] += 1
            counts.quality.refuse(rejection, 0)
            if rejection.column is not None and counts.quality.wants_samples:
                position = [each.column for each in self._identities].index(rejection.column)
                counts.quality.sample(rejection.column, self._values(row)[position])
        if self._rejected is not None:
            for each in rejections:
                self._rejected.add(self._text.placed(row, each, row_is_used=bool(mapped.identifiers)))
