from __future__ import annotations

import ipaddress
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from pinterest_audiences.airbyte_messages import RecordEncoder
from pinterest_audiences.json_values import json_types

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, None),
        ("ü'\"\\\n", "ü'\"\\\n"),
        ("half a pair \ud83d", "half a pair ?"),
        (True, True),
        (2**70, 2**70),
        (1.5, 1.5),
        (float("nan"), None),
        (float("-inf"), None),
        (Decimal("12.50"), Decimal("12.50")),
        (Decimal("NaN"), None),
        (Decimal("1E+30"), Decimal("1E+30")),
        (MOMENT, "2026-01-02T03:04:05Z"),
        (MOMENT.replace(tzinfo=None), "2026-01-02T03:04:05"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(days=1), "1 day, 0:00:00"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (b"\x00\xff", "00ff"),
        (memoryview(b"\x01"), "01"),
        (["a@example.com", None, b"\x02"], ["a@example.com", None, "02"]),
        ((1, 2), [1, 2]),
        ({"a": Decimal("1.0"), 2: [float("nan")]}, {"a": Decimal("1.0"), "2": [None]}),
        (ipaddress.ip_address("127.0.0.1"), "127.0.0.1"),
    ],
)
def test_a_value_of_a_driver_becomes_what_a_source_of_airbyte_s_would_send(value: object, read: object) -> None:
    line = RecordEncoder("s", ["v"], lambda: 1.5).lines([(value,)])
    message = json.loads(line, parse_float=Decimal)
    assert message == {
        "type": "RECORD",
        "record": {"stream": "s", "data": {"v": read}, "emitted_at": 1500},
    }


def test_each_row_is_one_line() -> None:
    lines = RecordEncoder("s", ["a", "b"], lambda: 0.0).lines([(1, "x\ny"), (2, None)])
    assert [json.loads(line)["record"]["data"] for line in lines.splitlines()] == [
        {"a": 1, "b": "x\ny"},
        {"a": 2, "b": None},
    ]
    assert lines.endswith(b"\n")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "string"),
        ("x", "string"),
        (True, "boolean"),
        (1, "integer"),
        (1.5, "number"),
        (Decimal(1), "number"),
        ([], "array"),
        ({}, "object"),
        (b"", "string"),
    ],
)
def test_a_column_s_type_is_that_of_its_first_value(value: object, kind: str) -> None:
    assert json_types(["c"], [(None,), (value,)]) == {"c": {"type": ["null", kind]}}


def test_moments_and_days_say_what_they_are() -> None:
    types = json_types(["a", "b", "c"], [(MOMENT, MOMENT.replace(tzinfo=None), date(2026, 1, 2))])
    assert types["a"]["airbyte_type"] == "timestamp_with_timezone"
    assert types["b"]["airbyte_type"] == "timestamp_without_timezone"
    assert types["c"]["format"] == "date"
