"""Plans how each audience of a sync is kept: added to, swapped as a whole, or mirrored with the membership store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from destination_pinterest.config import Config
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.routing.replacement import obstacle, replaces, why_not_replaced
from destination_pinterest.vocabulary import Identifier

# How often the delta of a mirrored audience is sent while rows arrive, if no stream replaces anything. The platform
# expects states every 15 minutes, and comparing a large membership store takes a while.
EPOCH_S: Final = 600.0

# Rows are sent as they arrive; or fill a shadow list that is swapped in; or are compared, and the delta is sent.
Keeping = Literal["append", "swap", "mirror"]


@dataclass(frozen=True, slots=True)
class AudiencePlan:
    """The plan of an audience, made before its first row.

    Args:
        name: the audience's name.
        audience_id: the audience's id, if streams were pointed at an existing one.
        plans: the plans of its streams.
        keeping: which strategy keeps it; named like delivery's modules.
        replaced: the streams that replace what they added before: members that are in none of their rows are removed.
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
        """The audience's streams in the catalog."""
        return tuple(plan.stream for plan in self.plans)

    @property
    def only_removes(self) -> bool:
        """Whether no stream ever adds anybody."""
        return all(plan.only_removes for plan in self.plans)

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """The kinds of identifiers that its streams have."""
        return frozenset(identity.identifier for plan in self.plans for identity in plan.identities)


def plan_audiences(plans: Iterable[StreamPlan], config: Config) -> list[AudiencePlan]:
    """Plans the audiences of a sync, in the order of their first streams."""
    by_audience: dict[tuple[str, str], list[StreamPlan]] = {}
    for plan in plans:
        by_audience.setdefault(plan.lane_key, []).append(plan)
    return [_plan_audience(tuple(sharing), config) for sharing in by_audience.values()]


def uses_membership_store(config: Config) -> bool:
    """Whether audiences are compared with the membership store, which only the mode mirror uses."""
    return config.mode == "mirror" and config.membership_store is not None


def columns_told_apart(audiences: Iterable[AudiencePlan]) -> frozenset[str]:
    """Returns the columns in which a record that lacks them says something else than null: the row keeps its value."""
    plans = (plan for audience in audiences if audience.keeping == "mirror" for plan in audience.plans if plan.has_key)
    return frozenset(identity.column for plan in plans for identity in plan.identities)


def _plan_audience(plans: tuple[StreamPlan, ...], config: Config) -> AudiencePlan:
    keeping, replaced = _keeping(plans, config)
    first = plans[0]
    return AudiencePlan(first.audience, first.audience_id, plans, keeping, replaced, why_not_replaced(plans, config))


def _keeping(plans: tuple[StreamPlan, ...], config: Config) -> tuple[Keeping, tuple[StreamPlan, ...]]:
    if uses_membership_store(config):
        return "mirror", tuple(plan for plan in plans if replaces(plan.stream) and obstacle([plan.stream]) is None)
    is_wanted = config.mode == "mirror" and any(replaces(plan.stream) for plan in plans)
    if is_wanted and obstacle([plan.stream for plan in plans]) is None:
        return "swap", plans
    return "append", ()
