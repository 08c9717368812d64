"""Maps a row whose key is remembered, column by column, and tells what is unchanged from what is gone.

A column is unchanged if the record lacks it, or has the placeholder of a change log in it. Anything else that can't be
read, a masked value as well as null, means that the row has no identifier in that column any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.vocabulary import LetterCase

# In place of a column's name, for an identifier that is in several.
_SEVERAL: Final = ""


class RememberedRow(msgspec.Struct, frozen=True, gc=False):
    """The result of mapping a row.

    Args:
        identifiers: each once.
        columns: the column of each; "" if it is in several.
        unchanged: the columns that were not given.
        rejections: one for each refused value.
        empty: the columns that were given and have no identifier.
    """

    identifiers: tuple[str, ...]
    columns: tuple[str, ...]
    unchanged: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    empty: tuple[str, ...] = ()

    def __repr__(self) -> str:
        # Digests identify people, so they are counted, not shown.
        return f"RememberedRow(identifiers=<{len(self.identifiers)} hidden>, unchanged={self.unchanged!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # msgspec's own shows all fields, and rich would print them.
        return [("identifiers", f"<{len(self.identifiers)} hidden>"), ("unchanged", self.unchanged)]


class RememberedRowMapper:
    """Maps the rows of one stream.

    Args:
        identities: its identity columns.
        maid_case: the letter case of advertising IDs.
    """

    def __init__(self, identities: Sequence[IdentityColumn], maid_case: LetterCase) -> None:
        self._names = [identity.column for identity in identities]
        self._maps = [IdentityMapper([identity], maid_case=maid_case).map for identity in identities]

    def map(self, values: Sequence[object]) -> RememberedRow:
        """Maps a row's values in the order of the columns; msgspec.UNSET for those that the record lacks."""
        if len(values) == 1 and values[0] is not msgspec.UNSET:
            mapped = self._maps[0](values)
            if len(mapped.identifiers) == 1 and not mapped.rejections:
                return RememberedRow(mapped.identifiers, (self._names[0],))
        found: dict[str, str] = {}
        unchanged: list[str] = []
        empty: list[str] = []
        rejections: list[Rejection] = []
        for name, value, map_column in zip(self._names, values, self._maps, strict=True):
            if value is msgspec.UNSET:
                unchanged.append(name)
                continue
            mapped = map_column((value,))
            if not mapped.identifiers:
                empty.append(name)
            for identifier in mapped.identifiers:
                found[identifier] = _SEVERAL if identifier in found else name
            for rejection in mapped.rejections:
                if rejection.reason is RejectionReason.VALUE_UNCHANGED:
                    unchanged.append(name)
                elif rejection.reason is not RejectionReason.NO_IDENTITY:
                    rejections.append(rejection)
        return RememberedRow(
            tuple(found),
            tuple(found.values()),
            tuple(dict.fromkeys(unchanged)),
            tuple(rejections),
            tuple(name for name in empty if name not in unchanged),
        )
