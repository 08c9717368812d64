from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.membership.key_values import key_form
from destination_pinterest.vocabulary import ColumnType

ANY, BOOLEAN, INTEGER, NUMBER = ColumnType.ANY, ColumnType.BOOLEAN, ColumnType.INTEGER, ColumnType.NUMBER
TEXT, MOMENT, UUID = ColumnType.TEXT, ColumnType.MOMENT, ColumnType.UUID


def form(value: Any, column_type: ColumnType) -> str:
    """The one form of a value, as JSON, which tells 1 from true and from 1.0."""
    return json.dumps(key_form((column_type,))((value,)))


SAME = [
    (ANY, [1, 1.0, 1e0]),
    (ANY, [10**30, 1e30]),
    (ANY, [0, 0.0, -0.0]),
    (ANY, [10.5, 10.50]),
    (ANY, [{"a": 1, "b": [1.0]}, {"b": [1], "a": 1.0}]),
    (INTEGER, [1, 1.0, "1", " 1 ", "1.0", "1e0", "+1", "01"]),
    (INTEGER, [2**70, str(2**70)]),
    (NUMBER, [10.5, "10.50", "10.5", "1.05e1"]),
    (NUMBER, [1, "1.00"]),
    (NUMBER, ["0.12345678901234567890", "0.1234567890123456789"]),
    (BOOLEAN, [True, "true", "TRUE", "t", 1, 1.0, "1"]),
    (BOOLEAN, [False, "false", "f", 0, "0"]),
    (TEXT, ["1", 1, 1.0]),
    (TEXT, ["true", True]),
    (
        MOMENT,
        [
            "2026-11-22T10:00:00Z",
            "2026-11-22T10:00:00+00:00",
            "2026-11-22T10:00:00.000Z",
            "2026-11-22 10:00:00+00",
            "2026-11-22T11:00:00+0100",
            "2026-11-22T05:30:00-04:30",
            "2026-11-22t10:00:00z",
            "2026-11-22T10:00:00",
            "2026-11-22 10:00 UTC",
        ],
    ),
    (MOMENT, ["2026-11-22T10:00:00.123456789Z", "2026-11-22T12:00:00.1234567890+02:00"]),
    (
        UUID,
        [
            "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            "6F9619FF-8B86-D011-B42D-00CF4FC964FF",
            "{6F9619FF-8B86-D011-B42D-00CF4FC964FF}",
            "6f9619ff8b86d011b42d00cf4fc964ff",
        ],
    ),
]
DIFFERENT = [
    (ANY, [1, "1", True, None, [1], {"a": 1}, 1.5]),
    (ANY, ["a", "A", " a", "10.5", "10.50"]),
    (ANY, [2**53, 2**53 + 1, 10**30, 10**30 + 1]),
    (INTEGER, [1, 2, "x", "", None, 2**64, 2**64 + 1]),
    (NUMBER, ["0.12345678901234567890", "0.12345678901234567891", 0.5]),
    (NUMBER, ["1_000", "1000", "nan", "1e99999"]),
    (TEXT, ["1", "1.0", "01"]),
    (
        MOMENT,
        ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000000001Z", "2026-11-22T10:00:01Z", "2026-13-01T00:00:00Z"],
    ),
    (UUID, ["6f9619ff-8b86-d011-b42d-00cf4fc964ff", "6f9619ff-8b86-d011-b42d-00cf4fc964fe", "none"]),
    (BOOLEAN, [True, False, None, "maybe", 2]),
]


@pytest.mark.parametrize(("column_type", "spellings"), SAME)
def test_spellings_of_one_value_have_one_form(column_type: ColumnType, spellings: list[Any]) -> None:
    assert len({form(spelling, column_type) for spelling in spellings}) == 1


@pytest.mark.parametrize(("column_type", "values"), DIFFERENT)
def test_different_values_have_different_forms(column_type: ColumnType, values: list[Any]) -> None:
    assert len({form(value, column_type) for value in values}) == len(values)


@pytest.mark.parametrize(("column_type", "value"), [(TEXT, "a"), (ANY, "A"), (ANY, 7), (INTEGER, 2**70), (NUMBER, 7)])
def test_a_key_that_has_one_spelling_only_is_handed_back_as_it_is(column_type: ColumnType, value: Any) -> None:
    assert key_form((column_type,))(only := (value,)) is only
    key = (value, None)
    assert key_form((column_type, ANY))(key) is key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(JSON, st.sampled_from(ColumnType))
def test_every_value_has_a_form_which_is_its_own_form(value: Any, column_type: ColumnType) -> None:
    once = key_form((column_type,))((value,))
    assert json.dumps(key_form((column_type,))(once)) == json.dumps(once)


def test_a_key_of_several_columns_is_formed_column_by_column() -> None:
    form_of = key_form((INTEGER, TEXT))
    assert list(form_of(["1", "1"])) == list(form_of([1.0, 1])) == [1, "1"]
