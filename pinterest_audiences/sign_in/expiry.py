"""When a sign-in ends, for people and for programs.

Source: developers.pinterest.com, "Set up authentication and authorization" (read 2026-11-22): a refresh token lives 60
days, and each renewal gives another 60.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pinterest_audiences.sign_in.profiles import days_until


def expiry_sentence(expires_at: datetime | None, now: datetime) -> str:
    """Says when it ends, and what prevents that."""
    if expires_at is None:
        return "When the sign-in ends is not known."
    day, days = f"{expires_at:%Y-%m-%d}", days_until(expires_at, now) or 0
    if expires_at <= now:
        return f"The sign-in ended on {day}. Sign in again by `pinterest-audiences login`."
    left = "today" if days == 0 else f"in {days} day{'s' if days > 1 else ''}"
    return f"The sign-in ends on {day} ({left}) unless a sync or check runs before that."


def expiry_json(profile: str | None, expires_at: datetime | None, now: datetime) -> dict[str, Any]:
    """The same for programs; what is not known is null."""
    return {
        "profile": profile,
        "expires_at": None if expires_at is None else expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "days_left": days_until(expires_at, now),
    }
