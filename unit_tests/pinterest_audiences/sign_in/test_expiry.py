"""When a sign-in ends, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pinterest_audiences.sign_in.expiry import expiry_json, expiry_sentence

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=59, hours=5), "ends on 2027-03-01 (in 59 days) unless"),
        (timedelta(days=1, hours=1), "ends on 2027-01-02 (in 1 day) unless"),
        (timedelta(hours=3), "ends on 2027-01-01 (today) unless"),
        (timedelta(days=-1), "ended on 2026-12-31. Sign in again"),
    ],
)
def test_the_day_is_said_with_the_days_left(left: timedelta, said: str) -> None:
    assert said in expiry_sentence(NOW + left, NOW)


def test_what_is_not_known_is_not_guessed() -> None:
    assert expiry_sentence(None, NOW) == "When the sign-in ends is not known."
    assert expiry_json("p", None, NOW) == {"profile": "p", "expires_at": None, "days_left": None}


def test_programs_get_the_moment_and_the_days() -> None:
    found = expiry_json(None, NOW + timedelta(days=2), NOW)
    assert found == {"profile": None, "expires_at": "2027-01-03T12:00:00Z", "days_left": 2}
