"""Keeps an audience from losing its members by mistake, under every strategy.

On an exclusion audience, whose members must not be advertised to, to be left out by mistake is as bad as to leave by
    mistake, so rows that only add are held against the fourth rule too, and growth is watched.

Five rules: at most a share of the members is removed at once, an empty table empties nothing unless the settings allow
    it, absence removes nothing without proof that the whole table has arrived, nothing is removed by rows that lack
    identifiers which the last sync had (drift.py), and rows most of which can't be used are no success.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from destination_pinterest.audiences.drift import DriftGuard
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IncompleteStreamError, RemovalGuardError, UnusableRowsError
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.routing.row_quality import RowQuality

_NO_DRIFT: Final = DriftGuard(allows=False)


class Safeguards(msgspec.Struct, frozen=True):
    """The first four rules, with the limits from the settings.

    Args:
        max_removal_percent: the percentage of members that may be removed at once.
        allow_empty: whether a table without rows may empty the audience.
        drift: the rule about missing identifiers.
        max_addition_percent: the percentage by which an exclusion audience may grow without a note; None for others.
    """

    max_removal_percent: int
    allow_empty: bool
    drift: DriftGuard = _NO_DRIFT
    max_addition_percent: int | None = None

    @property
    def is_for_exclusion(self) -> bool:
        """Whether members are those who must not be advertised to."""
        return self.max_addition_percent is not None

    def addition_notes(self, *, joining: int, known: int) -> list[str]:
        """Returns a note if an exclusion audience with `known` members grows by more than it should.

        Nobody is left out for that: an ad too few is the smaller harm.
        """
        if self.max_addition_percent is None or not known or joining * 100 <= known * self.max_addition_percent:
            return []
        note = (
            f"This exclusion audience grows by {joining:,} identifiers from {known:,}, more than the "
            f"{self.max_addition_percent} % of Largest growth of an exclusion audience (max_addition_percent). If the "
            "table is wrong, correct it, since its people see no ads; if it is right, there is nothing to do."
        )
        return [note]

    @property
    def limits_removals(self) -> bool:
        """Whether removals are limited at all."""
        return self.max_removal_percent < 100

    def check_removal(self, refused: str, *, leaving: int, known: int, counted: str = "") -> None:
        """Checks that at most `max_removal_percent` of the `known` members would be removed.

        Args:
            refused: what does not happen, as the beginning of a sentence that continues with the figures.
            leaving: how many would be removed.
            known: how many members there are.
            counted: how they were counted, if that is not obvious.

        Raises:
            RemovalGuardError: too many would be removed.
        """
        if leaving * 100 > known * self.max_removal_percent:
            share = f"{_share(leaving, known)}, {counted}" if counted else _share(leaving, known)
            raise RemovalGuardError(
                Code.REMOVAL_ABOVE_LIMIT,
                f"{refused}: {leaving:,} of {known:,} identifiers ({share}) would leave, and Largest removal "
                f"(max_removal_percent) permits {self.max_removal_percent} %. If the table is right, raise that "
                "setting for one sync; if not, correct the table.",
            )

    def empty_table_note(self, keeps: str) -> str:
        """Returns the note on an empty table that changes nothing; `keeps` is a clause that says what stays."""
        return (
            f"The table has no usable rows, so {keeps}. If it is to be empty, switch on Allow an empty audience "
            "(allow_empty_audience) in the destination's settings."
        )

    def nobody_yet_note(self, outcome: str) -> str:
        """Returns the note on an empty table of an audience that has nobody; `outcome` says what comes of that."""
        return (
            f"The table has no usable rows, so {outcome}. If that is meant, Allow an empty audience "
            "(allow_empty_audience) ends this warning."
        )

    def require_complete(self, audience: str, *, is_complete: bool) -> None:
        """Checks that a stream is proven to be complete, so that absent rows may be removed.

        Raises:
            IncompleteStreamError: it is not.
        """
        if not is_complete:
            raise IncompleteStreamError(
                Code.TABLE_INCOMPLETE,
                f'The audience "{audience}" keeps its members: it was to become equal to the table, but the input '
                "ended without proof that the whole table came. See whether the source failed and run the sync again; "
                "if every attempt ends so, this host or source never says when a stream is whole, so choose a sync "
                "mode that ends in Append.",
            )


def check_rows(audience: str, qualities: Mapping[StreamKey, RowQuality]) -> None:
    """Checks that enough of the rows of an audience's streams can be used.

    Raises:
        UnusableRowsError: of one stream, none or too few can.
    """
    for stream, quality in qualities.items():
        if not quality.is_refused:
            continue
        findings = "; ".join(quality.findings())
        if quality.refused == quality.with_values:
            raise UnusableRowsError(
                Code.NO_ROW_USABLE,
                f'None of the {quality.with_values:,} rows of the stream "{stream}" that have values could be used for '
                f'the audience "{audience}": {findings}. Correct {quality.to_correct}, and run the sync again: its '
                "rows are read again.",
            )
        raise UnusableRowsError(
            Code.TOO_MANY_ROWS_REJECTED,
            f'{quality.refused:,} of the {quality.with_values:,} rows of the stream "{stream}" that have values could '
            f'not be used for the audience "{audience}", more than the {quality.limit} % of Largest share of rejected '
            f"rows (max_rejected_percent): {findings}. Correct the table or the settings, or raise that setting.",
        )


def _share(part: int, whole: int) -> str:
    return f"{part / max(1, whole):.0%}".replace("%", " %")
