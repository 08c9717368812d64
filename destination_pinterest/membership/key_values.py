"""Brings the values of a primary key to one form each, so that keys are compared by value and not by JSON spelling.

Two spellings of a value are one key: 1, 1.0 and 1e0; in a column of numbers also "1" and "1.00"; a moment with another
zone or more zeros; a UUID in upper case; an object with its keys in another order. What is not of its column's type is
compared as JSON gives it.

Texts of text columns and integers stay as they are, so the digests of such keys are those of version 0.1.0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType, NoneType
from typing import Any, Final
from uuid import UUID

from destination_pinterest.vocabulary import ColumnType

_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII)
KeyForm = Callable[[Sequence[Any]], Sequence[Any]]

# Python refuses to write integers of more than 4,300 digits.
_LONGEST_NUMBER: Final = 1000
_MOMENT: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d(:\d\d)?)([.,](?P<fraction>\d+))?"
    r"\s*(?P<zone>[Zz]|UTC|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?)?",
    re.ASCII,
)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_BOOLEANS: Final[Mapping[str, bool]] = MappingProxyType(
    {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
)
# By column type, the Python types whose values have one spelling only; nearly every key consists of such values.
_ONE_SPELLING: Final[Mapping[ColumnType, frozenset[type]]] = MappingProxyType(
    {
        ColumnType.ANY: frozenset({int, str, bool, NoneType}),
        ColumnType.BOOLEAN: frozenset({bool, NoneType}),
        ColumnType.INTEGER: frozenset({int, bool, NoneType}),
        ColumnType.NUMBER: frozenset({int, bool, NoneType}),
        ColumnType.TEXT: frozenset({str, NoneType}),
        ColumnType.MOMENT: frozenset({NoneType}),
        ColumnType.UUID: frozenset({NoneType}),
    }
)


def key_form(types: Sequence[ColumnType]) -> KeyForm:
    """Returns a function that brings each value of a key to its form; it returns the same object if all have it.

    Args:
        types: the types of the key's columns, in the order of its values.
    """
    if len(types) == 1:
        (only_type,) = types
        has_form, to_form = _ONE_SPELLING[only_type], _TO_FORM[only_type]
        return lambda key: key if type(key[0]) in has_form else (to_form(key[0]),)
    return lambda key: key if _has_form(key, types) else _to_form(key, types)


def _has_form(key: Sequence[Any], types: Sequence[ColumnType]) -> bool:
    return all(type(value) in _ONE_SPELLING[each] for value, each in zip(key, types, strict=True))


def _to_form(key: Sequence[Any], types: Sequence[ColumnType]) -> Sequence[Any]:
    return tuple(_TO_FORM[each](value) for value, each in zip(key, types, strict=True))


def _as_given(value: Any) -> Any:
    if isinstance(value, float):
        return _number(Decimal(repr(value))) if math.isfinite(value) else value
    if isinstance(value, list):
        return [_as_given(element) for element in value]
    if isinstance(value, dict):
        return {name: _as_given(value[name]) for name in sorted(value)}
    return value


def _as_number(value: Any) -> Any:
    if isinstance(value, str):
        is_number = len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value)
        return _number(Decimal(value.strip())) if is_number else value
    return _as_given(value)


def _as_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    text = str(_as_given(value)).strip().lower() if isinstance(value, str | int | float) else ""
    return _BOOLEANS.get(text, _as_given(value))


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    given = _as_given(value)
    return str(given) if isinstance(given, int | float) else given


def _as_moment(value: Any) -> Any:
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return _as_given(value)
    offset = timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
    try:
        zone = timezone(-offset if match["sign"] == "-" else offset)
        # Without a zone it is taken as UTC: a column has times with a zone or without, not both.
        moment = datetime.fromisoformat(f"{match['day']}T{match['time']}").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return value
    # Python's own times end at microseconds.
    fraction = (match["fraction"] or "").rstrip("0")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'.' if fraction else ''}{fraction}Z"


def _as_uuid(value: Any) -> Any:
    if isinstance(value, str) and _UUID.fullmatch(text := value.strip().strip("{}")):
        return str(UUID(text))
    return _as_given(value)


def _number(exact: Decimal) -> int | float | str:
    """Returns an integer if the number is one, else the float of the same digits, else its digits as text."""
    if exact == exact.to_integral_value():
        return int(exact)
    nearest = float(exact)
    return nearest if Decimal(repr(nearest)) == exact else f"{exact:f}".rstrip("0")


_TO_FORM: Final[Mapping[ColumnType, Callable[[Any], Any]]] = MappingProxyType(
    {
        ColumnType.ANY: _as_given,
        ColumnType.BOOLEAN: _as_boolean,
        ColumnType.INTEGER: _as_number,
        ColumnType.NUMBER: _as_number,
        ColumnType.TEXT: _as_text,
        ColumnType.MOMENT: _as_moment,
        ColumnType.UUID: _as_uuid,
    }
)
