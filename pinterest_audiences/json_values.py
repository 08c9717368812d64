"""Turns a driver's values into JSON, in the form of Airbyte's sources.

Text, whole numbers, dates and UUIDs go straight to the encoder. Bytes become lower-case hexadecimal digits instead of
base64, so that a SHA-256 in a binary column is the same as in a text column.

Source: msgspec 0.22.0, read and run 2026-11-22: it would write a Decimal's NaN, which is not JSON, and bytes as base64,
    and refuses text that is not Unicode.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

# The encoder writes these correctly; all other values are converted one by one.
STRAIGHT: Final = frozenset({str, int, float, bool, type(None), datetime, date, time, UUID})


def jsonable(value: Any) -> Any:  # noqa: PLR0911 - one case a type
    """Converts a value to types that the encoder writes as Airbyte's sources do. Unknown types become text."""
    match value:
        case None | bool() | int() | datetime() | date() | time() | UUID():
            return value
        case str():
            return value.encode("utf-8", "replace").decode()
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return value if value.is_finite() else None
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case Mapping():
            return {str(key): jsonable(each) for key, each in value.items()}
        case Sequence() | Set():
            return [jsonable(each) for each in value]
        case _:
            return str(value)


def json_type(value: Any) -> dict[str, Any]:
    """Returns the JSON Schema of a column with such values; text if the type is unknown."""
    match value:
        case bool():
            kind: dict[str, Any] = {"type": ["null", "boolean"]}
        case int():
            kind = {"type": ["null", "integer"]}
        case float() | Decimal():
            kind = {"type": ["null", "number"]}
        case datetime():
            zone = "without" if value.tzinfo is None else "with"
            kind = {"type": ["null", "string"], "format": "date-time", "airbyte_type": f"timestamp_{zone}_timezone"}
        case date():
            kind = {"type": ["null", "string"], "format": "date"}
        case Mapping():
            kind = {"type": ["null", "object"]}
        case list() | tuple() | Set():
            kind = {"type": ["null", "array"]}
        case _:
            kind = {"type": ["null", "string"]}
    return kind


def json_types(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """Returns the properties of a stream's schema, from the first value of each column that is not null."""
    properties = {}
    for position, column in enumerate(columns):
        known = next((row[position] for row in rows if row[position] is not None), None)
        properties[column] = json_type(known)
    return properties
