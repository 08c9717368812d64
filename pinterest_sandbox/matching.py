"""What Pinterest's matching would have made of a list by now: its status, and the size of an audience made of it.

Nothing runs in the background: the answer follows from the clock, the last write and the members, and is worked out
when somebody asks. Counting stops at the floor where only the status is wanted.

Source: Pinterest OpenAPI 5.23.0: CustomerList.status, Audience.status (fewer than 100 Pinterest users: TOO_SMALL).
"""

from __future__ import annotations

from itertools import islice
from typing import Literal

from pinterest_sandbox.entities import Audience, AudienceStatus, CustomerList
from pinterest_sandbox.members import count_matches
from pinterest_sandbox.rows import row_matches
from pinterest_sandbox.settings import SettingsInUse
from pinterest_sandbox.world import World

# Audience.status says that a list needs 100 people with Pinterest accounts before it can be used.
SMALLEST_AUDIENCE = 100

ListStatus = Literal["PROCESSING", "READY", "TOO_SMALL"]


def count_people(world: World, customer_list: CustomerList, match_rate: float, at_most: int | None = None) -> int:
    """How many people of a list Pinterest knows, counting no further than `at_most`."""
    members = count_matches(world.members[customer_list.id], customer_list.list_type, match_rate, at_most)
    rows = (True for row in world.rows[customer_list.id] if row_matches(row, match_rate))
    return members + sum(islice(rows, None if at_most is None else at_most - members))


class Matching:
    """Answers for one world under the settings of the moment."""

    def __init__(self, world: World, settings: SettingsInUse) -> None:
        self._world = world
        self._settings = settings
        self._counted: dict[str, tuple[CustomerList, int, float, int]] = {}

    def is_settled(self, customer_list: CustomerList) -> bool:
        """Whether matching has caught up with the last write."""
        return self._is_over(customer_list.last_write_at)

    def list_status(self, customer_list: CustomerList) -> ListStatus:
        """The list's status now."""
        if not self.is_settled(customer_list):
            return "PROCESSING"
        rate = self._settings.now.match_rate
        matched = count_people(self._world, customer_list, rate, at_most=SMALLEST_AUDIENCE)
        return "READY" if matched >= SMALLEST_AUDIENCE else "TOO_SMALL"

    def list_size(self, customer_list: CustomerList) -> int | None:
        """How many people the newest finished matching found; None before the first."""
        return self._count(customer_list) if self.is_settled(customer_list) else customer_list.earlier_matched

    def before_write(self, customer_list: CustomerList) -> None:
        """Hold on to what matching has found so far, for audiences live on it while a write is worked on."""
        if self.is_settled(customer_list) and self._has_audience(customer_list):
            customer_list.earlier_matched = self._count(customer_list)

    def audience_size(self, audience: Audience) -> int | None:
        """The audience's size: None until it is worked out, and for audiences that are not of a customer list."""
        if audience.audience_type != "CUSTOMER_LIST" or not self._is_over(audience.rule_set_at):
            return None
        customer_list = self._world.customer_lists.get(audience.rule["customer_list_id"])
        return self.list_size(customer_list) if customer_list else 0

    def audience_status(self, audience: Audience) -> AudienceStatus:
        """The audience's status now."""
        if audience.pinned_status is not None:
            return audience.pinned_status
        if audience.audience_type != "CUSTOMER_LIST":
            return "READY" if self._is_over(audience.rule_set_at) else "INITIALIZING"
        size = self.audience_size(audience)
        if size is None:
            return "INITIALIZING"
        return "READY" if size >= SMALLEST_AUDIENCE else "TOO_SMALL"

    def _is_over(self, began_at: float) -> bool:
        return self._world.now() >= began_at + self._settings.now.matching_delay_s

    def _count(self, customer_list: CustomerList) -> int:
        rate = self._settings.now.match_rate
        known = self._counted.get(customer_list.id)
        # The list itself is compared as well: after a reset another one may bear its id.
        if known and known[0] is customer_list and known[1:3] == (customer_list.num_batches, rate):
            return known[3]
        count = count_people(self._world, customer_list, rate)
        self._counted[customer_list.id] = (customer_list, customer_list.num_batches, rate, count)
        return count

    def _has_audience(self, customer_list: CustomerList) -> bool:
        return any(
            audience.rule.get("customer_list_id") == customer_list.id for audience in self._world.audiences.values()
        )
