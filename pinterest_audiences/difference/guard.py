"""The safeguards of a mirrored audience, on a difference that the connector does not see as a whole.

They are the connector's own rules, with its own words and codes. `None leaves` is the rule about missing identifiers,
and about an empty table.
"""

from __future__ import annotations

from dataclasses import dataclass

from destination_pinterest.audiences.drift import DriftGuard, IdentityFill
from destination_pinterest.audiences.safeguards import Safeguards, check_rows
from destination_pinterest.config import Config
from destination_pinterest.protocol.catalog import StreamKey
from pinterest_audiences.difference.sent_table import Fill
from pinterest_audiences.difference.table_rows import RowCounts


@dataclass(frozen=True, slots=True)
class Difference:
    """How many identifiers were known to be members, and how many are to leave and to join."""

    known: int
    leaving: int
    joining: int

    @property
    def empties(self) -> bool:
        """Whether nobody would be left."""
        return bool(self.leaving) and self.known - self.leaving + self.joining <= 0


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges a difference.

    Args:
        audience: the audience's name.
        stream: the stream, as messages name it.
        config: the connection's settings.
    """

    audience: str
    stream: StreamKey
    config: Config

    def check_table(self, counts: RowCounts, before: Fill | None) -> list[str]:
        """Judges the rows. Returns notes. Raises: UnusableRowsError, IdentityDriftError."""
        check_rows(self.audience, {self.stream: counts.quality})
        return self._safeguards.drift.check(self.audience, _filled(before), _fill_of(counts.fill))

    def check(self, difference: Difference) -> list[str]:
        """Judges who leaves and joins. Returns notes. Raises: RemovalGuardError."""
        safeguards = self._safeguards
        if not (difference.empties and safeguards.allow_empty):
            safeguards.check_removal(
                f'The audience "{self.audience}" stays as it is', leaving=difference.leaving, known=difference.known
            )
        return safeguards.addition_notes(joining=difference.joining, known=difference.known)

    def keeps_empty(self, difference: Difference) -> str | None:
        """Returns the note on an empty table that changes nothing; None if it may, or is not empty."""
        if not difference.empties or self.config.allow_empty_audience:
            return None
        keeps = f"the audience keeps the {difference.known:,} members that were sent"
        return self._safeguards.empty_table_note(keeps)

    @property
    def _safeguards(self) -> Safeguards:
        config = self.config
        return Safeguards(
            config.max_removal_percent,
            config.allow_empty_audience,
            DriftGuard(allows=config.allow_identity_drift),
            config.max_addition_percent if config.used_for == "exclusion" else None,
        )


def kept_fill(before: Fill | None, now: Fill) -> Fill:
    """Returns the fill to remember: the former one while the new one resembles it, or is of too few rows."""
    was, new = _filled(before), _fill_of(now)
    if before is None or was is None:
        return now
    return before if was.resembles(new) or not new.decides else now


def _filled(fill: Fill | None) -> IdentityFill | None:
    return None if fill is None else _fill_of(fill)


def _fill_of(fill: Fill) -> IdentityFill:
    return IdentityFill(fill.rows, fill.shares)
