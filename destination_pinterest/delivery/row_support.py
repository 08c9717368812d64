"""Knows for one sync whether Pinterest accepts `records_v2`, and leaves out what nothing else can carry if it does not.

It is found out before the first row, so that every row is judged alike: Pinterest is asked to add nobody and to take
nobody out again. A refusal is remembered for a month, with the audience.

Source: models of API 5.28.0 (pinterestsdk 2.1.0, read 2026-11-26).
Doubt: whether every app may use it, and how a refusal looks, is not documented. Whatever does not hit the older form as
    well counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, Literal

from msgspec.structs import replace

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.remembered import Remembered
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.remembered_row import RememberedRow, RememberedRowMapper
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, InvalidRequestError
from destination_pinterest.identity.mapping import IdentityColumn, MappedRow
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.identity.row_field import TAGS, needs_rows
from destination_pinterest.vocabulary import ROWS_ONLY, Identifier, LetterCase

ASKED_AGAIN_AFTER: Final = timedelta(days=30)


class RowSupport:
    """Whether rows can be sent. Used by the deciding thread only.

    Args:
        record_format: the setting.
        today: the date.
        probed_on: the day on which a probe found that Pinterest refuses them; None if that is not known.
    """

    def __init__(
        self,
        record_format: Literal["auto", "records", "records_v2"],
        today: date,
        *,
        probed_on: str | None = None,
    ) -> None:
        self._format = record_format
        self._today = today
        self._probed_on = probed_on if record_format == "auto" else None
        self._refused: bool | None = True if record_format == "records" or self._probed_on is not None else None
        self._refused_on: date | None = None
        self._why = ""
        self._error: InvalidRequestError | None = None

    @property
    def is_refused(self) -> bool:
        """Whether rows can't be sent; False as long as that is not known."""
        return self._refused is True

    @property
    def is_known(self) -> bool:
        """Whether it is known already."""
        return self._refused is not None

    @property
    def is_ruled_out(self) -> bool:
        """Whether the settings say so."""
        return self._format == "records"

    def recall(self, remembered: Remembered) -> None:
        """Takes what an earlier sync has left; a refusal counts for a month, unless the settings insist."""
        day = remembered.rows_refused_on
        is_young = day is not None and timedelta(0) <= self._today - day < ASKED_AGAIN_AFTER
        if self._format == "auto" and is_young and self._refused is None:
            self._refused, self._refused_on = True, day
            self._why = f"Pinterest did not accept requests in the form records_v2 on {day}"

    def find_out(self, lane: AudienceLane, creator: AudienceCreator) -> None:
        """Asks Pinterest, unless it is known. May create the audience's customer list.

        Raises:
            InvalidRequestError: it is refused, and the settings insist on it.
        """
        if self._error is not None:
            raise self._error
        if self._refused is not None or (lane.target.only_removes and lane.target.list_id is None):
            return
        trial = creator.try_rows(lane.target)
        others = {one.id for one in (lane.target.live, lane.target.adoptable) if one is not None}
        if trial.list_id is not None and lane.target.list_id is None and trial.list_id not in others:
            lane.list_created(trial.list_id)
        lane.tally.asked += trial.accepted and trial.list_id == lane.target.list_id
        self._refused = trial.refusal is not None
        if trial.refusal is None:
            return
        if self._format == "records_v2":
            self._error = self.refusal(trial.refusal)
            raise self._error
        self._refused_on = self._today
        self._why = f"Pinterest does not accept requests in the form records_v2 ({trial.refusal.answer})"

    def notes(self, kinds: Iterable[Identifier]) -> list[str]:
        """Returns what is to be said of an audience with such kinds of identifiers."""
        what = " and ".join(sorted(ROWS_ONLY.intersection(kinds)))
        if not what or not self.is_refused:
            return []
        if self._probed_on is not None:
            note = (
                f"By the probe of {self._probed_on} (pinterest_facts), Pinterest does not accept requests in the form "
                f"records_v2, so identifiers of the kind {what} are not sent. Run the probe again, or set "
                "record_format to records_v2."
            )
            return [note]
        if self._refused_on is None:
            return [f"Identifiers of the kind {what} are not sent, since record_format is records."]
        again = self._refused_on + ASKED_AGAIN_AFTER
        note = (
            f"{self._why}, so identifiers of the kind {what} are not sent. It is asked again from {again} on, or at "
            "once with record_format set to records_v2."
        )
        return [note]

    def refusal(self, error: ConnectorError | None = None) -> InvalidRequestError:
        """Returns the error for what has to be sent and can't be."""
        return InvalidRequestError(
            Code.RECORDS_V2_REFUSED,
            "Pinterest does not accept requests in the form records_v2, which phone numbers, customer IDs and "
            "envelopes need. Ask Pinterest whether your app may use it, or set Form of requests (record_format) to "
            f"{'records' if error is None else 'auto'}.",
            answer=None if error is None else error.answer,
        )

    def noted(self, remembered: Remembered) -> Remembered:
        """Returns the memory with what is known by now."""
        if self._refused is None or self.is_ruled_out or self._probed_on is not None:
            return remembered
        return replace(remembered, rows_refused_on=self._refused_on)


