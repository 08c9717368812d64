"""Settlements of more than a slice: days of Trial quota, and kills anywhere between."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.access_tiers import TRIAL_WRITES_A_DAY
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import RateLimitedError
from destination_pinterest.membership.lease import LeaseTiming
from unit_tests.remembered.shop import BY_IMAGE, PLATFORM, Shop, complete, deduped, people, row, rows, state, stream
from unit_tests.support.raises import raises

DAY_S = 86_400.0
ROWS = 600
NAMES = [str(number) for number in range(ROWS)]
TRIAL = {"access_tier": "trial", "batch_size": 1, "retry_hours": 1}
# On Trial access, a slice has so many requests.
SLICE = 5


# The clock leaps while no heart beats.
PATIENT = LeaseTiming(beat_s=600.0, believed_for_s=10 * DAY_S)
IMPATIENT = LeaseTiming(beat_s=0.01, believed_for_s=10 * DAY_S)


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.sleeps_by_clock = True
    shop.lease_timing = PATIENT
    return shop


def sent(shop: Shop) -> list[str]:
    return [one for _, identifiers in shop.writes for one in identifiers]


@pytest.mark.parametrize("keeping", ["replaced", "updated"])
def test_on_trial_quota_a_large_table_is_done_after_as_many_days_as_its_requests_take(shop: Shop, keeping: str) -> None:
    """And nothing is sent twice, although no sync before the last one sends all."""
    shop.has("x")
    all_sent: Counter[str] = Counter()
    released: list[int] = []
    days = 0
    while not released or released[-1] != ROWS:
        days += 1
        after = released[-1] if released else 0
        steps = [
            step
            for number, name in enumerate(NAMES[after:], start=after + 1)
            for step in (row(name, id=number), *([state(number)] if number % 100 == 0 else []))
        ]
        streams = [stream(**PLATFORM)] if keeping == "replaced" else [deduped()]
        ending = [complete()] if keeping == "replaced" else []
        with suppress(RateLimitedError):
            shop.sync(streams, *steps, *ending, **TRIAL)
        released += shop.released
        all_sent.update(sent(shop))
        assert len(shop.writes) <= TRIAL_WRITES_A_DAY
        assert all_sent.most_common(1)[0][1] == 1
        assert shop.members() == all_sent.total()
        shop.wait(DAY_S)()
    assert days == ROWS / TRIAL_WRITES_A_DAY
    assert shop.people_in() == people(["x", *NAMES])
    if keeping == "updated":
        assert released == [100, 200, 300, 400, 500, 600]


@pytest.mark.parametrize("kept", [0, 1, 5, 6, 11, 29])
def test_a_killed_process_sends_one_slice_again_at_most(shop: Shop, tmp_path: Path, kept: int) -> None:
    """The store is put back to what it was when the process was killed; nothing that was sent later arrived."""
    names = NAMES[:30]
    shop.has("x")
    kill = _Kill(shop, tmp_path / "killed", after=kept)
    shop.pinterest.before = kill
    with pytest.raises(ConnectionAbortedError):
        shop.sync([stream(**BY_IMAGE)], *rows(names), state(1, {}), **TRIAL)
    arrived = shop.people_in() - people("x")
    assert len(arrived) == kept
    shutil.rmtree(shop.root)
    shutil.copytree(kill.store, shop.root)
    shop.pinterest.before = lambda _: None
    shop.lease_timing = IMPATIENT
    assert shop.sync([stream(**BY_IMAGE)], *rows(names), state(1, {}), **TRIAL) == [1]
    assert shop.people_in() == people(["x", *names])
    again = arrived & {*sent(shop)}
    assert len(again) <= SLICE
    assert len(sent(shop)) == len(names) - len(arrived - again)


class _Kill:
    """Keeps the store as it is when a process has sent so many requests; nothing arrives from then on."""

    def __init__(self, shop: Shop, store: Path, *, after: int) -> None:
        self.store = store
        self._shop = shop
        self._left = after
        self._lock = threading.Lock()

    def __call__(self, asked: Any) -> None:
        if asked.method != "PATCH" or "/customer_lists/" not in asked.path:
            return
        with self._lock:
            self._left -= 1
            if self._left < 0:
                if not self.store.exists():
                    shutil.copytree(self._shop.root, self.store)
                raise ConnectionAbortedError


def test_members_who_leave_are_judged_as_a_whole_before_the_first_slice(shop: Shop) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows(NAMES[:40]), state(1, {}), **{**TRIAL, "batch_size": 40})
    with raises(Code.REMOVAL_ABOVE_LIMIT, match="30 of 40"):
        shop.sync([stream(**BY_IMAGE)], *rows(NAMES[:10]), state(2, {}), **TRIAL)
    assert shop.writes == []
