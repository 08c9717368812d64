"""Decides what a row does to its identifiers, from its deciding columns, or why it does nothing.

A sync and a dry run call the same functions, so both count the same rows for the same reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from destination_pinterest.config import Config, OperationColumnSetting
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.identity.consent import Consent, ConsentRule
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
# Removals from an exclusion audience of identifiers that another row of the sync adds.
STILL_EXCLUDED: Final = "still_excluded"


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
    if plan.consent_column is not None:
        return _with_consent(plan, config, by_columns)
    if config.mode != "remove":
        return by_columns
    if by_columns is None:
        return _always_remove
    return lambda values: _suppressed(by_columns(values))


def excludes(config: Config) -> bool:
    """Whether the audiences of the settings are there to exclude people: who leaves them may be advertised to."""
    return config.used_for == "exclusion"


def forgets_everywhere(config: Config) -> bool:
    """Whether a sync takes the people of its rows out of every customer list, not of one audience.

    Raises:
        InvalidConfigError: the settings say so, and that rows add people.
    """
    if config.remove_from == "audience":
        return False
    if config.mode != "remove":
        raise InvalidConfigError(
            Code.REMOVAL_PLACE_UNUSED,
            "Remove from (remove_from) is everywhere, but What the table does (mode) is "
            f"{config.mode}, so rows add people. Set mode to remove, or remove_from to audience.",
        )
    return True


def operation_rule(config: Config) -> OperationRule:
    """Returns the rule for operations and deletions from the settings.

    Raises:
        InvalidConfigError: an operation value is blank, or both adds and removes.
    """
    # The rows of a suppression table are those who left: a doubtful one still counts. On an exclusion audience whoever
    # may have left stays.
    keeps_doubtful = (config.mode == "remove") != (config.used_for == "exclusion")
    setting = config.operation_column
    by_value = setting if isinstance(setting, OperationColumnSetting) else None
    return OperationRule(
        add_values=by_value.add_values if by_value else (),
        remove_values=by_value.remove_values if by_value else (),
        if_set=_IF_SET[setting.mode] if setting else None,
        deletes="keep" if config.mode == "additive" else config.deletes,
        if_doubtful=Operation.ADD if keeps_doubtful else Operation.REMOVE,
    )


def consent_rule(config: Config) -> ConsentRule:
    """Returns the rule for consent from the settings.

    Raises:
        InvalidConfigError: one of the values that permit is blank.
    """
    return ConsentRule(config.consent_column.permits if config.consent_column else ())


def adds_unknown_operations(config: Config) -> bool:
    """Whether a row whose operation is not known adds: on an exclusion audience, to leave it out would be worse."""
    return config.used_for == "exclusion" and config.mode != "remove"


def take_row(
    decision: Decision,
    mapped: MappedRow,
    operation_column: str | None,
    counts: RowCounts,
    *,
    consent_column: str | None = None,
) -> Operation | Rejection | None:
    """Decides about a row, and counts it unless its identifiers are sent. Those of a row without consent leave.

    Returns:
        What its identifiers are sent for; or why the row is rejected; or None if its deletion is ignored, or only
        people are in it who were forgotten.
    """
    if decision is None:
        counts.count_not_synced(DELETION_KEPT)
        return None
    if isinstance(decision, Operation) and mapped.identifiers:
        if mapped.rejections:
            counts.count_refused(mapped.rejections)
        return decision
    if decision is RejectionReason.NO_CONSENT and mapped.identifiers:
        rejection = Rejection(consent_column, None, decision)
    elif decision is RejectionReason.UNKNOWN_OPERATION:
        rejection = Rejection(operation_column, None, decision)
    elif any(rejection.reason is RejectionReason.SUPPRESSED for rejection in mapped.rejections):
        counts.count_not_synced(RejectionReason.SUPPRESSED.value)
        return None
    else:
        rejection = mapped.rejections[0]
        if decision is Operation.REMOVE and rejection.reason is RejectionReason.NO_IDENTITY:
            rejection = Rejection(None, None, RejectionReason.NO_IDENTITY_IN_DELETION)
    counts.count_not_synced(rejection.reason.value)
    return rejection


def _always_remove(_values: Sequence[object]) -> Decision:
    return Operation.REMOVE


def _with_consent(plan: StreamPlan, config: Config, by_columns: Decide | None) -> Decide:
    """Decides by the other columns only where the consent column, the last one, permits it."""
    rule, consent = operation_rule(config), consent_rule(config)
    times = slice(0 if plan.operation_column is None else 1, -1)

    def decide(values: Sequence[object]) -> Decision:
        decision = Operation.ADD if by_columns is None else by_columns(values[:-1])
        said = consent.read(values[-1])
        if said is Consent.GIVEN:
            return decision
        # A row that is gone from its table says no more than that; a log often leaves the rest of it blank.
        if decision is Operation.REMOVE and rule.is_deleted(values[times]):
            return decision
        if said is Consent.UNSTATED and decision in {Operation.REMOVE, None}:
            return decision
        return RejectionReason.NO_CONSENT

    return decide


def _by_columns(plan: StreamPlan, config: Config) -> Decide | None:
    if plan.operation_column is None and not plan.deletion_columns:
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
