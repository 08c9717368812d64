"""Reads the rows that name people to forget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from destination_pinterest.audiences.safeguards import check_rows
from destination_pinterest.config import Config
from destination_pinterest.dead_letters.announced import Announcements
from destination_pinterest.delivery.row_samples import RowSamples
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IncompleteStreamError
from destination_pinterest.forgetting.people import People
from destination_pinterest.identity.every_form import EveryForm
from destination_pinterest.identity.mapping import MappedRow
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.protocol.checkpoint import CheckpointLedger, StreamTally
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.input import Input, MessageDecoder, RowRun
from destination_pinterest.protocol.lines import Lines
from destination_pinterest.routing.decision import Decide, decision_of, take_row
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from destination_pinterest.routing.row_quality import RowQuality
from destination_pinterest.vocabulary import Operation

_PATIENCE_S: Final = 1.0
_NO_IDENTITY: Final = (Rejection(None, None, RejectionReason.NO_IDENTITY),)

Log = Callable[[str, str], None]


class RowCounts:
    """Counts of rows; see routing.decision.RowCounts."""

    def __init__(self) -> None:
        self.entered = 0
        self.used = 0
        self.not_synced: Counter[str] = Counter()
        self.identifiers_refused: Counter[str] = Counter()

    def count_not_synced(self, reason: str) -> None:
        """Counts a row that names nobody."""
        self.not_synced[reason] += 1

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """Counts refused values of a row that has others."""
        self.identifiers_refused.update(refused.reason.value for refused in rejections)


class PeopleReader:
    """Reads all rows of a sync or a command.

    Args:
        streams: the catalog's streams.
        config: the settings.
        lines: the input.
        log: takes what is to be said of the columns.
        announcements: takes rows that are not used, if the command line wants them.
        every_row: whether each row names people to forget, whatever its operation and deletion columns say; then the
            input is the command line's, which says whether it is whole.

    Raises:
        ConfigurationError: a stream can't be planned.
    """

    def __init__(
        self,
        streams: Sequence[ConfiguredStream],
        config: Config,
        lines: Lines,
        log: Log,
        *,
        announcements: Announcements | None = None,
        every_row: bool = False,
    ) -> None:
        config = _for_people(config, every_row=every_row)
        self.plans = plan_streams(streams, config)
        self.people = People()
        self.counts = RowCounts()
        self._ledger = CheckpointLedger()
        announced = () if announcements is None else [announcements.columns(stream) for stream in streams]
        decoder = MessageDecoder(
            (column for columns in (*(plan.columns for plan in self.plans), *announced) for column in columns),
            (column for stream in streams for column in stream.columns),
        )
        self._source = Input(
            lines,
            decoder,
            [stream.key for stream in streams],
            self._ledger,
            Completeness(streams if every_row else (), trust_end_markers=False),
            sampler=RowSamples(self.plans, config, log),
        )
        self._whole = tuple(stream.key for stream in streams) if every_row else ()
        self._readers = {
            plan.stream.key: _StreamReader(
                plan, config, decoder, self._ledger.tally(plan.stream.key), announcements, every_row=every_row
            )
            for plan in self.plans
        }

    def read(self) -> None:
        """Reads to the end of the input.

        Raises:
            IncompleteStreamError: the command line broke off.
            ProtocolError: a line is not what a platform sends.
            UnusableRowsError: too few of the rows can be used.
        """
        while (runs := self._source.read(_PATIENCE_S)) is not None:
            for run in runs:
                self._readers[run.stream].take(run, self.people, self.counts)
        if not all(self._source.is_complete(stream) for stream in self._whole):
            raise IncompleteStreamError(
                Code.TABLE_INCOMPLETE, "Not all rows of the people to forget came, so nothing was done. Run it again."
            )
        for stream, reader in self._readers.items():
            check_rows(str(stream), {stream: reader.quality})

    def release(self) -> Iterator[bytes]:
        """Yields all states, once whoever came before them is forgotten."""
        return self._source.release(self._source.position)


def _for_people(config: Config, *, every_row: bool) -> Config:
    """Returns the settings without those that say which audiences a row joins, and what it does there.

    People leave every list, so their table may lack these columns; and whose row is doubtful is forgotten too.
    """
    of_audiences = {
        "audience_name": "{stream}",
        "audience_column": None,
        "ad_account_column": None,
        "consent_column": None,
        "used_for": "targeting",
    }
    return config.model_copy(update=of_audiences | ({"operation_column": None} if every_row else {}))


class _StreamReader:
    def __init__(
        self,
        plan: StreamPlan,
        config: Config,
        decoder: MessageDecoder,
        tally: StreamTally,
        announcements: Announcements | None,
        *,
        every_row: bool,
    ) -> None:
        columns = tuple(identity.column for identity in plan.identities)
        self._plan = plan
        self._tally = tally
        self._read = decoder.reader(columns)
        self._forms = [EveryForm(identity, config.advertising_id_case) for identity in plan.identities]
        self._announced = None if announcements is None else announcements.rows_of(plan.stream, columns, decoder)
        self._decide: Decide = lambda _values: Operation.REMOVE
        self._deciding: Callable[[Any], Sequence[object]] = lambda _row: ()
        if not every_row and (decide := decision_of(plan, config)) is not None:
            self._decide = decide
            if plan.deciding_columns:
                self._deciding = decoder.reader(plan.deciding_columns)
        self.quality = RowQuality(config.max_rejected_percent, is_whole=True)

    def take(self, run: RowRun, people: People, counts: RowCounts) -> None:
        counts.entered += len(run.rows)
        self.quality.entered += len(run.rows)
        for row in run.rows:
            mapped = self._mapped(self._read(row))
            taken = take_row(self._decide(self._deciding(row)), mapped, self._plan.operation_column, counts)
            if taken is Operation.REMOVE:
                people.add(mapped.identifiers)
                counts.used += 1
            elif isinstance(taken, Rejection):
                self._tally.rejected += 1
                self.quality.refuse(taken, run.position)
            else:
                self.quality.blank += 1
            if self._announced is not None and taken is not None:
                why = (taken,) if isinstance(taken, Rejection) else mapped.rejections
                self._announced.add(row, why, row_is_used=not isinstance(taken, Rejection))

    def _mapped(self, values: Sequence[object]) -> MappedRow:
        each = [forms.of(value) for forms, value in zip(self._forms, values, strict=True)]
        identifiers = tuple(dict.fromkeys(form for mapped in each for form in mapped.identifiers))
        refused = [one for mapped in each for one in mapped.rejections if one.reason is not RejectionReason.NO_IDENTITY]
        return MappedRow(identifiers, tuple(refused) or (() if identifiers else _NO_IDENTITY))
