"""Which customer lists people are taken out of: those that the connector keeps, and of the others what is permitted.

To leave an exclusion audience means that one may be advertised to, and of a list that nobody here made nobody here
knows what it is for. So neither is touched by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from destination_pinterest.audiences.list_kinds import KnownList, ListKind

Doubtful = Literal["exclusion_audiences", "other_lists"]
Reason = Literal["exception", "exclusion_audience", "other_list", "holds_nobody"]
_DOUBTFUL: Final[dict[ListKind, tuple[Doubtful, Reason]]] = {
    "exclusion": ("exclusion_audiences", "exclusion_audience"),
    "other": ("other_lists", "other_list"),
}


class Choice(msgspec.Struct, frozen=True):
    """What is touched beside the connector's own lists, and what is left alone in any case.

    Args:
        includes: kinds of lists that are touched only if they are named here.
        exceptions: names or ids of audiences and lists.
    """

    includes: tuple[Doubtful, ...] = ()
    exceptions: tuple[str, ...] = ()

    def why_not(self, known: KnownList) -> Reason | None:
        """Returns why a list is left alone; None if people are taken out of it."""
        if any(known.is_called(name) for name in self.exceptions):
            return "exception"
        if known.kind == "note":
            return "holds_nobody"
        if known.kind in _DOUBTFUL:
            needed, reason = _DOUBTFUL[known.kind]
            return None if needed in self.includes else reason
        return None

    def unknown(self, lists: Iterable[KnownList]) -> list[str]:
        """Returns the exceptions that name none of the lists."""
        every_list = list(lists)
        return [name for name in self.exceptions if not any(known.is_called(name) for known in every_list)]
