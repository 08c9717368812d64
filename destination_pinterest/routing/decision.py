"""Decides what a row does to its identifiers, from its deciding columns, or why it does nothing.

A sync and a dry run call the same functions, so both count the same rows for the same reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from destination_pinterest.config import Config, OperationColumnSetting
from destination_pinterest.identity.mapping import MappedRow
from destination_pinterest.identity.operation import OperationRule
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.vocabulary import Operation

Decision = Operation | RejectionReason | None
# Decides from the values of a plan's `deciding_columns`, in order.
Decide = Callable[[Sequence[object]], Decision]

# What a value in the operation column does, by the column's mode; None: that depends on the value.
_IF_SET: Final[Mapping[str, Operation | None]] = MappingProxyType(
    {"column": None, "removes_if_set": Operation.REMOVE, "adds_if_set": Operation.ADD}
)

# Reasons for rows that nothing is wrong with: deletions that the settings ignore, removals from an audience that has no
# members yet, and deletions by a key that the membership store does not know.
DELETION_KEPT: Final = "deletion_kept"
NOBODY_TO_REMOVE: Final = "nobody_to_remove"
UNKNOWN_KEY: Final = "unknown_key"


class RowCounts(Protocol):
    """Counts rows that change nothing, by reason, and identifiers refused in rows that have others."""

    def count_not_synced(self, reason: str) -> None:
        """Counts a row that changes nothing."""

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """Counts identifiers of a row that has others."""


def decision_of(plan: StreamPlan, config: Config) -> Decide | None:
    """Returns how to decide about a stream's rows; None if every row adds its identifiers."""
    if plan.only_removes:
        return _always_remove
    by_columns = _by_columns(plan, config)
    if config.mode != "remove":
        return by_columns
    if by_columns is None:
        return _always_remove
    return lambda values: _suppressed(by_columns(values))


def operation_rule(config: Config) -> OperationRule:
    """Returns the rule for operations and deletions from the settings.

    Raises:
        InvalidConfigError: an operation value is blank, or both adds and removes.
    """
    setting = config.operation_column
    by_value = setting if isinstance(setting, OperationColumnSetting) else None
    return OperationRule(
        add_values=by_value.add_values if by_value else (),
        remove_values=by_value.remove_values if by_value else (),
        if_set=_IF_SET[setting.mode] if setting else None,
        deletes="keep" if config.mode == "additive" else config.deletes,
        # The rows of a suppression table are those who left: a doubtful one still counts.
        if_doubtful=Operation.ADD if config.mode == "remove" else Operation.REMOVE,
    )


def take_row(
    decision: Decision, mapped: MappedRow, operation_column: str | None, counts: RowCounts
) -> Operation | Rejection | None:
    """Decides about a row, and counts it if it changes nothing.

    Returns:
        What its identifiers are sent for; or why the row is rejected; or None if its deletion is ignored.
    """
    if decision is None:
        counts.count_not_synced(DELETION_KEPT)
        return None
    if isinstance(decision, Operation) and mapped.identifiers:
        if mapped.rejections:
            counts.count_refused(mapped.rejections)
        return decision
    if isinstance(decision, RejectionReason):
        rejection = Rejection(operation_column, None, decision)
    else:
        rejection = mapped.rejections[0]
        if decision is Operation.REMOVE and rejection.reason is RejectionReason.NO_IDENTITY:
            rejection = Rejection(None, None, RejectionReason.NO_IDENTITY_IN_DELETION)
    counts.count_not_synced(rejection.reason.value)
    return rejection


def _always_remove(_values: Sequence[object]) -> Decision:
    return Operation.REMOVE


def _by_columns(plan: StreamPlan, config: Config) -> Decide | None:
    if not plan.deciding_columns:
        return None
    rule = operation_rule(config)
    if plan.operation_column is None:
        return lambda values: rule.decide_by_times(*values)
    decide = rule.decide
    return lambda values: decide(*values)


def _suppressed(decision: Decision) -> Decision:
    """Decides about a row of a suppression table: it removes its identifiers; a deleted row changes nothing."""
    if decision is Operation.ADD:
        return Operation.REMOVE
    return None if decision is Operation.REMOVE else decision
