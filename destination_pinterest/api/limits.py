"""The request limits of Pinterest's access tiers, and how each kind is counted. Not thread-safe: Quota locks.

Source: developers.pinterest.com/docs/reference/rate-limits (read 2026-11-22): Standard: 100 requests a second in all,
ads_read 1,000, ads_write 400 and org_read 1,000 a minute per user and app; Trial: 1,000 requests a day in all, of which
300 ads_write. "Subject to change without notice." The 7 a second for writes is what Braze keeps to.
Doubt: whether Pinterest's minute is sliding or fixed is not documented. A limit that holds over every sliding minute
holds over every fixed one. A Trial day is assumed to be fixed; only x-ratelimit-reset tells when it ends.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Final, Literal, Protocol

import msgspec
from msgspec.structs import replace

from destination_pinterest.access_tiers import STANDARD_WRITES_A_MINUTE, TRIAL_WRITES_A_DAY, WRITES_A_SECOND
from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.tier import KnownTier, TierInUse

Tier = Literal["auto", "standard", "trial", "none"]

ALL: Final = Fraction(1)
DAY_S: Final = 86_400.0
# The clocks of two machines drift apart by about 100 parts in a million, 6 ms a minute, and a window may include both
# ends. This margin costs less than a thousandth of the quota.
_WINDOW_MARGIN_S: Final = 0.05
# If the oldest request that counts has no answer yet, it is checked again after this time.
_UNANSWERED_RECHECK_S: Final = 0.1


@dataclass(slots=True, eq=False)
class Permit:
    """Permission to send one request of `category`. Times are monotonic; `answered_at` is set by Quota.learn."""

    category: Category
    sent_at: float
    answered_at: float | None = None


class Limit(Protocol):
    """Allows a number of requests in a period. All times are on one monotonic clock, in seconds."""

    @property
    def is_window(self) -> bool:
        """Whether requests use it up, until a window ends; otherwise it only spaces them."""

    @property
    def allowed(self) -> int:
        """How many requests are allowed."""

    def free_at(self, now: float, share: Fraction = ALL) -> float:
        """Returns when the next request may be sent; not later than `now` if it may be sent at once.

        `share` is the part of the limit that may be used.
        """

    def is_certain(self, now: float, share: Fraction = ALL) -> bool:
        """Whether a request may be sent at `free_at` whatever comes until then; otherwise one looks again."""

    def take(self, permit: Permit) -> None:
        """Counts a request that is sent at a time that `free_at` allows."""

    def used(self, now: float) -> int:
        """Returns how many of the allowed requests are used up."""

    def reset_at(self, moment: float) -> None:
        """Takes note that the server resets this limit at `moment`."""


class Pace:
    """At most `allowed` requests a second, evenly spaced instead of in bursts."""

    is_window = False

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        # Rounded up to whole milliseconds, so that `allowed` + 1 requests always span more than a second.
        self._spacing_s = (math.floor(1000 / allowed) + 1) / 1000
        self._last_at = -math.inf

    def free_at(self, now: float, share: Fraction = ALL) -> float:
        """Returns one spacing after the last request; longer for a part of the limit."""
        return max(now, self._last_at + self._spacing_s / float(share))

    def is_certain(self, now: float, share: Fraction = ALL) -> bool:  # noqa: ARG002 - at any time
        """Returns True."""
        return True

    def take(self, permit: Permit) -> None:
        """The request goes. Others may tell late of theirs."""
        self._last_at = max(self._last_at, permit.sent_at)

    def used(self, now: float) -> int:  # noqa: ARG002 - the same at any time
        """Returns 0: spacing uses up no quota."""
        return 0

    def reset_at(self, moment: float) -> None:
        """Does nothing: spacing has nothing to reset."""


class SlidingWindow:
    """At most `allowed` requests in any `window_s` seconds, as the server sees them arrive.

    A request arrives at the server between its sending and its answer. So it counts from when it is sent until
    `window_s` after it was answered, however long that took: there are never `allowed` + 1 in a window. At full speed,
    the used share of the limit is window_s / (window_s + round trip + margin): 99.7 % of 400 a minute at 150 ms.

    A request without an answer counts as arrived when it is given up.
    """

    is_window = True

    def __init__(self, allowed: int, window_s: float) -> None:
        self.allowed = allowed
        self._window_s = window_s + _WINDOW_MARGIN_S
        self._permits: deque[Permit] = deque()
        # Sent before the first of `_permits`, and answered late or not yet: they must not hold up those behind them.
        self._late: list[Permit] = []

    def free_at(self, now: float, share: Fraction = ALL) -> float:
        """Returns when so many of the requests that count have left the window that one may be sent."""
        free_at = self._known_free_at(now, share)
        return now + _UNANSWERED_RECHECK_S if free_at is None else free_at

    def is_certain(self, now: float, share: Fraction = ALL) -> bool:
        """Returns whether all that have to leave the window before are answered."""
        return self._known_free_at(now, share) is not None

    def take(self, permit: Permit) -> None:
        """The request goes."""
        self._permits.append(permit)

    def used(self, now: float) -> int:
        """Returns how many requests are in the window."""
        while self._permits:
            first = self._permits[0]
            if first.answered_at is None:
                self._late.append(first)
            elif self._is_within(first, now):
                break
            self._permits.popleft()
        if self._late:
            self._late = [permit for permit in self._late if self._is_within(permit, now)]
        return len(self._permits) + len(self._late)

    def reset_at(self, moment: float) -> None:
        """Does nothing: a sliding window never ends earlier than a fixed one."""

    def _known_free_at(self, now: float, share: Fraction) -> float | None:
        leaving = self.used(now) - max(1, int(self.allowed * share)) + 1
        if leaving <= 0:
            return now
        first = (*self._late, *islice(self._permits, leaving))
        answered = sorted(permit.answered_at for permit in first if permit.answered_at is not None)
        return None if len(answered) < leaving else answered[leaving - 1] + self._window_s

    def _is_within(self, permit: Permit, now: float) -> bool:
        return permit.answered_at is None or permit.answered_at + self._window_s > now


class FixedWindow:
    """At most `allowed` requests until the window ends: `window_s` after the first, or when the server says."""

    is_window = True

    def __init__(self, allowed: int, window_s: float) -> None:
        self.allowed = allowed
        self._window_s = window_s
        self._used = 0
        self._ends_at = -math.inf

    def free_at(self, now: float, share: Fraction = ALL) -> float:  # noqa: ARG002 - see below
        """Returns the end of the window if it is used up.

        What is left of a day is not divided: Pinterest's answers say how much that is.
        """
        return now if self.used(now) < self.allowed else self._ends_at

    def is_certain(self, now: float, share: Fraction = ALL) -> bool:  # noqa: ARG002 - at any time
        """Returns True."""
        return True

    def take(self, permit: Permit) -> None:
        """Counts a request; the first one after a window's end opens the next window."""
        used = self.used(permit.sent_at)
        if permit.sent_at >= self._ends_at:
            self._ends_at = permit.sent_at + self._window_s
        self._used = used + 1

    def used(self, now: float) -> int:
        """Returns how many requests were sent since the window began."""
        if now >= self._ends_at:
            self._used = 0
        return self._used

    def reset_at(self, moment: float) -> None:
        """Ends the window when the server says."""
        self._ends_at = moment


