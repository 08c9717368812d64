"""Reads the values of a file's cursor as what they are: whole numbers, decimals, ISO dates or ISO times.

Text files have no types, so the values of the whole column decide. What can be read in two ways, such as 01/02/2026 or
1,500, is none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

_WHOLE: Final = re.compile(r"[+-]?\d{1,40}")
_DECIMAL: Final = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?")
_ZONE: Final = re.compile(r"(.{16,}?) ?(Z|UTC|[+-]\d\d(?::?\d\d)?)", re.IGNORECASE)


def whole_number(value: Any) -> int | None:
    """Returns a whole number; None if the value is none."""
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def decimal_number(value: Any) -> Decimal | None:
    """Returns a number; None if the value is none, or is infinite."""
    if isinstance(value, str):
        return Decimal(value) if _DECIMAL.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() else None


def iso_date(value: Any) -> date | None:
    """Returns a date; None if the value is none, or has a time of day."""
    if isinstance(value, str):
        return _read(date.fromisoformat, value) if _DATE.fullmatch(value) else None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def local_time(value: Any) -> datetime | None:
    """Returns a date's or a time's moment without a zone; None if the value is neither, or has a zone."""
    if isinstance(value, str):
        is_moment = _TIME.fullmatch(value) or _DATE.fullmatch(value)
        return _read(datetime.fromisoformat, value.replace(",", ".")) if is_moment else None
    if isinstance(value, datetime):
        return value if value.tzinfo is None else None
    return datetime.combine(value, datetime.min.time()) if isinstance(value, date) else None


def moment(value: Any) -> datetime | None:
    """Returns a time with a zone, in UTC; None if the value is none, or has no zone."""
    if isinstance(value, str):
        found = _ZONE.fullmatch(value)
        if found is None or not _TIME.fullmatch(found[1]):
            return None
        zone = "+00:00" if found[2].upper() in {"Z", "UTC"} else found[2]
        value = _read(datetime.fromisoformat, found[1].replace(",", ".") + zone)
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo is not None else None


def _read(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError:  # the 31st of February
        return None


# In this order: whole numbers are decimals too, dates are times.
KINDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "whole numbers": whole_number,
    "numbers": decimal_number,
    "ISO dates": iso_date,
    "ISO times without a zone": local_time,
    "ISO times with a zone": moment,
}
