"""What is decided before the first row, in sentences: where each stream goes, and what can't be done as asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from destination_pinterest.config import Config
from destination_pinterest.routing.audience_plan import EPOCH_S, AudiencePlan, is_tracked
from destination_pinterest.routing.plan import StreamPlan

# A log level and a sentence.
PlanLine = tuple[str, str]

_NO_LISTS: Final[Mapping[tuple[str, str], str]] = {}


def plan_lines(
    plans: Iterable[StreamPlan],
    audiences: Iterable[AudiencePlan],
    config: Config,
    shadow_lists: Mapping[tuple[str, str], str] = _NO_LISTS,
) -> Iterator[PlanLine]:
    """Levels and sentences, in the order in which they are logged.

    Args:
        plans: of all streams.
        audiences: that they lead to.
        config: the settings.
        shadow_lists: names of the customer lists that swapped audiences are built in, by `lane_key`, where they are
            known.
    """
    for plan in plans:
        yield from _of_stream(plan, config)
    for audience in audiences:
        yield from _of_audience(audience, shadow_lists.get(audience.plans[0].lane_key))
    yield from (("WARN", sentence) for sentence in unused_store(config))


def unused_store(config: Config) -> Iterator[str]:
    """Says that a membership store is set up and not used, where that is so."""
    if config.membership_store is not None and not is_tracked(config):
        yield f"The membership store is not used, since What the table does (mode) is {config.mode}."


def _of_stream(plan: StreamPlan, config: Config) -> Iterator[PlanLine]:
    read = "identities: " + ", ".join(f"{one.column} as {one.identifier} ({one.format})" for one in plan.identities)
    deletions = [*plan.deletion_columns, *([plan.operation_column] if plan.operation_column else [])]
    if deletions:
        read += f"; deletions: {', '.join(deletions)}"
    does = "takes people out of" if plan.only_removes or config.mode == "remove" else "goes to"
    yield "INFO", f'Stream "{plan.stream.key}" {does} the audience "{plan.audience}"; {read}.'
    setting = config.operation_column
    if setting is not None and plan.operation_column is None and not plan.only_removes and config.mode != "remove":
        text = (
            f'The stream "{plan.stream.key}" has no column "{setting.column}" (the operation column of the settings), '
            "so all its rows add people unless they are marked as deleted."
        )
        yield "WARN", text


def _of_audience(audience: AudiencePlan, shadow_list: str | None) -> Iterator[PlanLine]:
    if audience.keeping == "swapped":
        collected = "a customer list of its own" if shadow_list is None else f'the customer list "{shadow_list}"'
        text = (
            f'The audience "{audience.name}" is to be replaced: the rows go into {collected}, which takes the place of '
            "the present one once the whole table has arrived."
        )
        yield "INFO", text
    elif audience.keeping == "tracked":
        when = "at the end" if audience.replaced else f"every {EPOCH_S / 60:.0f} minutes and at the end"
        text = (
            f'The audience "{audience.name}" is remembered in the membership store: rows are compared with the members '
            f"that the connector has added, and only the difference is sent, {when}."
        )
        yield "INFO", text
    if audience.why_not_replaced is not None:
        text = (
            f'The audience "{audience.name}" is not replaced but added to, since {audience.why_not_replaced}: members '
            "who are no longer in the table stay in the audience."
        )
        yield "WARN", text
