"""One lane for each audience that the streams of a sync lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from destination_pinterest.audience.batch import MembershipBatch
from destination_pinterest.audience.generation import new_generation, obstacle, replaces
from destination_pinterest.audience.lane import AudienceLane
from destination_pinterest.audience.memory import LaneMemory
from destination_pinterest.audience.routing import StreamWay
from destination_pinterest.audience.target import AudienceTarget
from destination_pinterest.config import Config
from destination_pinterest.protocol.catalog import StreamPlan
from destination_pinterest.system import System

# Requests a second to one list that may be worth having in flight, by tier: the quota's own rate; for `none`, half of
# the 100 a second that Pinterest allows any app (developers.pinterest.com rate limits, read 2026-11-22).
_RATE_PER_S: Final = {"standard": 400 / 60, "trial": 1.0, "none": 50.0}


def make_lanes(ways: Sequence[StreamWay], config: Config, system: System) -> dict[tuple[str, str], AudienceLane]:
    """Lanes by their key; streams that lead to one name, or were pointed at one audience, share one."""
    by_audience: dict[tuple[str, str], list[StreamWay]] = {}
    for way in ways:
        by_audience.setdefault(way.lane_key, []).append(way)
    return {
        key: AudienceLane(
            _target(sharing, config, system),
            MembershipBatch(config.batch_size),
            tuple(way.plan.key for way in sharing),
            _RATE_PER_S[config.access_tier],
            _memory([way.plan for way in sharing], config),
        )
        for key, sharing in by_audience.items()
    }


def why_not_replaced(ways: Iterable[StreamWay], config: Config) -> str | None:
    """Why the audience that streams share is added to although one of them asks for its replacement; None if not so."""
    plans = [way.plan for way in ways]
    wanting = [plan for plan in plans if replaces(plan)]
    if not wanting or config.mode == "remove":
        return None
    if config.mode == "additive":
        return f"the setting What the table does (mode) is {config.mode}"
    # With a memory, streams of one audience don't depend on each other.
    return obstacle(plans if config.membership_store is None else wanting)


def _target(sharing: Sequence[StreamWay], config: Config, system: System) -> AudienceTarget:
    target = AudienceTarget(
        sharing[0].audience,
        frozenset(identity.identifier for way in sharing for identity in way.identities),
        chosen_id=sharing[0].audience_id,
    )
    plans = [way.plan for way in sharing]
    if config.mode != "mirror" or config.membership_store is not None:
        return target
    if any(replaces(plan) for plan in plans) and obstacle(plans) is None:
        target.generation = new_generation(plans, target.chosen_id, system.now(), system.chance())
    return target


def _memory(plans: Sequence[StreamPlan], config: Config) -> LaneMemory | None:
    if config.mode != "mirror" or config.membership_store is None:
        return None
    return LaneMemory(plans, max_removal_percent=config.max_removal_percent, allow_empty=config.allow_empty_audience)
