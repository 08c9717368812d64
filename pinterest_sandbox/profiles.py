"""Ways to answer what Pinterest's documentation leaves open: as we believe, or each time in the way that is worst."""

from __future__ import annotations

from dataclasses import dataclass

from pinterest_sandbox.faults import FaultPlan, LateVisible, LeaveOut
from pinterest_sandbox.settings import Settings

# What partners send in one request (Braze's documentation); nobody reports that fewer are too many.
_PEOPLE_THAT_ARE_SAFE = 1_900
_LATE_S = 5.0
_LAG_S = 60.0


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings and the plans of faults that a sandbox starts with, and goes back to when it is reset."""

    settings: Settings
    plans: tuple[FaultPlan, ...] = ()


PROFILES = {
    "default": Profile(Settings()),
    "pessimist": Profile(
        Settings(
            max_records=_PEOPLE_THAT_ARE_SAFE,
            above_max_records="cut_and_count",
            count_lag_s=_LAG_S,
            rule_change="refuse",
            audience_floor="refuse",
            records_v2="refuse",
            removal_by="all",
            names="folded",
            rate_limit_headers="none",
            created_status=201,
            list_numbers="floats",
        ),
        (
            FaultPlan(LeaveOut(("rule",)), endpoint="audiences/list"),
            FaultPlan(LateVisible(_LATE_S, listings_only=True), endpoint="customer_lists/create"),
            FaultPlan(LateVisible(_LATE_S, listings_only=True), endpoint="audiences/create"),
        ),
    ),
}
