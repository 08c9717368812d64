from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from destination_pinterest.config import Config, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.mapping import MappedRow
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing.decision import DELETION_KEPT, Decision, decision_of, operation_rule, take_row
from destination_pinterest.routing.plan import plan_stream
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.support.raises import raises

Decisions = Callable[..., list[Decision]]


@pytest.fixture
def config(raw_config: dict[str, Any]) -> Callable[..., Config]:
    return lambda **settings: read_config({**raw_config, **settings})


def stream(*columns: str, mode: str = "append") -> ConfiguredStream:
    return ConfiguredStream(StreamKey(None, "users"), columns, "full_refresh", mode)


@pytest.fixture
def decisions(config: Callable[..., Config]) -> Decisions:
    """What a stream with these columns and settings decides of each row."""

    def decide(columns: list[str], rows: list[dict[str, Any]], **settings: Any) -> list[Decision]:
        read = config(**settings)
        plan = plan_stream(stream(*columns), read)
        by_values = decision_of(plan, read)
        assert by_values is not None
        return [by_values([row.get(column) for column in plan.deciding_columns]) for row in rows]

    return decide


def test_a_stream_that_can_only_add_decides_nothing(config: Callable[..., Config]) -> None:
    assert decision_of(plan_stream(stream("email"), config()), config()) is None


def test_a_time_of_deletion_removes(decisions: Decisions) -> None:
    rows = [{"_ab_cdc_deleted_at": None}, {}, {"_ab_cdc_deleted_at": "2026-11-22T00:00:00Z"}]
    columns = ["email", "_ab_cdc_deleted_at"]
    assert decisions(columns, rows) == [Operation.ADD, Operation.ADD, Operation.REMOVE]
    assert decisions(columns, rows, deletes="keep") == [Operation.ADD, Operation.ADD, None]


LOWER, UPPER = "_ab_cdc_deleted_at", "_AB_CDC_DELETED_AT"


@pytest.mark.parametrize("column", [UPPER, "_Ab_Cdc_Deleted_At"])
def test_a_time_of_deletion_removes_whatever_the_case_of_its_column(decisions: Decisions, column: str) -> None:
    rows = [{column: None}, {column: "2026-11-22"}, {LOWER: "2026-11-22"}]
    assert decisions(["email", column], rows) == [Operation.ADD, Operation.REMOVE, Operation.REMOVE]


@pytest.mark.parametrize("columns", [[], ["email", LOWER, UPPER], ["email", UPPER, LOWER]])
def test_any_time_of_deletion_removes_where_there_may_be_several(decisions: Decisions, columns: list[str]) -> None:
    rows = [{LOWER: None, UPPER: ""}, {LOWER: "2026-11-22"}, {UPPER: "2026-11-22", "op": "insert"}, {"op": "delete"}]
    settings = {"identity_columns": [{"column": "email", "identifier": "EMAIL"}]}
    expected = [Operation.ADD, Operation.REMOVE, Operation.REMOVE]
    assert decisions(columns, rows, **settings) == [*expected, Operation.ADD]
    by_operation = {**settings, "operation_column": {"column": "op"}}
    assert decisions(columns and [*columns, "op"], rows, **by_operation) == [*expected, Operation.REMOVE]


def test_in_an_additive_connection_nobody_leaves(decisions: Decisions) -> None:
    rows = [{"op": "insert"}, {"op": "delete"}, {"_ab_cdc_deleted_at": "2026-11-22"}]
    columns = ["email", "op", "_ab_cdc_deleted_at"]
    assert decisions(columns, rows, operation_column={"column": "op"}, mode="additive") == [Operation.ADD, None, None]


def test_a_suppression_table_takes_out_whoever_is_in_it(decisions: Decisions) -> None:
    assert decisions(["email"], [{"email": "a@example.com"}], mode="remove") == [Operation.REMOVE]
    rows = [{"op": "insert"}, {"op": "delete"}, {"op": "whatever"}, {"_ab_cdc_deleted_at": "2026-11-22"}]
    columns = ["email", "op", "_ab_cdc_deleted_at"]
    expected = [Operation.REMOVE, None, RejectionReason.UNKNOWN_OPERATION, None]
    for deletes in ("remove", "keep"):
        settings = {"operation_column": {"column": "op"}, "mode": "remove", "deletes": deletes}
        assert decisions(columns, rows, **settings) == expected


def test_an_operation_column_decides(decisions: Decisions) -> None:
    rows = [{"op": "Insert"}, {"op": "DELETE"}, {"op": None}, {"op": "whatever"}]
    expected = [Operation.ADD, Operation.REMOVE, Operation.ADD, RejectionReason.UNKNOWN_OPERATION]
    assert decisions(["email", "op"], rows, operation_column={"column": "op"}) == expected


def test_a_time_of_deletion_goes_before_the_operation(decisions: Decisions) -> None:
    rows = [{"op": "insert", "_ab_cdc_deleted_at": "2026-11-22"}, {"op": "delete"}, {"op": "insert"}]
    columns = ["email", "op", "_ab_cdc_deleted_at"]
    expected = [Operation.REMOVE, Operation.REMOVE, Operation.ADD]
    assert decisions(columns, rows, operation_column={"column": "op"}) == expected


def test_own_words_for_operations_are_taken(decisions: Decisions) -> None:
    setting = {"column": "op", "add_values": ["hinzu"], "remove_values": ["weg"]}
    rows = [{"op": "Hinzu"}, {"op": "weg"}, {"op": "delete"}]
    expected = [Operation.ADD, Operation.REMOVE, RejectionReason.UNKNOWN_OPERATION]
    assert decisions(["email", "op"], rows, operation_column=setting) == expected


