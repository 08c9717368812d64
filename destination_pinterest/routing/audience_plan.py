"""How each audience of a sync is kept: added to, replaced as a whole, or compared with the membership store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from destination_pinterest.config import Config
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.routing.replacement import obstacle, replaces, why_not_replaced
from destination_pinterest.vocabulary import Identifier

# How often the delta of a tracked audience is sent while rows come, where no stream replaces anything. The platform
# expects states every 15 minutes, and a large membership store takes a while to compare.
EPOCH_S: Final = 600.0

# Rows are sent as they come; or go into a shadow list that is swapped in; or are compared, and the delta is sent.
Keeping = Literal["direct", "swapped", "tracked"]


@dataclass(frozen=True, slots=True)
class AudiencePlan:
    """What is decided about an audience before its first row.

    Args:
        name: of the audience.
        audience_id: of the audience, where streams were pointed at an existing one.
        plans: of the streams that lead to it.
        keeping: how their rows reach it.
        replaced: the streams that replace what they added before: members whom none of their rows holds leave.
        why_not_replaced: why it is only added to although a stream asks to replace it, if so.
    """

    name: str
    audience_id: str | None
    plans: tuple[StreamPlan, ...]
    keeping: Keeping
    replaced: tuple[StreamPlan, ...]
    why_not_replaced: str | None

    @property
    def streams(self) -> tuple[ConfiguredStream, ...]:
        """What the catalog says of its streams."""
        return tuple(plan.stream for plan in self.plans)

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """The kinds of identifiers that its streams bring."""
        return frozenset(identity.identifier for plan in self.plans for identity in plan.identities)


def plan_audiences(plans: Iterable[StreamPlan], config: Config) -> list[AudiencePlan]:
    """Decides about the audiences of a sync, in the order of their first streams."""
    by_audience: dict[tuple[str, str], list[StreamPlan]] = {}
    for plan in plans:
        by_audience.setdefault(plan.lane_key, []).append(plan)
    return [_plan_audience(tuple(sharing), config) for sharing in by_audience.values()]


def is_tracked(config: Config) -> bool:
    """Whether audiences are compared with the membership store: only a mirror has a use for it."""
    return config.mode == "mirror" and config.membership_store is not None


def _plan_audience(plans: tuple[StreamPlan, ...], config: Config) -> AudiencePlan:
    keeping, replaced = _keeping(plans, config)
    first = plans[0]
    return AudiencePlan(first.audience, first.audience_id, plans, keeping, replaced, why_not_replaced(plans, config))


def _keeping(plans: tuple[StreamPlan, ...], config: Config) -> tuple[Keeping, tuple[StreamPlan, ...]]:
    if is_tracked(config):
        return "tracked", tuple(plan for plan in plans if replaces(plan.stream) and obstacle([plan.stream]) is None)
    is_wanted = config.mode == "mirror" and any(replaces(plan.stream) for plan in plans)
    if is_wanted and obstacle([plan.stream for plan in plans]) is None:
        return "swapped", plans
    return "direct", ()
