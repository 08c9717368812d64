"""How each audience of a sync is kept: which streams share it, and whether it is added to, swapped or mirrored.

Decided by the catalog and the settings before the first row, so that a dry run says what the sync does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from destination_pinterest.config import Config
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.routing.replacement import obstacle, replaces, why_not_replaced
from destination_pinterest.vocabulary import Identifier

StrategyName = Literal["append", "swap", "mirror"]


@dataclass(frozen=True, slots=True)
class AudiencePlan:
    """What is decided about an audience before the first row.

    Args:
        plans: the streams that lead to it, at least one.
        strategy: how it is kept.
        replaced: of the streams, those whose rows are to be all that the audience holds of them.
        why_not_replaced: why it is only added to although a stream asks for its replacement; None if that is not so.
    """

    plans: tuple[StreamPlan, ...]
    strategy: StrategyName
    replaced: tuple[ConfiguredStream, ...] = ()
    why_not_replaced: str | None = None

    @property
    def name(self) -> str:
        """The audience's name; for one that was chosen by its id, what it was called then."""
        return self.plans[0].audience

    @property
    def chosen_id(self) -> str | None:
        """The id of the existing audience that the streams were pointed at."""
        return self.plans[0].audience_id

    @property
    def streams(self) -> tuple[ConfiguredStream, ...]:
        """What the catalog says of its streams."""
        return tuple(plan.stream for plan in self.plans)

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """The kinds of identifiers that its streams bring."""
        return frozenset(identity.identifier for plan in self.plans for identity in plan.identities)


def plan_audiences(plans: Sequence[StreamPlan], config: Config) -> list[AudiencePlan]:
    """The audiences that streams lead to. Streams that lead to one name, or to one chosen audience, share it."""
    shared: dict[tuple[str, str], list[StreamPlan]] = {}
    for plan in plans:
        shared.setdefault(plan.lane_key, []).append(plan)
    return [_plan_audience(tuple(sharing), config) for sharing in shared.values()]


def _plan_audience(sharing: tuple[StreamPlan, ...], config: Config) -> AudiencePlan:
    streams = [plan.stream for plan in sharing]
    reason = why_not_replaced(sharing, config)
    if config.mode != "mirror":
        return AudiencePlan(sharing, "append", why_not_replaced=reason)
    if config.membership_store is not None:
        # Streams of one audience don't depend on each other: the store knows which rows are whose.
        replaced = tuple(stream for stream in streams if replaces(stream) and obstacle([stream]) is None)
        return AudiencePlan(sharing, "mirror", replaced, reason)
    if any(replaces(stream) for stream in streams) and obstacle(streams) is None:
        return AudiencePlan(sharing, "swap", tuple(streams), reason)
    return AudiencePlan(sharing, "append", why_not_replaced=reason)
