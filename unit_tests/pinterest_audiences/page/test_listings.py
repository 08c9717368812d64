from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import Failure
from pinterest_audiences.page.listings import AskedListings, Key, Listed
from pinterest_audiences.sign_in.profiles import Profile

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
SHOP = Profile("shop", Path("shop.json"), "1", None, None)
BROKEN = Profile("broken", Path("broken.json"), None, None, None, fault="no JSON")


class Pinterest:
    """Answers what it is told to, and counts how often it is asked."""

    def __init__(self) -> None:
        self.now = NOON
        self.asked: list[str] = []
        self.failure: Failure | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.listings = AskedListings(self.ask, 600, lambda: self.now)

    def ask(self, profile: Profile) -> Listed:
        self.asked.append(profile.name)
        self.may_answer.wait(5)
        if self.failure:
            return Listed(self.now, failure=self.failure)
        return Listed(self.now, {"ad_account_id": "1"}, listed_at=self.now)

    def looked_at(self, *profiles: Profile) -> dict[Key, Listed]:
        self.listings.latest(profiles)
        self.listings.wait(5)
        return dict(self.listings.latest(profiles))


def test_nobody_waits_for_pinterest() -> None:
    pinterest = Pinterest()
    pinterest.may_answer.clear()

    assert pinterest.listings.latest([SHOP]) == {}
    assert pinterest.listings.latest([SHOP]) == {}
    assert pinterest.listings.is_asking()
    pinterest.may_answer.set()
    pinterest.listings.wait(5)
    assert pinterest.asked == ["shop"]
    assert pinterest.listings.latest([SHOP])["shop", "1"].content == {"ad_account_id": "1"}


def test_pinterest_is_asked_again_only_when_the_answer_is_old() -> None:
    pinterest = Pinterest()
    pinterest.looked_at(SHOP)
    pinterest.now = NOON + timedelta(seconds=599)
    pinterest.looked_at(SHOP)
    assert pinterest.asked == ["shop"]

    pinterest.now = NOON + timedelta(seconds=600)
    pinterest.looked_at(SHOP)
    assert pinterest.asked == ["shop", "shop"]


def test_an_answer_stays_when_the_next_one_is_a_failure() -> None:
    pinterest = Pinterest()
    pinterest.looked_at(SHOP)
    pinterest.now = NOON + timedelta(hours=1)
    pinterest.failure = Failure.because(Code.CONNECTOR_SILENT, "It failed.")

    known = pinterest.looked_at(SHOP)["shop", "1"]

    assert known == Listed(pinterest.now, {"ad_account_id": "1"}, pinterest.failure, NOON)


def test_a_profile_that_can_not_be_used_is_not_asked_with() -> None:
    pinterest = Pinterest()

    assert pinterest.looked_at(BROKEN) == {}
    assert pinterest.asked == []