class Limits(msgspec.Struct, frozen=True):
    """The limits of one app and user: those of all requests, and those of each category.

    If the tier is still to be learned, these are Standard's, `trial` has Trial's, and `tier` says which are in force.
    """

    everything: tuple[Limit, ...] = ()
    of_category: Mapping[Category, tuple[Limit, ...]] = msgspec.field(default_factory=dict)
    trial: Limits | None = None
    tier: TierInUse | None = None

    def on(self, category: Category) -> tuple[Limit, ...]:
        """Returns the limits on requests of a category."""
        return (*self.of_category.get(category, ()), *self.everything)


def limits_of(tier: Tier, known: KnownTier | None = None) -> Limits:
    """Returns new counters for a tier.

    `none` has no limits of its own: only the server's headers count. `auto` begins with `known`, if that is not None.
    """
    if tier == "auto":
        return replace(limits_of("standard"), trial=limits_of("trial"), tier=TierInUse(known))
    if tier == "standard":
        return Limits(
            everything=(Pace(100),),
            of_category={
                Category.ADS_WRITE: (Pace(WRITES_A_SECOND), SlidingWindow(STANDARD_WRITES_A_MINUTE, 60.0)),
                Category.ADS_READ: (SlidingWindow(1000, 60.0),),
                Category.ORG_READ: (SlidingWindow(1000, 60.0),),
            },
        )
    if tier == "trial":
        return Limits(
            everything=(FixedWindow(1000, DAY_S),),
            of_category={Category.ADS_WRITE: (Pace(WRITES_A_SECOND), FixedWindow(TRIAL_WRITES_A_DAY, DAY_S))},
        )
    return Limits()
