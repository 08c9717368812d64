from __future__ import annotations

import pytest

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.headers import read_rate_headers
from destination_pinterest.api.limits import limits_of
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.tier import Answered, TierInUse
from destination_pinterest.error_codes import Code
from unit_tests.support.clock import Clock
from unit_tests.support.raises import raises

WRITE, READ = Category.ADS_WRITE, Category.ADS_READ


def headers(limit: str | None, reset: str | None, remaining: str = "50") -> dict[str, str]:
    given = {"x-ratelimit-limit": limit, "x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    return {name: value for name, value in given.items() if value is not None}


def answer(category: Category, status: int | None = 200, at: float = 0.0, **given: str) -> Answered:
    return Answered(category, status, read_rate_headers(given, 1_795_000_000.0), at)


@pytest.mark.parametrize(
    ("category", "limit", "reset", "tier"),
    [
        (WRITE, "400, 400;w=60", "41", "standard"),
        (WRITE, "100, 100;w=1, 400;w=60", "1", "standard"),
        (READ, "1000, 1000;w=60", "60", "standard"),
        (WRITE, "300, 300;w=86400", "59", "trial"),
        (READ, "1000, 1000;w=86400", "59", "trial"),
        (WRITE, "300", "67150", "trial"),
        (READ, "1000", "67150", "trial"),
        (READ, None, "67150", "trial"),
        (WRITE, "400", "12", "standard"),
        (WRITE, "400", None, "standard"),
        (WRITE, "300", "12", "trial"),
        (READ, "1000", "12", None),
        (READ, "400", "12", None),
        (WRITE, "1000", "59", None),
        (WRITE, "many", "soon", None),
        (WRITE, "400, 400;w=0", "90", "standard"),
        (WRITE, None, None, None),
    ],
)
def test_headers_show_a_tier_or_none(
    category: Category, limit: str | None, reset: str | None, tier: str | None
) -> None:
    seen = TierInUse()
    seen.answered(answer(category, **headers(limit, reset)), is_beyond_trial=False)
    assert (seen.tier, seen.is_certain) == (tier, tier is not None)


def test_what_was_learned_gives_way_to_trial_but_not_to_standard() -> None:
    seen = TierInUse("standard")
    seen.answered(answer(WRITE, **headers("300", "67150")), is_beyond_trial=False)
    assert seen.certain == "trial"
    seen.answered(answer(WRITE, **headers("400", "20")), is_beyond_trial=False)
    assert seen.certain == "trial"


def test_a_refusal_until_tomorrow_shows_trial_and_one_until_the_next_minute_nothing() -> None:
    seen = TierInUse()
    seen.answered(answer(WRITE, 429, **{"retry-after": "60"}), is_beyond_trial=False)
    assert seen.tier is None
    seen.answered(answer(WRITE, 429, **{"retry-after": "40000"}), is_beyond_trial=False)
    assert seen.certain == "trial"


def test_refusals_without_headers_for_longer_than_a_minute_are_reported_as_trial_and_hold_nothing_back() -> None:
    seen = TierInUse()
    for at in (0.0, 60.0, 121.0):
        assert seen.tier is None
        seen.answered(answer(WRITE, 429, at), is_beyond_trial=False)
    assert (seen.tier, seen.certain) == ("trial", None)


def test_a_request_that_is_accepted_in_between_shows_that_minutes_are_counted() -> None:
    seen = TierInUse()
    for status, at in ((429, 0.0), (200, 60.0), (429, 100.0), (429, 150.0)):
        seen.answered(answer(WRITE, status, at), is_beyond_trial=False)
    assert seen.tier is None


class Pinterest:
    """Answers by the limits of one tier; silent, or with headers."""

    def __init__(self, clock: Clock, tier: str, *, is_silent: bool) -> None:
        self.clock = clock
        self.allowed, self.window_s = (300, 86_400.0) if tier == "trial" else (400, 60.0)
        self.is_silent = is_silent
        self.accepted: list[float] = []
        self.refused = 0

    def answer(self) -> tuple[dict[str, str], int]:
        now = self.clock.clock()
        recent = [at for at in self.accepted if at > now - self.window_s]
        left = self.allowed - len(recent)
        if left > 0:
            self.accepted.append(now)
        else:
            self.refused += 1
        reset = int(recent[0] + self.window_s - now) if recent else int(self.window_s)
        shown = headers(str(self.allowed), str(reset), str(max(0, left - 1)))
        return ({} if self.is_silent else shown), 200 if left > 0 else 429


def send(quota: Quota, pinterest: Pinterest, count: int) -> None:
    for _ in range(count):
        quota.learn(quota.acquire(WRITE), *pinterest.answer())


def make(clock: Clock) -> Quota:
    return Quota(limits_of("auto"), longest_wait_s=3600.0, system=clock.system, observer=SilentObserver())


def test_with_headers_trial_is_known_from_the_first_answer_and_never_exceeded(clock: Clock) -> None:
    quota, pinterest = make(clock), Pinterest(clock, "trial", is_silent=False)
    send(quota, pinterest, 1)
    assert quota.tier == "trial"
    with raises(Code.QUOTA_USED_UP):
        send(quota, pinterest, 1_000)
    assert (len(pinterest.accepted), pinterest.refused) == (300, 0)


@pytest.mark.parametrize("is_silent", [False, True])
def test_standard_is_as_fast_as_if_it_had_been_set(clock: Clock, is_silent: bool) -> None:
    took = []
    for tier in ("standard", "auto"):
        began = clock.clock()
        quota = Quota(limits_of(tier), longest_wait_s=3600.0, system=clock.system, observer=SilentObserver())
        pinterest = Pinterest(clock, "standard", is_silent=is_silent)
        send(quota, pinterest, 1_500)
        assert pinterest.refused == 0
        took.append(clock.clock() - began)
    assert took[1] <= took[0] + 1.0
    assert quota.tier == "standard"


def test_without_headers_one_request_at_a_time_goes_beyond_what_trial_allows(clock: Clock) -> None:
    quota, pinterest = make(clock), Pinterest(clock, "trial", is_silent=True)
    send(quota, pinterest, 300)
    assert (quota.tier, pinterest.refused) == (None, 0)
    first = quota.acquire(WRITE)
    waited = clock.clock()
    clock.before_sleep = lambda _: None if first.answered_at else quota.learn(first, *pinterest.answer())
    quota.learn(quota.acquire(WRITE), *pinterest.answer())
    assert clock.clock() > waited
    assert quota.tier is None


def test_the_wire_that_was_lost_beyond_trial_keeps_nobody_waiting(clock: Clock) -> None:
    quota, pinterest = make(clock), Pinterest(clock, "standard", is_silent=True)
    send(quota, pinterest, 300)
    quota.learn(quota.acquire(WRITE))
    send(quota, pinterest, 1)
    assert quota.tier == "standard"


def test_a_tier_that_was_learned_earlier_holds_from_the_first_request(clock: Clock) -> None:
    quota = Quota(limits_of("auto", "trial"), longest_wait_s=60.0, system=clock.system, observer=SilentObserver())
    with raises(Code.QUOTA_USED_UP):
        send(quota, Pinterest(clock, "standard", is_silent=True), 301)
