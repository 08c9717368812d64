from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.lookback import Lookback
from unit_tests.support.raises import raises

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value", "before"),
    [
        ("2h", NOON, NOON.replace(hour=10)),
        ("90", NOON, NOON.replace(hour=11, minute=58, second=30)),
        ("1.5m", NOON, NOON.replace(hour=11, minute=58, second=30)),
        ("2h", date(2026, 1, 31), date(2026, 1, 30)),
        ("3d", date(2026, 1, 31), date(2026, 1, 28)),
        ("500", 1000, 500),
        ("0.5", 10, 9),
        ("0.5", Decimal("1.75"), Decimal("1.25")),
        ("1", 2.5, 1.5),
        ("1h", "2026-01-31 00:30:00.250", "2026-01-30 23:30:00.250"),
        ("1h", "2026-01-31T00:30Z", "2026-01-30T23:30Z"),
        ("1h", "2026-01-31", "2026-01-30"),
        ("1h", None, None),
        ("86400000000000", 1_795_780_800_000_000_000, 1_795_694_400_000_000_000),
    ],
)
def test_a_run_begins_so_far_before_the_last_value_and_in_its_form(text: str, value: Any, before: Any) -> None:
    found = Lookback.of(text).before(value)
    assert found == before
    assert type(found) is type(before)


@pytest.mark.parametrize(
    ("text", "value"),
    [("2h", 5), ("2h", 5.0), ("5", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), ("99999999999d", NOON), ("999999d", "2026-01-31")],
)
def test_a_span_can_not_be_taken_from_a_number_nor_anything_from_an_id(text: str, value: Any) -> None:
    with raises(Code.USAGE_WRONG, match=f"--lookback {text} can't be taken"):
        Lookback.of(text).before(value)


@pytest.mark.parametrize("text", ["", "-5", "5 weeks", "h", "1h30m", "nan"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with raises(Code.USAGE_WRONG, match="is not a number, or a span"):
        Lookback.of(text)