class RowFilter:
    """Takes out of a stream's mapped rows what can't be sent.

    Args:
        support: whether rows can be sent.
        identities: the stream's identity columns.
        maid_case: the letter case of advertising IDs.
    """

    def __init__(self, support: RowSupport, identities: Sequence[IdentityColumn], maid_case: LetterCase) -> None:
        self._support = support
        self._locate = RememberedRowMapper(identities, maid_case).map
        self._rejections = {
            TAGS[column.identifier]: Rejection(column.column, column.identifier, RejectionReason.NEEDS_RECORDS_V2)
            for column in identities
            if column.identifier in ROWS_ONLY
        }

    @property
    def is_needed(self) -> bool:
        """Whether anything is to be taken out."""
        return self._support.is_refused

    def columns(self, values: Sequence[object], mapped: MappedRow) -> Sequence[str]:
        """Returns the column of each identifier of a row, given as its values; nothing of one that is no row's."""
        if self.is_needed or len(mapped.identifiers) == 1:
            return ()
        return self._locate(values).columns

    def sendable(self, mapped: MappedRow) -> MappedRow:
        """Returns a row with the identifiers that can be sent, and the others as rejections."""
        refused = self._rejections_of(mapped.identifiers)
        if not refused:
            return mapped
        kept = tuple(one for one in mapped.identifiers if not needs_rows(one))
        return MappedRow(kept, mapped.rejections + refused)

    def sendable_of(self, mapped: RememberedRow) -> RememberedRow:
        """Returns the same of a row whose key is remembered."""
        refused = self._rejections_of(mapped.identifiers)
        if not refused:
            return mapped
        kept, columns, others = without_rows(mapped.identifiers, mapped.columns)
        return RememberedRow(
            tuple(kept), tuple(columns), mapped.unchanged, mapped.rejections + refused, (*mapped.empty, *others)
        )

    def _rejections_of(self, identifiers: Iterable[str]) -> tuple[Rejection, ...]:
        return tuple(self._rejections[one[:2]] for one in identifiers if needs_rows(one))


def without_rows(
    identifiers: Sequence[str], columns: Sequence[str]
) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Returns the identifiers that need no row, their columns if these are known, and the columns of the others."""
    kept = [one for one in identifiers if not needs_rows(one)]
    pairs = list(zip(identifiers, columns, strict=True)) if columns else []
    return (
        kept,
        [column for one, column in pairs if not needs_rows(one)],
        [column for one, column in pairs if needs_rows(one)],
    )


def filter_for(support: RowSupport, identities: Sequence[IdentityColumn], maid_case: LetterCase) -> RowFilter | None:
    """Returns the filter of a stream; None if it never has anything to take out, as nearly all."""
    has_any = any(column.identifier in ROWS_ONLY for column in identities)
    return RowFilter(support, identities, maid_case) if has_any else None
