"""What keeps an audience from losing its members by mistake, whichever way it is kept.

Three rules: no more than a share of the members leaves at once, a table without rows empties nothing unless the
settings say so, and nothing is removed without proof that the whole table came.
"""

from __future__ import annotations

from dataclasses import dataclass

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IncompleteStreamError, RemovalGuardError


@dataclass(frozen=True, slots=True)
class Safeguards:
    """The rules, as the settings want them.

    Args:
        max_removal_percent: how many of a hundred members may leave at once.
        allow_empty: whether a table without rows may empty the audience.
    """

    max_removal_percent: int
    allow_empty: bool

    @property
    def limits_removals(self) -> bool:
        """Whether any number of members may not leave."""
        return self.max_removal_percent < 100

    def check_removal(self, refused: str, *, leaving: int, known: int, counted: str = "") -> None:
        """Lets at most `max_removal_percent` of the `known` members leave.

        Args:
            refused: what does not happen, as the beginning of a sentence that goes on with the figures.
            leaving: how many would leave.
            known: of how many.
            counted: how, where that is not obvious.

        Raises:
            RemovalGuardError: too many would.
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
        """What is said where a table without rows changes nothing; `keeps` says what stays, as a clause."""
        return (
            f"The table holds nobody, so {keeps}. If it is to be empty, switch on Allow an empty audience "
            "(allow_empty_audience) in the destination's settings."
        )

    def require_complete(self, audience: str, *, is_complete: bool) -> None:
        """Lets nothing be removed because rows are absent, unless all rows are proven to have come.

        Raises:
            IncompleteStreamError: they are not.
        """
        if not is_complete:
            raise IncompleteStreamError(
                Code.TABLE_INCOMPLETE,
                f'The audience "{audience}" keeps its members: it was to become equal to the table, but the input '
                "ended without proof that the whole table came. See whether the source failed and run the sync again; "
                "if every attempt ends so, this host or source never says when a stream is whole, so choose a sync "
                "mode that ends in Append.",
            )


def _share(part: int, whole: int) -> str:
    return f"{part / max(1, whole):.0%}".replace("%", " %")
