"""Reads what a column's values mean from its JSON schema.

Source: docs.airbyte.com, "Supported data types" (read 2026-11-27): `airbyte_type` refines a type (`integer` of a
number, `big_integer` and `big_number` of a string), and a `date-time` without one is a time with a zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from destination_pinterest.vocabulary import ColumnType

_BY_AIRBYTE_TYPE: Final[Mapping[object, ColumnType]] = MappingProxyType(
    {
        "integer": ColumnType.INTEGER,
        "big_integer": ColumnType.INTEGER,
        "big_number": ColumnType.NUMBER,
        "timestamp_with_timezone": ColumnType.MOMENT,
        "timestamp_without_timezone": ColumnType.MOMENT,
    }
)
_BY_FORMAT: Final[Mapping[object, ColumnType]] = MappingProxyType(
    {"date-time": ColumnType.MOMENT, "uuid": ColumnType.UUID}
)
_BY_TYPE: Final[Mapping[object, ColumnType]] = MappingProxyType(
    {
        "integer": ColumnType.INTEGER,
        "number": ColumnType.NUMBER,
        "boolean": ColumnType.BOOLEAN,
        "string": ColumnType.TEXT,
    }
)


# Alternatives within alternatives; sources write one level.
_DEEPEST: Final = 8


def column_type(schema: object, levels: int = _DEEPEST) -> ColumnType:
    """Returns the type of a column; ANY if its schema names none, several, or one that is not compared specially.

    `levels` is how deep alternatives may be nested within alternatives.
    """
    if not isinstance(schema, Mapping) or not levels:
        return ColumnType.ANY
    alternatives = schema.get("oneOf") or schema.get("anyOf")
    if isinstance(alternatives, list):
        types = {column_type(one, levels - 1) for one in alternatives if not _is_null(one)}
        return types.pop() if len(types) == 1 else ColumnType.ANY
    named = schema.get("type")
    names = [name for name in (named if isinstance(named, list) else [named]) if name != "null"]
    if len(names) != 1 or not isinstance(names[0], str):
        return ColumnType.ANY
    if (refined := _BY_AIRBYTE_TYPE.get(_name(schema, "airbyte_type"))) is not None:
        return refined
    if names[0] == "string" and (formatted := _BY_FORMAT.get(_name(schema, "format"))) is not None:
        return formatted
    return _BY_TYPE.get(names[0], ColumnType.ANY)


def _is_null(schema: object) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") in ("null", ["null"])


def _name(schema: Mapping[str, object], key: str) -> str | None:
    value = schema.get(key)
    return value if isinstance(value, str) else None
