"""Reads from an answer's headers how much quota is left and when to retry. Only parses; tolerates any form.

Source: header names as airbytehq/airbyte #16161 saw them in Pinterest's answers (x-ratelimit-reset: 67150, seconds).
Doubt: Pinterest documents no format. `x-ratelimit-limit` may come in Envoy's form, "100, 100;w=1, 400;w=60", where the
    first number is the limit that the other two headers refer to. `Retry-After` is not documented, but obeyed if sent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

_FIRST_NUMBER: Final = re.compile(r"^\s*(-?[0-9]{1,18}(?:\.[0-9]{1,9})?)(?![0-9.])")
_POLICY: Final = re.compile(r"(?:^|,)\s*([0-9]{1,18})\s*;\s*w=([0-9]{1,9})\s*(?=[;,]|$)")
# A "reset" beyond this (about 30 years) is a point in time, not a number of seconds from now.
_EPOCH_S: Final = 315_360_000
_EPOCH_MS: Final = 1_000_000_000_000
# A day's quota ends within a day; a longer wait, or a date in another year, can't be meant.
LONGEST_WAIT_S: Final = 2 * 86_400
# A reset in whole seconds may have been rounded down by almost one.
_ROUNDING_S: Final = 1.0


class RateHeaders(msgspec.Struct, frozen=True):
    """The quota as reported by one answer; None for what it does not report. Times are in seconds from the answer.

    `window_s` is the period that `limit` is for, if the header says so.
    """

    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None
    retry_after_s: float | None = None
    window_s: float | None = None


def read_rate_headers(headers: Mapping[str, str], now: float) -> RateHeaders:
    """Reads the quota headers of an answer that came at `now` (seconds since 1970).

    `headers` is case-insensitive. What can't be parsed is None.
    """
    limit = _number(headers.get("x-ratelimit-limit"))
    remaining = _number(headers.get("x-ratelimit-remaining"))
    return RateHeaders(
        limit=None if limit is None or limit < 1 else int(limit),
        window_s=_window_s(headers.get("x-ratelimit-limit"), limit),
        remaining=None if remaining is None else max(0, int(remaining)),
        reset_s=_plausible(_seconds_from(_number(headers.get("x-ratelimit-reset")), now)),
        retry_after_s=_plausible(_retry_after_s(headers.get("retry-after"), now)),
    )


def _window_s(text: str | None, limit: float | None) -> float | None:
    """Returns the window that Envoy's form names for the limit in force, as in "100, 100;w=1, 400;w=60"."""
    policies = _POLICY.findall(text or "")
    return next((float(window) for allowed, window in policies if float(allowed) == limit and int(window) > 0), None)


def _plausible(seconds: float | None) -> float | None:
    return seconds if seconds is not None and seconds <= LONGEST_WAIT_S else None


def _number(text: str | None) -> float | None:
    found = _FIRST_NUMBER.match(text) if text else None
    return float(found[1]) if found else None


def _seconds_from(number: float | None, now: float) -> float | None:
    if number is None or number < 0:
        return None
    rounding = _ROUNDING_S if number == math.floor(number) else 0.0
    if number >= _EPOCH_MS:
        return max(0.0, number / 1000 - now)
    if number >= _EPOCH_S:
        return max(0.0, number - now + rounding)
    return number + rounding


def _retry_after_s(text: str | None, now: float) -> float | None:
    """Parses seconds or an HTTP date (RFC 9110 §10.2.3)."""
    if not text:
        return None
    number = _number(text)
    if number is not None:
        return number if number >= 0 else None
    try:
        date = parsedate_to_datetime(text)
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None
