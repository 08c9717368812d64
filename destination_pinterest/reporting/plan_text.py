"""What is said before the first request: where each stream goes, by which columns, and what can't be done as asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from destination_pinterest.config import Config
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.tracked import EPOCH_S
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.routing.replacement import why_not_replaced

Announcement = tuple[str, str]


def announcements(
    routes: Sequence[StreamRoute], lanes: Iterable[AudienceLane], config: Config
) -> Iterator[Announcement]:
    """Levels and sentences, in the order in which they are logged."""
    for route in routes:
        yield from _of_stream(route.way, config)
    for lane in lanes:
        yield from _of_audience(lane, [route.way for route in routes if route.lane is lane], config)
    if config.membership_store is not None and config.mode != "mirror":
        yield "WARN", f"The membership store is not used, since What the table does (mode) is {config.mode}."


def _of_stream(way: StreamPlan, config: Config) -> Iterator[Announcement]:
    read = "identities: " + ", ".join(f"{one.column} as {one.identifier} ({one.format})" for one in way.identities)
    deletions = [*way.deletion_columns, *([way.operation_column] if way.operation_column else [])]
    if deletions:
        read += f"; deletions: {', '.join(deletions)}"
    does = "takes people out of" if way.only_removes or config.mode == "remove" else "goes to"
    yield "INFO", f'Stream "{way.stream.key}" {does} the audience "{way.audience}"; {read}.'
    setting = config.operation_column
    if setting is not None and way.operation_column is None and not way.only_removes and config.mode != "remove":
        text = (
            f'The stream "{way.stream.key}" has no column "{setting.column}" (the operation column of the settings), '
            "so all its rows add people unless they are marked as deleted."
        )
        yield "WARN", text


def _of_audience(lane: AudienceLane, sharing: Sequence[StreamPlan], config: Config) -> Iterator[Announcement]:
    target = lane.target
    if target.generation is not None:
        text = (
            f'The audience "{target.name}" is to be replaced: its people are collected in the customer list '
            f'"{target.list_name}", which takes the place of the present one once the whole table has come.'
        )
        yield "INFO", text
    if lane.memory is not None:
        when = "at the end" if lane.memory.is_replaced else f"every {EPOCH_S / 60:.0f} minutes and at the end"
        text = (
            f'The audience "{target.name}" is remembered in the membership store: rows are compared with whom it holds '
            f"through the connector, and only the difference is sent, {when}."
        )
        yield "INFO", text
    reason = why_not_replaced(sharing, config)
    if reason is not None:
        text = (
            f'The audience "{target.name}" is not replaced but added to, since {reason}: people who are in the table '
            "no more stay in the audience."
        )
        yield "WARN", text
