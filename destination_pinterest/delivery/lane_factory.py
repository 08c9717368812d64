"""One lane for each audience that the streams of a sync lead to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from destination_pinterest.access_tiers import STANDARD_WRITES_A_MINUTE
from destination_pinterest.audiences.shadow_list import new_shadow_list
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import Config
from destination_pinterest.delivery.batch import MembershipBatch
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.tracked import LaneMemory
from destination_pinterest.routing.audience_plan import AudiencePlan, plan_audiences
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.system import System

# Requests a second to one list that may be worth having in flight, by tier: the quota's own rate; for `none`, half of
# the 100 a second that Pinterest allows any app (developers.pinterest.com rate limits, read 2026-11-22).
_RATE_PER_S: Final = {"standard": STANDARD_WRITES_A_MINUTE / 60, "trial": 1.0, "none": 50.0}


def make_lanes(ways: Sequence[StreamPlan], config: Config, system: System) -> dict[tuple[str, str], AudienceLane]:
    """Lanes by their key; streams that lead to one name, or were pointed at one audience, share one."""
    return {
        audience.plans[0].lane_key: AudienceLane(
            _target(audience, system),
            MembershipBatch(config.batch_size),
            tuple(plan.stream.key for plan in audience.plans),
            _RATE_PER_S[config.access_tier],
            _memory(audience, config),
        )
        for audience in plan_audiences(ways, config)
    }


def _target(audience: AudiencePlan, system: System) -> AudienceTarget:
    target = AudienceTarget(
        audience.name,
        frozenset(identity.identifier for plan in audience.plans for identity in plan.identities),
        chosen_id=audience.audience_id,
    )
    if audience.keeping == "swapped":
        streams = [plan.stream for plan in audience.plans]
        target.generation = new_shadow_list(streams, target.chosen_id, system.now(), system.chance())
    return target


def _memory(audience: AudiencePlan, config: Config) -> LaneMemory | None:
    if audience.keeping != "tracked":
        return None
    return LaneMemory(
        [plan.stream for plan in audience.plans],
        max_removal_percent=config.max_removal_percent,
        allow_empty=config.allow_empty_audience,
    )
