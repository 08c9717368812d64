"""Decides whether a row adds, removes or changes nothing, and finds the columns that mark it as deleted.

Source: docs.airbyte.com, "Change Data Capture" (read 2026-11-22): `_ab_cdc_deleted_at` is null until a row is deleted.
Source: docs.snowflake.com, "Identifier requirements" (read 2026-11-26): names without quotes are stored in upper case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, Literal

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Operation

Deletes = Literal["remove", "keep"]

DELETED_AT: Final = "_ab_cdc_deleted_at"

# Texts and times that mean "none" to some who write them and something to others.
_DOUBTFUL_TEXTS: Final = frozenset(
    {
        *(
            "false",
            "f",
            "no",
            "n",
            "off",
            "0",
            "0.0",
            "null",
            "(null)",
            "none",
            "nil",
            "nan",
            "nat",
            "undefined",
            "n/a",
        ),
        *("na", "\\n", "-", "never", "infinity", "-infinity", "[]", "{}"),
    }
)
# The dates that databases, spreadsheets and programs write for no date, and for one that never comes.
_DOUBTFUL_DATE: Final = re.compile(
    r"(?:0000-00-00|0001-01-01|1899-12-3[01]|1900-01-0[01]|1970-01-01|9999-12-31)(?!\d).*", re.DOTALL
)

# A larger integer can't be an operation code, and Python refuses to print very long ones.
_MAX_INTEGER_BITS = 64


def deletion_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Returns a stream's `columns` that mark a row as deleted; the usual spellings if the schema has no columns.

    A warehouse that stores names in upper case, such as Snowflake, returns the column as `_AB_CDC_DELETED_AT`.
    """
    if not columns:
        return (DELETED_AT, DELETED_AT.upper())
    return tuple(column for column in columns if column.lower() == DELETED_AT)


class Mark(Enum):
    """What a column says that is set for some rows and not for others, such as a time of deletion."""

    SET = "set"
    NOT_SET = "not set"
    DOUBTFUL = "doubtful"


def mark_of(value: object) -> Mark:
    """Returns what a value says: null, blank and false are not set; words for nothing and zero dates are doubtful."""
    if value is None or value is False:
        return Mark.NOT_SET
    if isinstance(value, str):
        text = _folded(value)
        if not text:
            return Mark.NOT_SET
        is_doubtful = text in _DOUBTFUL_TEXTS or _DOUBTFUL_DATE.fullmatch(text) is not None
        return Mark.DOUBTFUL if is_doubtful else Mark.SET
    is_nothing = value == 0 or isinstance(value, list | dict)
    return Mark.DOUBTFUL if is_nothing else Mark.SET


class OperationRule:
    """Decides what a row does, from its operation column, if it has one, and its deletion times.

    `add_values` and `remove_values` are the operation column's values, compared without letter case and blanks at the
    ends; JSON's true, false and numbers are compared as text ("true", "1"; 1.0 is "1"). With `if_set`, the column is
    no list of values: any value does that, none does the opposite. With `deletes` "keep", rows that would remove
    members change nothing.

    `if_doubtful` is what a mark does that may mean either: remove, so that nobody who left is advertised to. Where
    members are those who must not be advertised to, it is add.

    Raises: InvalidConfigError if a value is in both lists, or is blank.
    """

    __slots__ = ("_if_doubtful", "_if_set", "_on_remove", "_operations")

    def __init__(
        self,
        *,
        add_values: Iterable[str] = (),
        remove_values: Iterable[str] = (),
        if_set: Operation | None = None,
        deletes: Deletes = "remove",
        if_doubtful: Operation = Operation.REMOVE,
    ) -> None:
        adds = {_folded(value) for value in add_values}
        removes = {_folded(value) for value in remove_values}
        if both := sorted(adds & removes):
            raise InvalidConfigError(
                Code.OPERATION_VALUES_INVALID,
                f"The operation value {both[0]!r} is given both as one that adds and as one that removes. "
                "Keep it in one of the two lists.",
            )
        if "" in adds | removes:
            raise InvalidConfigError(
                Code.OPERATION_VALUES_INVALID,
                "An operation value is blank. Remove it: a row whose operation is null or blank always adds.",
            )
        self._on_remove = Operation.REMOVE if deletes == "remove" else None
        self._if_set = if_set
        self._if_doubtful = if_doubtful
        self._operations: dict[str, Operation | None] = {
            **dict.fromkeys(adds, Operation.ADD),
            **dict.fromkeys(removes, self._on_remove),
        }

    def decide(self, operation: object, *deletion_times: object) -> Operation | RejectionReason | None:
        """Returns what the row does; None if it changes nothing; UNKNOWN_OPERATION if its operation is in neither list.

        A deletion time that is neither null nor blank removes, whatever the operation is. A null or blank operation
            adds: the row exists and nothing asks for its removal. Never raises.
        """
        if self.is_deleted(deletion_times):
            return self._on_remove
        if self._if_set is not None:
            does = self._by_mark(operation, self._if_set)
            return does if does is Operation.ADD else self._on_remove
        if operation is None or (isinstance(operation, str) and not strip_blanks(operation)):
            return Operation.ADD
        return self._operations.get(_text_of(operation), RejectionReason.UNKNOWN_OPERATION)

    def decide_by_times(self, *deletion_times: object) -> Operation | None:
        """Returns what a row without an operation column does: as `decide`, by its deletion times alone."""
        return self._on_remove if self.is_deleted(deletion_times) else Operation.ADD

    def is_deleted(self, deletion_times: Iterable[object]) -> bool:
        """Whether one of its deletion times says that the row is gone."""
        return any(
            value is not None and self._by_mark(value, Operation.REMOVE) is Operation.REMOVE for value in deletion_times
        )

    def _by_mark(self, value: object, if_set: Operation) -> Operation:
        mark = mark_of(value)
        if mark is Mark.DOUBTFUL:
            return self._if_doubtful
        opposite = Operation.ADD if if_set is Operation.REMOVE else Operation.REMOVE
        return if_set if mark is Mark.SET else opposite


def _text_of(value: object) -> str:
    """Returns a JSON value as text, for comparison; blank, which no operation is, if it can't be an operation."""
    if isinstance(value, str):
        return _folded(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and value.bit_length() <= _MAX_INTEGER_BITS:
        return _folded(str(value))
    return ""


def _folded(value: str) -> str:
    return strip_blanks(value).casefold()
