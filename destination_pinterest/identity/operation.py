"""Decides whether a row adds, removes or changes nothing, and finds the columns that mark it as deleted.

Source: docs.airbyte.com, "Change Data Capture" (read 2026-11-22): `_ab_cdc_deleted_at` is null until a row is deleted.
Source: docs.snowflake.com, "Identifier requirements" (read 2026-11-26): names without quotes are stored in upper case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Operation

Deletes = Literal["remove", "keep"]

DELETED_AT: Final = "_ab_cdc_deleted_at"

# A larger integer can't be an operation code, and Python refuses to print very long ones.
_MAX_INTEGER_BITS = 64


def deletion_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Returns a stream's `columns` that mark a row as deleted; the usual spellings if the schema has no columns.

    A warehouse that stores names in upper case, such as Snowflake, returns the column as `_AB_CDC_DELETED_AT`.
    """
    if not columns:
        return (DELETED_AT, DELETED_AT.upper())
    return tuple(column for column in columns if column.lower() == DELETED_AT)


class OperationRule:
    """Decides what a row does, from its operation column, if it has one, and its deletion times.

    `add_values` and `remove_values` are the operation column's values, compared without letter case and blanks at the
    ends; JSON's true, false and numbers are compared as text ("true", "1"; 1.0 is "1"). With `deletes` "keep", rows
    that would remove members change nothing.

    Raises: InvalidConfigError if a value is in both lists, or is blank.
    """

    __slots__ = ("_on_remove", "_operations")

    def __init__(
        self, *, add_values: Iterable[str] = (), remove_values: Iterable[str] = (), deletes: Deletes = "remove"
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
        self._operations: dict[str, Operation | None] = {
            **dict.fromkeys(adds, Operation.ADD),
            **dict.fromkeys(removes, self._on_remove),
        }

    def decide(self, operation: object, *deletion_times: object) -> Operation | RejectionReason | None:
        """Returns what the row does; None if it changes nothing; UNKNOWN_OPERATION if its operation is in neither list.

        A deletion time that is neither null nor blank removes, whatever the operation is. A null or blank operation
            adds: the row exists and nothing asks for its removal. Never raises.
        """
        for deleted_at in deletion_times:
            if _is_given(deleted_at):
                return self._on_remove
        if not _is_given(operation, but_false=True):
            return Operation.ADD
        return self._operations.get(_text_of(operation), RejectionReason.UNKNOWN_OPERATION)


def _is_given(value: object, *, but_false: bool = False) -> bool:
    """Whether a value is given. False is not a deletion time, but may be an operation (`but_false`)."""
    if isinstance(value, str):
        return bool(strip_blanks(value))
    return value is not None and (but_false or value is not False)


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
