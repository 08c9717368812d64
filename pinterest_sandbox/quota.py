"""Counts requests against Pinterest's published limits and says in headers what is left.

The window slides: a request is permitted if fewer than the limit were permitted in the seconds before it. That is the
strictest reading of "400 a minute" (a fixed window would admit twice that around its edge), so a client that is never
refused here is not refused under either.

Source: https://developers.pinterest.com/docs/reference/rate-limits/ (read 2026-11-22). The format of the headers is not
documented there; `envoy` and `plain` are the two that third parties report.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from pinterest_sandbox.settings import SettingsInUse

Category = Literal["ads_read", "ads_write", "org_read"]


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in so many seconds."""

    calls: int
    window_s: int


_ALL = "all requests"
_DAY_S = 86_400
_STANDARD = {
    _ALL: Limit(100, 1),
    "ads_read": Limit(1_000, 60),
    "ads_write": Limit(400, 60),
    "org_read": Limit(1_000, 60),
}
_TRIAL = {
    _ALL: Limit(1_000, _DAY_S),
    "ads_read": Limit(1_000, _DAY_S),
    "ads_write": Limit(300, _DAY_S),
    "org_read": Limit(1_000, _DAY_S),
}


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether a request is permitted, and what is left after it: `reset_s` until the oldest one leaves the window."""

    permitted: bool
    limit: Limit
    remaining: int
    reset_s: int


class Quota:
    """Remembers when each caller called. Standard counts by app and user, Trial by app alone."""

    def __init__(self, settings: SettingsInUse, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._log: dict[tuple[str, str, str], deque[float]] = {}

    def spend(self, category: Category, client_id: str, user_id: str) -> Allowance | None:
        """Count one request if it is permitted; None where the tier knows no limits."""
        allowances = self._allowances(category, client_id, user_id)
        if allowances is None:
            return None
        of_category, of_all = allowances
        for allowance in (of_category, of_all):
            if not allowance.permitted:
                return allowance
        now = self._clock()
        for name in (category, _ALL):
            self._log[self._key(name, client_id, user_id)].append(now)
        return replace(self._binding(category, client_id, user_id), permitted=True)

    def left(self, category: Category, client_id: str, user_id: str) -> Allowance | None:
        """What a caller has left, without spending any of it; None where the tier knows no limits."""
        return self._binding(category, client_id, user_id) if self._settings.now.tier != "none" else None

    def headers(self, allowance: Allowance | None) -> dict[str, str]:
        """The rate-limit headers of an answer."""
        form = self._settings.now.rate_limit_headers
        if allowance is None or form == "none":
            return {}
        limit = allowance.limit
        policy = f"{limit.calls}, {limit.calls};w={limit.window_s}" if form == "envoy" else str(limit.calls)
        return {
            "x-ratelimit-limit": policy,
            "x-ratelimit-remaining": str(allowance.remaining),
            "x-ratelimit-reset": str(allowance.reset_s),
        }

    def clear(self) -> None:
        """Give everyone the full quota."""
        self._log.clear()

    def _binding(self, category: Category, client_id: str, user_id: str) -> Allowance:
        """The category's allowance, or that for all requests where it is the tighter of two with one window."""
        allowances = self._allowances(category, client_id, user_id)
        assert allowances is not None  # noqa: S101 - the callers have looked at the tier
        of_category, of_all = allowances
        same_window = of_all.limit.window_s == of_category.limit.window_s
        return of_all if same_window and of_all.remaining < of_category.remaining else of_category

    def _allowances(self, category: Category, client_id: str, user_id: str) -> tuple[Allowance, Allowance] | None:
        tier = self._settings.now.tier
        if tier == "none":
            return None
        limits = _TRIAL if tier == "trial" else _STANDARD
        return (
            self._allowance(limits[category], self._key(category, client_id, user_id)),
            self._allowance(limits[_ALL], self._key(_ALL, client_id, user_id)),
        )

    def _allowance(self, limit: Limit, key: tuple[str, str, str]) -> Allowance:
        log = self._log.setdefault(key, deque())
        now = self._clock()
        while log and log[0] <= now - limit.window_s:
            log.popleft()
        remaining = max(limit.calls - len(log), 0)
        reset_s = max(math.ceil(log[0] + limit.window_s - now), 1) if log else limit.window_s
        return Allowance(remaining > 0, limit, remaining, reset_s)

    def _key(self, name: str, client_id: str, user_id: str) -> tuple[str, str, str]:
        return (name, client_id, "" if self._settings.now.tier == "trial" else user_id)
