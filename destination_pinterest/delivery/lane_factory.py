"""One lane for each audience that the streams of a sync lead to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from destination_pinterest.audiences.shadow_list import new_shadow_list
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import Config
from destination_pinterest.delivery.batch import MembershipBatch
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.tracked import LaneMemory
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.routing.replacement import obstacle, replaces
from destination_pinterest.system import System

# Requests a second to one list that may be worth having in flight, by tier: the quota's own rate; for `none`, half of
# the 100 a second that Pinterest allows any app (developers.pinterest.com rate limits, read 2026-11-22).
_RATE_PER_S: Final = {"standard": 400 / 60, "trial": 1.0, "none": 50.0}


def make_lanes(ways: Sequence[StreamPlan], config: Config, system: System) -> dict[tuple[str, str], AudienceLane]:
    """Lanes by their key; streams that lead to one name, or were pointed at one audience, share one."""
    by_audience: dict[tuple[str, str], list[StreamPlan]] = {}
    for way in ways:
        by_audience.setdefault(way.lane_key, []).append(way)
    return {
        key: AudienceLane(
            _target(sharing, config, system),
            MembershipBatch(config.batch_size),
            tuple(way.stream.key for way in sharing),
            _RATE_PER_S[config.access_tier],
            _memory([way.stream for way in sharing], config),
        )
        for key, sharing in by_audience.items()
    }


def _target(sharing: Sequence[StreamPlan], config: Config, system: System) -> AudienceTarget:
    target = AudienceTarget(
        sharing[0].audience,
        frozenset(identity.identifier for way in sharing for identity in way.identities),
        chosen_id=sharing[0].audience_id,
    )
    plans = [way.stream for way in sharing]
    if config.mode != "mirror" or config.membership_store is not None:
        return target
    if any(replaces(plan) for plan in plans) and obstacle(plans) is None:
        target.generation = new_shadow_list(plans, target.chosen_id, system.now(), system.chance())
    return target


def _memory(plans: Sequence[ConfiguredStream], config: Config) -> LaneMemory | None:
    if config.mode != "mirror" or config.membership_store is None:
        return None
    return LaneMemory(plans, max_removal_percent=config.max_removal_percent, allow_empty=config.allow_empty_audience)
