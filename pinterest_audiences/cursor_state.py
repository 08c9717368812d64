"""Converts the cursor of an incremental sync to a state and back, with its type, so that databases can compare it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError

_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "text": str,
    "integer": int,
    "float": float,
    "decimal": Decimal,
    "timestamp": datetime.fromisoformat,
    "date": date.fromisoformat,
    "uuid": UUID,
}

# In this order: every datetime is a date too.
_KINDS: Final[Mapping[str, type]] = {
    "text": str,
    "integer": int,
    "float": float,
    "decimal": Decimal,
    "timestamp": datetime,
    "date": date,
    "uuid": UUID,
}


def cursor_state(column: str, value: Any) -> dict[str, Any]:
    """Returns the stream's state after all rows up to `value`; None before the first row with one.

    Raises: UsageError if values of that type can't be kept in a file with their order.
    """
    if value is None:
        return {"cursor_field": [column], "cursor": None}
    kind = cursor_kind(value)
    if kind is None:
        raise UsageError(
            Code.CURSOR_UNUSABLE,
            f"--cursor {column}: its values are of the type {type(value).__name__}. Take a column of timestamps, "
            "dates, numbers or texts that grows with each change.",
        )
    text = value.isoformat() if isinstance(value, date) else str(value)
    return {"cursor_field": [column], "cursor": text, "cursor_type": kind}


def cursor_value(state: Mapping[str, Any]) -> Any:
    """Returns the value passed to `cursor_state`.

    Raises: ValueError, ArithmeticError, LookupError, TypeError or AttributeError if that did not write the state.
    """
    text = state["cursor"]
    if text is None:
        return None
    text.encode()
    value = _READERS[state["cursor_type"]](text)
    if isinstance(value, float | Decimal) and Decimal(value).is_nan():
        raise ValueError  # nothing is greater than NaN, so no row would ever be read again
    return value


def cursor_kind(value: Any) -> str | None:
    """What a state calls the type of a value; None if values of that type can't be kept with their order."""
    if isinstance(value, bool):
        return None
    return next((kind for kind, known in _KINDS.items() if isinstance(value, known)), None)
