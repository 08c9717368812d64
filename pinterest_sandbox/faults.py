"""Plans of misbehaviour: which requests go wrong, and how.

A plan counts the requests to its endpoint in order of arrival (refused ones too), skips the first `after`, and hits
each later one with `probability` until it has hit `times`. Chance comes from the plan's own seed, so that a run can be
repeated. What a hit does is the pipeline's business.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Annotated, Literal

import msgspec

from pinterest_sandbox.settings import Count, NotNegative, Share

HttpStatus = Annotated[int, msgspec.Meta(ge=200, le=599)]


class _Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """How a request goes wrong."""


class Latency(_Action, frozen=True, tag="latency"):
    """The request waits before it is worked on."""

    seconds: NotNegative


class ErrorStatus(_Action, frozen=True, tag="status"):
    """An error body instead of an effect."""

    status: HttpStatus
    code: int = 0
    message: str = "Something went wrong on our end. Sorry about that."
    headers: dict[str, str] = {}


class RateLimit(_Action, frozen=True, tag="rate_limit"):
    """A 429 with code 8; with `headers` the rate-limit headers say that nothing is left, without there are none."""

    headers: bool = True
    reset_s: Count = 1
    retry_after_s: Count | None = None


class ResetBefore(_Action, frozen=True, tag="reset_before"):
    """The connection is reset, and nothing took effect."""


class ResetAfter(_Action, frozen=True, tag="reset_after"):
    """The request takes effect, and the connection is reset in place of the answer."""


class Truncate(_Action, frozen=True, tag="truncate"):
    """The request takes effect; half the answer arrives. `body` cuts the JSON but ends the answer properly."""

    how: Literal["connection", "body"] = "connection"


class NotJson(_Action, frozen=True, tag="not_json"):
    """The request takes effect; the answer is an HTML page."""

    status: HttpStatus = 200


class ExpireToken(_Action, frozen=True, tag="expire_token"):
    """The request's access token is expired from now on."""


class DeleteList(_Action, frozen=True, tag="delete_list"):
    """The customer list that the path names vanishes before the request is worked on."""


class TooLarge(_Action, frozen=True, tag="too_large"):
    """A request with more than `limit` identifiers is refused: 413, or 400 with code 1."""

    limit: Count
    status: Literal[400, 413] = 413


class LateVisible(_Action, frozen=True, tag="late_visible"):
    """A creation takes effect and is answered, but for so long nobody finds what it made: neither listing nor get.

    With `listings_only` its id is known at once. Not documented; a store that is copied behind its answers does this.
    """

    seconds: NotNegative
    listings_only: bool = False


class LateEffect(_Action, frozen=True, tag="late_effect"):
    """The connection is reset, and the request takes effect so much later: before the first request after that."""

    seconds: NotNegative


class LeaveOut(_Action, frozen=True, tag="leave_out"):
    """The answer, and each item of a listing, lacks these fields. Few are required in Pinterest's description."""

    fields: tuple[str, ...]


class LaggingCounts(_Action, frozen=True, tag="lagging_counts"):
    """The answer's counts of records are so much lower than they should be."""

    records: Count


Action = (
    Latency
    | ErrorStatus
    | RateLimit
    | ResetBefore
    | ResetAfter
    | Truncate
    | NotJson
    | ExpireToken
    | DeleteList
    | TooLarge
    | LateVisible
    | LateEffect
    | LeaveOut
    | LaggingCounts
)


class FaultPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When something goes wrong. `endpoint` is an operationId or `*`; `object_id` an id in the path."""

    action: Action
    endpoint: str = "*"
    after: Count = 0
    times: Count | None = None
    probability: Share = 1.0
    seed: int = 0
    object_id: str | None = None


class ActivePlan(msgspec.Struct):
    """A plan at work: how many requests it has counted, and how many it has hit."""

    id: int
    plan: FaultPlan
    counted: int = 0
    hits: int = 0


class Faults:
    """The plans at work, in the order in which they were added; `at_start` are there from the start."""

    def __init__(self, at_start: tuple[FaultPlan, ...] = ()) -> None:
        self._at_start = at_start
        self._plans: dict[int, tuple[ActivePlan, random.Random]] = {}
        self._last_id = 0
        self.restore()

    def restore(self) -> None:
        """Go back to the plans of the start."""
        self.clear()
        for plan in self._at_start:
            self.add(plan)

    def add(self, plan: FaultPlan) -> ActivePlan:
        """Set a plan to work."""
        self._last_id += 1
        active = ActivePlan(self._last_id, plan)
        self._plans[active.id] = (active, random.Random(plan.seed))  # noqa: S311 - to be repeatable
        return active

    def remove(self, plan_id: int) -> bool:
        """End a plan; False if there is none of that id."""
        return self._plans.pop(plan_id, None) is not None

    def clear(self) -> None:
        """End all plans."""
        self._plans.clear()

    def active(self) -> list[ActivePlan]:
        """All plans with their counts."""
        return [active for active, _ in self._plans.values()]

    def strike(self, operation_id: str, object_ids: Collection[str]) -> list[Action]:
        """What goes wrong with a request that has just arrived."""
        return [
            active.plan.action
            for active, chance in self._plans.values()
            if _concerns(active.plan, operation_id, object_ids) and _hits(active, chance)
        ]


def _concerns(plan: FaultPlan, operation_id: str, object_ids: Collection[str]) -> bool:
    return plan.endpoint in {"*", operation_id} and (plan.object_id is None or plan.object_id in object_ids)


def _hits(active: ActivePlan, chance: random.Random) -> bool:
    plan = active.plan
    active.counted += 1
    if active.counted <= plan.after or (plan.times is not None and active.hits >= plan.times):
        return False
    if chance.random() >= plan.probability:
        return False
    active.hits += 1
    return True
