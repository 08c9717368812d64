"""Sees that a database's order of a cursor is one in which a later run can go on, and stops the run where it is not.

A text column is sorted as text, where 10 comes before 9 and 12/31/2025 after 01/02/2026: rows that come later would be
skipped in silence. So its values have to be ISO times that are all written in one way, or IDs of one length such as
ULIDs. Values of several types have no common order, and after NaN or infinity every later value counts as old.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.cursor_state import cursor_kind, cursor_state
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.source import RowBatch

_NUMBERS: Final = frozenset({"integer", "float", "decimal"})
_ISO: Final = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:(?P<between>[T ])\d\d:\d\d(?P<seconds>:\d\d(?P<fraction>\.\d+)?)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?"
)
_ID: Final = re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z_-]{20,64}")
# DuckDB's infinity arrives as a moment of these days.
_ENDLESS: Final = frozenset({date.max, date.min})


class CursorOrder:
    """The order of one cursor's values, learned from the first of them.

    Args:
        cursor: the column's name.
        since: the value that reading starts from; None for the beginning.

    Raises: UsageError if reading can't start from that value.
    """

    def __init__(self, cursor: str, since: Any) -> None:
        self._cursor = cursor
        self._kind: str | None = None
        self._pattern: str | None = None
        if since is not None:
            self._see([since])

    @property
    def pattern(self) -> str | None:
        """A pattern for LIKE that texts of this order match; None if they are no texts."""
        return self._pattern

    def checked(self, batches: Iterable[RowBatch], position: int) -> Iterator[RowBatch]:
        """Passes batches on whose cursor, at this position of a row, keeps the order. Raises: UsageError."""
        for batch in batches:
            self._see([row[position] for row in batch.rows if row[position] is not None])
            yield batch

    def refuse_strays(self) -> None:
        """Raises: UsageError, since rows before the start are not what rows of this order are."""
        raise self._mixed_texts()

    def _see(self, values: Sequence[Any]) -> None:
        for value in {type(value): value for value in values}.values():
            self._see_kind(value)
        # Values that are no numbers, or endless, sort before or behind all others.
        if values and (_is_endless(values[0]) or _is_endless(values[-1])):
            raise self._unusable(
                "one of its values is infinite or no number, and every later one would count as old. Correct it, or "
                "leave its row out with a --query."
            )
        if self._kind == "text":
            for text in values:
                self._see_text(text)

    def _see_kind(self, value: Any) -> None:
        kind = cursor_kind(value)
        if kind is None:
            cursor_state(self._cursor, value)  # says which type it is
        family = "number" if kind in _NUMBERS else kind
        if self._kind not in {None, family}:
            raise self._mixed_types(family)
        self._kind = family

    def _see_text(self, text: str) -> None:
        pattern = _pattern_of(text)
        if pattern is None:
            raise self._unusable(
                "its values are text, which is sorted as text: 10 comes before 9. Take a column of numbers or times, "
                "or convert it in a --query (CAST … AS …)."
            )
        if self._pattern not in {None, pattern}:
            raise self._mixed_texts()
        self._pattern = pattern

    def _mixed_texts(self) -> UsageError:
        return self._unusable(
            "its values are text and not all written in one way, so their order is not that of time. Convert them in "
            "a --query (CAST … AS TIMESTAMP)."
        )

    def _mixed_types(self, family: str | None) -> UsageError:
        if "text" in {self._kind, family} and self._kind != "number" != family:
            return self._unusable(
                "one of its values is no time that can be kept, such as infinity, a year before Christ or 0000-00-00. "
                "Correct it, or leave its row out with a --query."
            )
        return self._unusable(
            "its values are of several types, which have no common order. Convert them in a --query (CAST … AS …)."
        )

    def _unusable(self, reason: str) -> UsageError:
        return UsageError(Code.CURSOR_UNUSABLE, f"--cursor {self._cursor}: {reason}")


def _is_endless(value: Any) -> bool:
    match value:
        case float():
            return not math.isfinite(value)
        case Decimal():
            return not value.is_finite()
        case datetime():
            return value.date() in _ENDLESS
        case date():
            return value in _ENDLESS
        case _:
            return False


def _pattern_of(text: str) -> str | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return "_" * len(text) if _ID.fullmatch(text) else None
    if found["between"] is None:
        return "____-__-__"
    time = f"____-__-__{found['between']}__:__" + (":__" if found["seconds"] else "")
    if not found["zone"]:
        return f"{time}%" if found["seconds"] else time
    # Before a zone, the length of the fraction counts: "Z" sorts behind ".5Z".
    return time + "." * bool(found["fraction"]) + "_" * (len(found["fraction"] or ".") - 1) + found["zone"]
