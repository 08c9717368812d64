"""Notices when a table's identifiers are no longer as they were in the last sync.

A renamed column, a source that lost a field or a changed format makes people leave who are still in the table. So the
share of rows with a usable identifier is compared, by kind, with that of the last sync of the same sort: whole passes
of a table with whole passes, increments with increments. A fall counts if it is by more than half and by more than
chance explains.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IdentityDriftError
from destination_pinterest.vocabulary import Identifier

# Smaller samples are neither compared nor remembered.
LEAST_ROWS: Final = 100
# Of so many rows a kind is counted in whole; the count of few rows varies by about its square root.
_STANDARD_DEVIATIONS: Final = 3
# A remembered share is kept while the new one differs by no more, so that the memory seldom changes.
_NOTABLE_CHANGE: Final = 0.2


class IdentityFill(msgspec.Struct, frozen=True):
    """How many of a sync's joining rows have a usable identifier of each kind.

    Args:
        rows: rows that were to join.
        shares: the share of them, from 0 to 1, that has a usable identifier of a kind.
        looked_at: how many of the rows were looked at, if not all.
    """

    rows: int
    shares: Mapping[Identifier, float]
    looked_at: int | None = None

    @property
    def decides(self) -> bool:
        """Whether there are enough rows to compare."""
        return self.sample >= LEAST_ROWS

    @property
    def sample(self) -> int:
        """How many rows were looked at."""
        return self.rows if self.looked_at is None else self.looked_at

    def resembles(self, other: IdentityFill) -> bool:
        """Whether the two differ too little to be worth remembering the other instead."""
        if max(self.rows, other.rows) >= 2 * min(self.rows, other.rows):
            return False
        kinds = {kind for fill in (self, other) for kind, share in fill.shares.items() if share}
        return all(_are_close(self.shares.get(kind, 0.0), other.shares.get(kind, 0.0)) for kind in kinds)


class Fall(msgspec.Struct, frozen=True):
    """A kind of identifier whose share fell."""

    kind: Identifier
    before: float
    now: float


def falls(before: IdentityFill | None, now: IdentityFill) -> list[Fall]:
    """Returns the kinds that are missing or whose share fell by more than half; none if there is too little to tell."""
    if before is None or not before.decides or not now.decides:
        return []
    found = []
    for kind, share in before.shares.items():
        left = now.shares.get(kind, 0.0)
        expected, counted = share * now.sample, left * now.sample
        if left * 2 < share and expected - counted > _STANDARD_DEVIATIONS * math.sqrt(expected):
            found.append(Fall(kind, share, left))
    return found


class DriftGuard(msgspec.Struct, frozen=True):
    """Stops a replacement or a mirror whose rows lost identifiers, before anybody leaves.

    Args:
        allows: whether the settings permit it.
    """

    allows: bool

    def check(self, audience: str, before: IdentityFill | None, now: IdentityFill) -> list[str]:
        """Checks rows by which members are about to leave.

        Returns:
            Notes on a fall that the settings permit.

        Raises:
            IdentityDriftError: identifiers of a kind are missing.
        """
        found = falls(before, now)
        if not found or before is None:
            return []
        if self.allows:
            return [f"{_text(found, before, now)} The settings allow that (allow_identity_drift)."]
        raise IdentityDriftError(
            Code.IDENTITY_DRIFT,
            f'The audience "{audience}" keeps its members: {_text(found, before, now)} Correct the table or the '
            "identity columns; if it is meant, set Allow missing identifiers (allow_identity_drift) to true for one "
            "sync.",
        )

    def require(self, audience: str, before: IdentityFill | None, now: IdentityFill) -> list[str]:
        """Checks rows that add to an exclusion audience: whoever is missing there sees ads.

        Returns:
            Notes on a fall that the settings permit.

        Raises:
            IdentityDriftError: identifiers of a kind are missing.
        """
        found = falls(before, now)
        if not found or before is None:
            return []
        if self.allows:
            return [f"{_text(found, before, now)} The settings allow that (allow_identity_drift)."]
        raise IdentityDriftError(
            Code.EXCLUSION_INCOMPLETE,
            f'The exclusion audience "{audience}" may lack people, who then see ads: {_text(found, before, now)} '
            "Correct the table or the identity columns and read the table again; if it is meant, set Allow missing "
            "identifiers (allow_identity_drift) to true for one sync.",
        )

    @staticmethod
    def warn(before: IdentityFill | None, now: IdentityFill) -> list[str]:
        """Returns notes on rows that only add: nobody leaves, so nothing is stopped."""
        found = falls(before, now)
        if not found or before is None:
            return []
        return [f"{_text(found, before, now)} Nobody left for it, but people may be missing: check the table."]


def _text(found: list[Fall], before: IdentityFill, now: IdentityFill) -> str:
    parts = [
        f"{_percent(one.now)} of {now.rows:,} rows have a usable {one.kind}"
        f" ({_percent(one.before)} of {before.rows:,} in the last sync)"
        for one in found
    ]
    return f"{', '.join(parts)}."


def _percent(share: float) -> str:
    return f"{share * 100:.2g} %" if 0 < share < 0.1 else f"{share * 100:.0f} %"


def _are_close(one: float, other: float) -> bool:
    return bool(one) == bool(other) and abs(one - other) <= _NOTABLE_CHANGE * max(one, other)