def test_every_row_of_a_soft_delete_removes_whatever_the_settings_say_of_operations(
    config: Callable[..., Config],
) -> None:
    settings = config(operation_column={"column": "op"}, deletes="keep")
    plan = plan_stream(stream("email", "op", "_ab_cdc_deleted_at", mode="soft_delete"), settings)
    decide = decision_of(plan, settings)
    assert decide is not None
    assert (plan.deciding_columns, decide(())) == ((), Operation.REMOVE)


def test_a_value_that_both_adds_and_removes_is_refused(config: Callable[..., Config]) -> None:
    setting = {"column": "op", "add_values": ["x"], "remove_values": ["X"]}
    with raises(Code.OPERATION_VALUES_INVALID, match="both as one that adds"):
        operation_rule(config(operation_column=setting))


# --- what becomes of a row --------------------------------------------------------------------------------------------


@dataclass
class Counts:
    not_synced: Counter[str] = field(default_factory=Counter)
    identifiers_refused: Counter[str] = field(default_factory=Counter)

    def count_not_synced(self, reason: str) -> None:
        self.not_synced[reason] += 1

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        self.identifiers_refused.update(refused.reason.value for refused in rejections)


BAD_EMAIL = Rejection("email", Identifier.EMAIL, RejectionReason.INVALID_EMAIL)
NOBODY = Rejection(None, None, RejectionReason.NO_IDENTITY)
NOBODY_DELETED = Rejection(None, None, RejectionReason.NO_IDENTITY_IN_DELETION)
UNKNOWN = Rejection("op", None, RejectionReason.UNKNOWN_OPERATION)


@pytest.mark.parametrize(
    ("decision", "identifiers", "rejections", "expected", "reason"),
    [
        (Operation.ADD, ("x",), (), Operation.ADD, None),
        (Operation.REMOVE, ("x",), (), Operation.REMOVE, None),
        (Operation.ADD, (), (BAD_EMAIL,), BAD_EMAIL, "invalid_email"),
        (Operation.ADD, (), (NOBODY,), NOBODY, "no_identity"),
        (Operation.REMOVE, (), (NOBODY,), NOBODY_DELETED, "no_identity_in_deletion"),
        (Operation.REMOVE, (), (BAD_EMAIL,), BAD_EMAIL, "invalid_email"),
        (RejectionReason.UNKNOWN_OPERATION, ("x",), (), UNKNOWN, "unknown_operation"),
        (RejectionReason.UNKNOWN_OPERATION, (), (NOBODY,), UNKNOWN, "unknown_operation"),
        (None, ("x",), (BAD_EMAIL,), None, DELETION_KEPT),
        (None, (), (NOBODY,), None, DELETION_KEPT),
    ],
)
def test_a_row_is_sent_or_rejected_or_left_alone_and_counted_once(
    decision: Decision,
    identifiers: tuple[str, ...],
    rejections: tuple[Rejection, ...],
    expected: Any,
    reason: str | None,
) -> None:
    counts = Counts()
    assert take_row(decision, MappedRow(identifiers, rejections), "op", counts) == expected
    assert counts == Counts(Counter({reason: 1} if reason else {}), Counter())


def test_what_is_refused_in_a_row_that_has_others_is_counted_by_identifier() -> None:
    counts = Counts()
    assert take_row(Operation.ADD, MappedRow(("x",), (BAD_EMAIL, BAD_EMAIL)), None, counts) is Operation.ADD
    assert counts == Counts(Counter(), Counter({"invalid_email": 2}))


def test_a_column_that_is_set_when_somebody_leaves_decides(decisions: Decisions) -> None:
    rows = [{"left": None}, {"left": ""}, {"left": "2026-11-22"}, {"left": "false"}, {}]
    setting = {"mode": "removes_if_set", "column": "left"}
    expected = [Operation.ADD, Operation.ADD, Operation.REMOVE, Operation.REMOVE, Operation.ADD]
    assert decisions(["email", "left"], rows, operation_column=setting) == expected


def test_a_column_that_is_set_while_somebody_takes_part_decides(decisions: Decisions) -> None:
    rows = [{"since": None}, {"since": "2026-11-22"}, {"since": "0000-00-00"}]
    setting = {"mode": "adds_if_set", "column": "since"}
    expected = [Operation.REMOVE, Operation.ADD, Operation.REMOVE]
    assert decisions(["email", "since"], rows, operation_column=setting) == expected


def test_a_stream_without_the_column_that_is_set_while_somebody_takes_part_adds(decisions: Decisions) -> None:
    rows = [{"_ab_cdc_deleted_at": None}, {"_ab_cdc_deleted_at": "2026-11-22"}]
    setting = {"mode": "adds_if_set", "column": "since"}
    columns = ["email", "_ab_cdc_deleted_at"]
    assert decisions(columns, rows, operation_column=setting, allow_missing_columns=True) == [
        Operation.ADD,
        Operation.REMOVE,
    ]


def test_a_doubtful_mark_leaves_nobody_in_who_left(decisions: Decisions) -> None:
    rows = [{"left": "false"}, {"left": "2026-11-22"}, {"left": None}]
    setting = {"mode": "removes_if_set", "column": "left"}
    suppressed = decisions(["email", "left"], rows, operation_column=setting, mode="remove")
    assert suppressed == [Operation.REMOVE, None, Operation.REMOVE]
