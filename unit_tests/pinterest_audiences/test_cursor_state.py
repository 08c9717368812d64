from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.error_codes import Code
from pinterest_audiences.cursor_state import cursor_state, cursor_value
from pinterest_audiences.sources.cursor_types import bound
from unit_tests.support.raises import raises

ZONES = st.none() | st.just(UTC) | st.just(timezone(timedelta(hours=5, minutes=30)))


@given(
    st.none()
    | st.text()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.decimals(allow_nan=False)
    | st.datetimes(timezones=ZONES)
    | st.dates()
    | st.uuids()
)
def test_a_cursor_comes_back_from_a_file_as_the_value_and_type_that_it_was(value: object) -> None:
    read = cursor_value(json.loads(json.dumps(cursor_state("c", value))))
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("value", [True, b"x", timedelta(1), ["x"]])
def test_a_column_whose_values_have_no_such_order_is_refused_by_name(value: object) -> None:
    with raises(Code.CURSOR_UNUSABLE, match="--cursor c: "):
        cursor_state("c", value)


@pytest.mark.parametrize(
    ("value", "type_name"),
    [
        (True, "Boolean"),
        (2**40, "BigInteger"),
        (1.5, "Double"),
        (Decimal(1), "Numeric"),
        (date(2026, 1, 2), "Date"),
        (UUID(int=1), "Uuid"),
        ("x", "String"),
    ],
)
def test_a_database_is_given_the_value_as_its_own_type(value: object, type_name: str) -> None:
    assert type(bound(value).type).__name__ == type_name


def test_a_moment_with_a_zone_is_not_compared_as_one_without() -> None:
    assert bound(datetime(2026, 1, 1, tzinfo=UTC)).type.timezone is True
    assert bound(datetime(2026, 1, 1)).type.timezone is False  # noqa: DTZ001


@pytest.mark.parametrize(("shown", "stored"), [(214.286, 214.28572), (0.7, 0.699999988079071), (-0.7, -0.7000000001)])
def test_a_number_that_a_database_shows_rounded_is_not_compared_with_what_is_above_it(
    shown: float, stored: float
) -> None:
    """MySQL shows six digits of a FLOAT, PostgreSQL up to nine of a real."""
    assert bound(shown).value <= stored
    assert bound(1_700_000_000.123).value == 1_700_000_000.123
