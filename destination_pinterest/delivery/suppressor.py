"""Takes people off rows who were forgotten, so that whatever a table still says, nobody adds them again.

A row's other identifiers are used. What is removed is not looked at: who is gone may be removed once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import msgspec

from destination_pinterest.delivery.remembered_row import RememberedRow
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InternalError
from destination_pinterest.identity.mapping import MappedRow
from destination_pinterest.identity.rejection import Rejection, RejectionReason

if TYPE_CHECKING:  # It imports NumPy and DuckDB, which syncs without a store don't need.
    from destination_pinterest.suppression.store import SuppressedPeople, SuppressionStore

# Nothing says which column it was: a report of forgotten people by their columns would be one too many.
_SUPPRESSED: Final = Rejection(None, None, RejectionReason.SUPPRESSED)


class Suppressor:
    """Takes suppressed people off the rows of a sync.

    Args:
        open_store: opens the suppression store.
        for_exclusion: whether the audiences are for exclusion: only those leave them who were forgotten there too.
    """

    def __init__(self, open_store: Callable[[], SuppressionStore], *, for_exclusion: bool = False) -> None:
        self._open_store = open_store
        self._for_exclusion = for_exclusion
        self._opened = ExitStack()
        self._people: SuppressedPeople | None = None

    def load(self) -> None:
        """Reads the store. Call it once the ledgers are leased: who is forgotten later takes them over afterwards.

        Raises:
            ConnectorError: the store can't be read.
        """
        from destination_pinterest.private_folder import PrivateFolder  # noqa: PLC0415 - see above

        scratch = PrivateFolder()
        self._opened.callback(scratch.close)
        self._people = self._open_store().read(scratch.path)

    def close(self) -> None:
        """Deletes the copy of the store. May be called twice."""
        self._opened.close()

    @property
    def people(self) -> SuppressedPeople:
        """The people of the store."""
        if self._people is None:
            raise InternalError(
                Code.STORE_MISUSED, "The suppression store was asked before it was read. Please report this."
            )
        return self._people

    def holds(self, identifier: str) -> bool:
        """Whether an identifier may not be added."""
        return self.people.holds(identifier, for_exclusion=self._for_exclusion)

    def left_of(self, identifiers: Sequence[str]) -> list[str]:
        """Returns the identifiers that may be added."""
        holds = self.holds
        return [identifier for identifier in identifiers if not holds(identifier)]

    def left_of_row(self, mapped: MappedRow) -> MappedRow:
        """Returns what may be added of a row, with a rejection for each identifier that may not."""
        left = self.left_of(mapped.identifiers)
        lost = len(mapped.identifiers) - len(left)
        return mapped if not lost else MappedRow(tuple(left), (*mapped.rejections, *[_SUPPRESSED] * lost))

    def left_of_remembered(self, row: RememberedRow) -> RememberedRow:
        """Returns the same of a row whose columns are remembered."""
        holds = self.holds
        left = [pair for pair in zip(row.identifiers, row.columns, strict=True) if not holds(pair[0])]
        lost = len(row.identifiers) - len(left)
        if not lost:
            return row
        return msgspec.structs.replace(
            row,
            identifiers=tuple(identifier for identifier, _ in left),
            columns=tuple(column for _, column in left),
            rejections=(*row.rejections, *[_SUPPRESSED] * lost),
        )


def is_suppressed(rejection: Rejection) -> bool:
    """Whether a rejection says that somebody was forgotten, which is no fault of the row's."""
    return rejection.reason is RejectionReason.SUPPRESSED
