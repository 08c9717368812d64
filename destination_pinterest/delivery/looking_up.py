"""Looks up the audiences of a sync, one ad account after the other, before the first row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from destination_pinterest.audiences.desk import AudienceDesk
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.errors import ConnectorError


def look_up(
    lanes: Sequence[AudienceLane],
    desks: Mapping[str, AudienceDesk],
    on_failure: Callable[[AudienceLane, ConnectorError], None],
) -> None:
    """Completes the lanes' targets with what exists.

    Args:
        lanes: those of the audiences.
        desks: the desks of their ad accounts.
        on_failure: takes a lane whose target can't be used, and why. If an ad account can't be listed and there are
            others, that is each of its lanes.

    Raises:
        ConnectorError: the only ad account's audiences or lists can't be listed; or what `on_failure` raises.
    """
    for account, desk in desks.items():
        ours = [lane for lane in lanes if lane.target.ad_account_id == account]
        if ours:
            _look_up_in(ours, desk, on_failure, is_only=len(ours) == len(lanes))


def _look_up_in(
    lanes: Sequence[AudienceLane],
    desk: AudienceDesk,
    on_failure: Callable[[AudienceLane, ConnectorError], None],
    *,
    is_only: bool,
) -> None:
    ended: list[ConnectorError] = []

    def hand_on(number: int, failure: ConnectorError) -> None:
        try:
            on_failure(lanes[number], failure)
        except ConnectorError as end:
            ended.append(end)
            raise

    try:
        updates = desk.lookup.find([lane.target for lane in lanes], hand_on)
    except ConnectorError as failure:
        if is_only or failure in ended:
            raise
        for lane in lanes:
            on_failure(lane, failure)
        return
    for lane, update in zip(lanes, updates, strict=True):
        lane.update(update)
