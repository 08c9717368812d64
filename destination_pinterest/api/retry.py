"""Decides when a failed request is sent again, and words the error if it is not. Pure: no clock, no sleep.

Source: exponential backoff with jitter as in AWS's "Exponential Backoff And Jitter"; the figures are ours, but
Pinterest's own waits (Retry-After, x-ratelimit-reset) take precedence.
Doubt: how long the spam filter blocks is not documented; frequent requests are known to make it worse.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final, Self

import msgspec

from destination_pinterest.api.endpoints import Effect
from destination_pinterest.api.wire import EXCHANGE_LIMIT_S
from destination_pinterest.errors import (
    ConnectionFailedError,
    ConnectorError,
    InterruptedSyncError,
    RateLimitedError,
    ServerError,
    SpamFilterError,
    TransientError,
)

SPAM_INITIAL_S: Final = 60.0
SPAM_MAX_S: Final = 600.0
SPAM_ATTEMPTS: Final = 3
# How long an object that is fresh may take to be seen, and the longest wait meanwhile.
APPEARANCE_S: Final = 60.0
_APPEARANCE_MAX_S: Final = 15.0
_LARGEST_EXPONENT: Final = 60


class RetryPolicy(msgspec.Struct, frozen=True):
    """How long and how often one request is tried.

    `retry_s` is the time after the first failure within which the last attempt must begin; `initial_s` and `max_s` are
    the first and the longest wait between attempts; `jitter` (0 to 1) is the largest share of a wait that chance
    subtracts; `exchange_s` is how long one attempt may take, from the first byte to the last, and
    `listing_s` how long all pages of a listing. All in seconds. `repeats_unanswered`: whether a request is sent
    again that may have taken effect without a clear answer.
    """

    retry_s: float = 3600.0
    initial_s: float = 1.0
    max_s: float = 60.0
    jitter: float = 0.5
    exchange_s: float = EXCHANGE_LIMIT_S
    listing_s: float = math.inf
    repeats_unanswered: bool = True

    @classmethod
    def from_hours(cls, retry_hours: float) -> Self:
        """Returns the policy for the setting `retry_hours`."""
        return cls(retry_s=retry_hours * 3600)

    def delay_s(self, error: ConnectorError, attempt: int, elapsed_s: float, chance: float = 0.0) -> float | None:
        """Returns how long to wait after attempt number `attempt` (from 1) failed with `error`; None: give up.

            delay = min(max_s, initial_s * 2 ** (attempt - 1)) * (1 - jitter * chance)

        or, if Pinterest said when to retry,

            delay = max(retry_after_s, initial_s) + initial_s * jitter * chance

        with 0 <= chance < 1. None if waiting does not help, or if elapsed_s + delay > retry_s: a reset beyond that is
        reported now, not after an hour of sleep. The spam filter is tried at most SPAM_ATTEMPTS times, SPAM_INITIAL_S
        to SPAM_MAX_S apart.
        """
        if not isinstance(error, TransientError) or isinstance(error, InterruptedSyncError):
            return None
        if not self.repeats_unanswered and isinstance(error, ServerError | ConnectionFailedError):
            return None
        initial_s, max_s = self.initial_s, self.max_s
        if isinstance(error, SpamFilterError):
            if attempt >= SPAM_ATTEMPTS:
                return None
            initial_s, max_s = max(SPAM_INITIAL_S, initial_s), max(SPAM_MAX_S, max_s)
        asked_s = error.retry_after_s if isinstance(error, RateLimitedError | ServerError) else None
        if asked_s is None:
            growth = 2.0 ** min(attempt - 1, _LARGEST_EXPONENT)
            delay = min(max_s, initial_s * growth) * (1 - self.jitter * chance)
        else:
            delay = max(asked_s, initial_s) + initial_s * self.jitter * chance
        return delay if elapsed_s + delay <= self.retry_s else None

    def appearance_delay_s(self, attempt: int, elapsed_s: float) -> float | None:
        """Returns how long to wait after attempt number `attempt` (from 1) did not see an object yet; None: give up.

            delay = min(15, 2 ** (attempt - 1))

        None if elapsed_s + delay is above APPEARANCE_S, or above retry_s.
        """
        delay = min(_APPEARANCE_MAX_S, 2.0 ** min(attempt - 1, _LARGEST_EXPONENT))
        return delay if elapsed_s + delay <= min(APPEARANCE_S, self.retry_s) else None


def may_repeat(effect: Effect, error: ConnectorError, *, may_have_acted: bool) -> bool:
    """Whether it is safe to send the request again.

    A request that reads, or is idempotent, may always be sent again; a creation only if Pinterest certainly did not
    act: it answered 429, or never got the request.
    """
    if effect is not Effect.CREATES:
        return True
    return not may_have_acted and isinstance(error, RateLimitedError | ConnectionFailedError)


def given_up(error: ConnectorError, attempts: int, elapsed_s: float, now: float) -> ConnectorError:
    """Returns the error for a request that is not tried again: `error` with how often and how long it was tried.

    `now` is in seconds since 1970. An error that is never retried is returned as it is.
    """
    if not isinstance(error, TransientError):
        return error
    facts = [f"given up after {attempts} attempts in {span(elapsed_s)}"] if attempts > 1 else []
    if (
        isinstance(error, RateLimitedError | ServerError)
        and not isinstance(error, SpamFilterError)
        and error.retry_after_s is not None
    ):
        moment = when(now + error.retry_after_s, now)
        facts.append(f"Pinterest asks to come back {moment}, which is later than retry_hours allows")
    return error.with_message(f"{error.message} [{'; '.join(facts)}]") if facts else error


def when(moment: float, now: float) -> str:
    """Words a point in time (seconds since 1970) for people: "at 2026-11-23 04:10 UTC (in 18 h 39 min)"."""
    try:
        date = f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "in a very long time"
    return f"at {date} (in {span(moment - now)})"


def span(seconds: float) -> str:
    """Words a duration for people: "4 s", "12 min 5 s", "18 h 39 min"."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
