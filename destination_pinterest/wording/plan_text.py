"""Words the plan of a sync: where each stream goes, and what can't be done as asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from destination_pinterest.config import Config
from destination_pinterest.routing.audience_plan import EPOCH_S, AudiencePlan, uses_membership_store
from destination_pinterest.routing.plan import StreamPlan, missing_columns

# A log level and a sentence.
PlanLine = tuple[str, str]

_NO_LISTS: Final[Mapping[tuple[str, str], str]] = {}


def plan_lines(
    plans: Iterable[StreamPlan],
    audiences: Iterable[AudiencePlan],
    config: Config,
    shadow_lists: Mapping[tuple[str, str], str] = _NO_LISTS,
) -> Iterator[PlanLine]:
    """Yields log levels and sentences, in the order to log them.

    Args:
        plans: the plans of all streams.
        audiences: the plans of their audiences.
        config: the settings.
        shadow_lists: the names of shadow lists by `lane_key`, if known.
    """
    for plan in plans:
        yield from _of_stream(plan, config)
    for audience in audiences:
        yield from _of_audience(audience, shadow_lists.get(audience.plans[0].lane_key))
    yield from (("WARN", sentence) for sentence in unused_store(config))


def unused_store(config: Config) -> Iterator[str]:
    """Yields a sentence if a membership store is set up but not used."""
    if config.membership_store is not None and not uses_membership_store(config):
        yield f"The membership store is not used, since What the table does (mode) is {config.mode}."


def _of_stream(plan: StreamPlan, config: Config) -> Iterator[PlanLine]:
    read = "identities: " + ", ".join(f"{one.column} as {one.identifier} ({one.format})" for one in plan.identities)
    deletions = [*plan.deletion_columns, *([plan.operation_column] if plan.operation_column else [])]
    if deletions:
        read += f"; deletions: {', '.join(deletions)}"
    does = "removes members from" if plan.only_removes or config.mode == "remove" else "goes to"
    yield "INFO", f'Stream "{plan.stream.key}" {does} the audience "{plan.audience}"; {read}.'
    absent = [column for column in missing_columns(plan.stream, config) if column != _operation_column(config)]
    if absent:
        names = ", ".join(f'"{column}"' for column in absent)
        yield "WARN", f'The stream "{plan.stream.key}" lacks identity columns of the settings: {names}.'
    setting = config.operation_column
    if setting is not None and plan.operation_column is None and not plan.only_removes and config.mode != "remove":
        text = (
            f'The stream "{plan.stream.key}" has no column "{setting.column}" (the operation column of the settings), '
            "so all its rows add members unless they are marked as deleted."
        )
        yield "WARN", text


def _operation_column(config: Config) -> str | None:
    return None if config.operation_column is None else config.operation_column.column


def _of_audience(audience: AudiencePlan, shadow_list: str | None) -> Iterator[PlanLine]:
    if audience.keeping == "swap":
        collected = "a new customer list" if shadow_list is None else f'the customer list "{shadow_list}"'
        text = (
            f'The audience "{audience.name}" is to be replaced: the rows go into {collected}, which replaces '
            "the present one once the whole table has arrived."
        )
        yield "INFO", text
    elif audience.keeping == "mirror":
        when = "at the end" if audience.replaced else f"every {EPOCH_S / 60:.0f} minutes and at the end"
        text = (
            f'The audience "{audience.name}" uses the membership store: rows are compared with the members '
            f"that the connector has added, and only the difference is sent, {when}."
        )
        yield "INFO", text
    if audience.why_not_replaced is not None:
        text = (
            f'The audience "{audience.name}" is not replaced but added to, since {audience.why_not_replaced}: members '
            "that are no longer in the table stay in the audience."
        )
        yield "WARN", text
