from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.operation import Mark, OperationRule, deletion_columns, mark_of
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Operation
from unit_tests.support.raises import raises

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
RULE = OperationRule(add_values=("insert", " Update", "0", "false"), remove_values=("DELETE", "d", "1", "true"))


def test_a_row_without_deletion_time_and_operation_adds() -> None:
    assert OperationRule().decide(None) is Operation.ADD


@pytest.mark.parametrize("deleted_at", ["2026-11-22T12:00:00Z", 1795348800, 1795348800.5, True, "0", 0, [], {"t": 1}])
def test_a_deletion_time_removes(deleted_at: object) -> None:
    assert OperationRule().decide(None, deleted_at) is Operation.REMOVE


@pytest.mark.parametrize("deleted_at", [None, "", "  ", "\u200b", False])
def test_no_deletion_time_does_not_remove(deleted_at: object) -> None:
    assert OperationRule().decide(None, deleted_at) is Operation.ADD


@pytest.mark.parametrize("times", [("2026-11-22", None), (None, "2026-11-22"), ("2026-11-22", "2026-11-23")])
def test_any_of_several_deletion_times_removes(times: tuple[object, ...]) -> None:
    assert OperationRule().decide(None, *times) is Operation.REMOVE
    assert OperationRule().decide(None, None, "") is Operation.ADD


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["id", "_AB_CDC_DELETED_AT", "_ab_cdc_deleted_at"], ("_AB_CDC_DELETED_AT", "_ab_cdc_deleted_at")),
        (["deleted_at", "ab_cdc_deleted_at", "_ab_cdc_deleted_at_2", "_ab_cdc_updated_at"], ()),
        ([], ("_ab_cdc_deleted_at", "_AB_CDC_DELETED_AT")),
    ],
)
def test_deletion_columns_are_found_by_the_whole_name_without_letter_case(
    columns: list[str], found: tuple[str, ...]
) -> None:
    assert deletion_columns(columns) == found


def test_a_deletion_time_counts_before_the_operation() -> None:
    assert RULE.decide("insert", "2026-11-22T12:00:00Z") is Operation.REMOVE
    assert RULE.decide("unheard of", "2026-11-22T12:00:00Z") is Operation.REMOVE


@pytest.mark.parametrize("operation", ["insert", "INSERT", " update\n", "0", 0, 0.0, -0.0, "False", False])
def test_an_operation_among_those_that_add_adds(operation: object) -> None:
    assert RULE.decide(operation, None) is Operation.ADD


@pytest.mark.parametrize("operation", ["delete", "Delete ", "D", "1", 1, 1.0, "TRUE", True])
def test_an_operation_among_those_that_remove_removes(operation: object) -> None:
    assert RULE.decide(operation, None) is Operation.REMOVE


@pytest.mark.parametrize("operation", [None, "", " \t"])
def test_a_null_or_blank_operation_adds(operation: object) -> None:
    assert RULE.decide(operation, None) is Operation.ADD


@pytest.mark.parametrize(
    "operation",
    [
        "upsert",
        2,
        0.5,
        pytest.param(10**5000, id="an integer that Python refuses to print"),
        1e308,
        float("inf"),
        float("nan"),
        ["delete"],
        {"op": "d"},
        [],
        {},
    ],
)
def test_an_operation_in_neither_list_is_refused(operation: object) -> None:
    assert RULE.decide(operation, None) is RejectionReason.UNKNOWN_OPERATION


def test_false_is_unknown_where_it_is_not_given() -> None:
    assert OperationRule(remove_values=("true",)).decide(False, None) is RejectionReason.UNKNOWN_OPERATION


def test_where_deletes_are_kept_a_row_that_would_remove_changes_nothing() -> None:
    rule = OperationRule(add_values=("i",), remove_values=("d",), deletes="keep")
    assert rule.decide(None, "2026-11-22") is None
    assert rule.decide("d", None) is None
    assert rule.decide("i", None) is Operation.ADD
    assert rule.decide("x", None) is RejectionReason.UNKNOWN_OPERATION


def test_a_value_in_both_lists_is_a_faulty_configuration() -> None:
    with raises(Code.OPERATION_VALUES_INVALID, match=r"'upsert'.*both"):
        OperationRule(add_values=("insert", "Upsert"), remove_values=(" upsert",))


@pytest.mark.parametrize("lists", [{"add_values": ("i", " ")}, {"remove_values": ("",)}])
def test_a_blank_operation_value_is_a_faulty_configuration(lists: dict[str, tuple[str, ...]]) -> None:
    with raises(Code.OPERATION_VALUES_INVALID, match="null or blank always adds"):
        OperationRule(**lists)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("if_set", "value", "expected"),
    [
        (Operation.REMOVE, "2026-11-22", Operation.REMOVE),
        (Operation.REMOVE, None, Operation.ADD),
        (Operation.ADD, "2026-11-22", Operation.ADD),
        (Operation.ADD, None, Operation.REMOVE),
        (Operation.REMOVE, " 0000-00-00 00:00:00 ", Operation.REMOVE),
        (Operation.ADD, "0000-00-00 00:00:00", Operation.REMOVE),
    ],
)
def test_an_operation_column_may_be_one_that_is_set_or_not(
    if_set: Operation, value: object, expected: Operation
) -> None:
    assert OperationRule(if_set=if_set).decide(value, None) is expected


def test_a_deletion_time_counts_before_a_column_that_is_set() -> None:
    assert OperationRule(if_set=Operation.ADD).decide("2026-11-22", "2026-11-23") is Operation.REMOVE


def test_where_deletes_are_kept_a_column_that_is_not_set_changes_nothing() -> None:
    rule = OperationRule(if_set=Operation.ADD, deletes="keep")
    assert (rule.decide(None), rule.decide("2026-11-22")) == (None, Operation.ADD)


def test_a_doubtful_mark_may_add_where_members_must_not_be_advertised_to() -> None:
    rule = OperationRule(if_set=Operation.REMOVE, if_doubtful=Operation.ADD)
    assert rule.decide("false") is Operation.ADD
    assert rule.decide("2026-11-22") is Operation.REMOVE
    assert rule.decide_by_times("0000-00-00") is Operation.ADD


def test_a_row_without_an_operation_column_is_decided_by_its_times_alone() -> None:
    rule = OperationRule(if_set=Operation.ADD)
    assert (rule.decide_by_times(None), rule.decide_by_times(None, "2026-11-22")) == (Operation.ADD, Operation.REMOVE)


@given(JSON)
def test_a_mark_is_one_of_three(value: object) -> None:
    assert mark_of(value) in Mark


@given(JSON, JSON)
def test_no_json_value_makes_it_raise(deleted_at: object, operation: object) -> None:
    decision = RULE.decide(operation, deleted_at)
    assert isinstance(decision, Operation) or decision is RejectionReason.UNKNOWN_OPERATION
