"""Learns from Pinterest's answers which access tier an app has. Not thread-safe: Quota locks.

What shows a tier, the surest first:

- `x-ratelimit-limit` names the window of its limit ("400, 400;w=60"): a day is Trial's, a minute or less Standard's.
- `x-ratelimit-reset` is further away than a minute's window can be: Trial.
- A write's limit is that of one tier: 300 is Trial's, 400 Standard's.
- Without headers: a request beyond Trial's number for a day was accepted: Standard. It is sent alone, so that no more
  than one is refused if the app has Trial access.
- A refusal asks to come back in an hour or later, or requests are refused for longer than a minute without one
  between that is accepted: probably Trial. The second is no proof, since another program may use up Standard's
  minutes, so it is said, but nothing is held back for it.

Source: developers.pinterest.com/docs/reference/rate-limits (read 2026-11-22); a reset of 67150 s on the daily limit as
    seen in airbytehq/airbyte #16161.
Doubt: Pinterest documents no form of these headers, nor that they are sent at all.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from destination_pinterest.access_tiers import STANDARD_WRITES_A_MINUTE, TRIAL_WRITES_A_DAY
from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.headers import RateHeaders

KnownTier = Literal["standard", "trial"]

_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3_600.0
# A reset in a minute's window may be rounded up, and the clocks may differ.
_LONGEST_RESET_OF_A_MINUTE_S: Final = 2 * _MINUTE_S
_TOO_MANY: Final = 429


class Answered(msgspec.Struct, frozen=True):
    """How a request was answered. `status` is None if it was not; `at` is in monotonic seconds."""

    category: Category
    status: int | None
    rates: RateHeaders
    at: float


class TierInUse:
    """The tier, as far as it is known. `tier` is None until then; `is_certain` says that limits may rest on it."""

    def __init__(self, tier: KnownTier | None = None) -> None:
        self.tier = tier
        self.is_certain = tier is not None
        self.is_trying = False
        self._refused_since: dict[Category, float] = {}

    @property
    def certain(self) -> KnownTier | None:
        """The tier that limits rest on."""
        return self.tier if self.is_certain else None

    def answered(self, answer: Answered, *, is_beyond_trial: bool) -> None:
        """Takes an answer; `is_beyond_trial` says that Trial access would not have allowed its request."""
        if is_beyond_trial:
            self.is_trying = False
        shown = _shown_by(answer)
        if shown == "trial" or (shown == "standard" and self.certain is None):
            self._learn(shown)
        if answer.status is not None and 200 <= answer.status < 300:
            self._refused_since.pop(answer.category, None)
            if is_beyond_trial and self.certain is None:
                self._learn("standard")
        elif answer.status == _TOO_MANY and self.tier is None:
            since = self._refused_since.setdefault(answer.category, answer.at)
            if answer.at - since > _LONGEST_RESET_OF_A_MINUTE_S:
                self.tier = "trial"

    def _learn(self, tier: KnownTier) -> None:
        self.tier, self.is_certain = tier, True


def _shown_by(answer: Answered) -> KnownTier | None:
    rates = answer.rates
    if rates.window_s is not None:
        return "standard" if rates.window_s <= _MINUTE_S else "trial"
    if rates.reset_s is not None and rates.reset_s > _LONGEST_RESET_OF_A_MINUTE_S:
        return "trial"
    if answer.status == _TOO_MANY and rates.retry_after_s is not None and rates.retry_after_s >= _HOUR_S:
        return "trial"
    if answer.category is Category.ADS_WRITE:
        if rates.limit == TRIAL_WRITES_A_DAY:
            return "trial"
        if rates.limit == STANDARD_WRITES_A_MINUTE:
            return "standard"
    return None
