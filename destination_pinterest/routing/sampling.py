"""Prepares the look at the values of a stream's first rows."""

from __future__ import annotations

from collections.abc import Sequence

from destination_pinterest.config import Config, OperationColumnSetting
from destination_pinterest.identity.column_sample import ColumnSample
from destination_pinterest.routing.decision import consent_rule
from destination_pinterest.routing.plan import StreamPlan


def column_sample(plan: StreamPlan, columns: Sequence[str], config: Config) -> ColumnSample:
    """Returns an empty sample for rows that have their values in the order of `columns`."""
    by_value = plan.operation_column if isinstance(config.operation_column, OperationColumnSetting) else None
    no_marks = {by_value, plan.consent_column}
    marks = [name for name in plan.deciding_columns if name not in no_marks]
    consent = None if plan.consent_column is None else (plan.consent_column, consent_rule(config))
    return ColumnSample(columns, plan.identities, marks, consent=consent)
