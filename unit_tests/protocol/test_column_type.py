from __future__ import annotations

from typing import Any

import pytest

from destination_pinterest.protocol.column_type import column_type
from destination_pinterest.vocabulary import ColumnType


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (None, ColumnType.ANY),
        ({}, ColumnType.ANY),
        ("string", ColumnType.ANY),
        ({"type": "integer"}, ColumnType.INTEGER),
        ({"type": ["null", "integer"]}, ColumnType.INTEGER),
        ({"type": "number"}, ColumnType.NUMBER),
        ({"type": "number", "airbyte_type": "integer"}, ColumnType.INTEGER),
        ({"type": "string", "airbyte_type": "big_integer"}, ColumnType.INTEGER),
        ({"type": "string", "airbyte_type": "big_number"}, ColumnType.NUMBER),
        ({"type": ["null", "boolean"]}, ColumnType.BOOLEAN),
        ({"type": "string"}, ColumnType.TEXT),
        ({"type": ["string", "null"], "format": "date-time"}, ColumnType.MOMENT),
        ({"type": "string", "airbyte_type": "timestamp_without_timezone"}, ColumnType.MOMENT),
        ({"type": "string", "format": "uuid"}, ColumnType.UUID),
        ({"type": "string", "format": "date"}, ColumnType.TEXT),
        ({"type": "string", "format": ["uuid"]}, ColumnType.TEXT),
        ({"type": ["string", "integer"]}, ColumnType.ANY),
        ({"type": "object"}, ColumnType.ANY),
        ({"type": {"name": "string"}}, ColumnType.ANY),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, ColumnType.INTEGER),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, ColumnType.ANY),
    ],
)
def test_a_columns_type_is_read_from_its_schema(schema: Any, expected: ColumnType) -> None:
    assert column_type(schema) is expected


def test_alternatives_within_alternatives_are_of_any_type_where_they_never_end() -> None:
    schema: dict[str, object] = {"type": "integer"}
    for _ in range(400):
        schema = {"oneOf": [schema]}
    assert column_type(schema) is ColumnType.ANY
