"""The quota of an app and user: who may send a request, and when. Shared by all threads that send.

Two clocks: the limits of the access tier (limits.py), counted here, and what Pinterest's answers say is left. The
second only ever tightens: it knows of other programs that use the same quota, and of what an earlier run has used.

pyrate-limiter, which the CDK brings, is not used: its buckets book a request at its sending and know nothing of its
arrival, count in whole milliseconds of one clock, start a thread that never ends, and can't be told what headers say.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.fair_lock import FairLock
from destination_pinterest.api.headers import RateHeaders, read_rate_headers
from destination_pinterest.api.limits import Limit, Limits, Permit
from destination_pinterest.api.observer import Observer, QuotaWait
from destination_pinterest.api.retry import when
from destination_pinterest.errors import RateLimitedError
from destination_pinterest.system import System

# Waits from here on are for quota and are worth telling a person; shorter ones space requests.
TELLING_WAIT_S: Final = 1.0
# The minute's quota is waited for in any case: that is ordinary sending, and no retry.
ORDINARY_WAIT_S: Final = 120.0
# "None left" without a time: asked again after this. If it was the day's quota, the answer will be a 429 that says so.
UNKNOWN_RESET_S: Final = 60.0
# What the server said is left is on its way in requests without an answer: their answers are waited for.
_UNANSWERED_RECHECK_S: Final = 0.05


@dataclass(slots=True)
class _Told:
    """What the server said last: `remaining` requests until `resets_at`, as of `told_at`; monotonic times."""

    remaining: int
    told_at: float
    resets_at: float


class _Book:
    """What is known of one category."""

    def __init__(self, limits: tuple[Limit, ...]) -> None:
        self.limits = limits
        self.turn = FairLock()
        self.in_flight = 0
        self.told: _Told | None = None
        self.held_until = 0.0


class Quota:
    """Lets requests go one by one, within every limit.

    Each `acquire` must be followed by one `learn` with the permit that it gave, whatever became of the request.
    `longest_wait_s` is how long a request may wait for quota, the retry budget; ORDINARY_WAIT_S at least.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        longest_wait_s: float,
        system: System,
        observer: Observer,
    ) -> None:
        self._longest_wait_s = max(longest_wait_s, ORDINARY_WAIT_S)
        self._system = system
        self._observer = observer
        self._lock = threading.Lock()
        self._books = {
            category: _Book((*limits.of_category.get(category, ()), *limits.everything)) for category in Category
        }

    def acquire(self, category: Category) -> Permit:
        """Waits until a request of `category` may be sent, first come first served, and books it.

        Raises:
            RateLimitedError: the quota is used up for longer than a request may wait; says until when.
            Whatever the system's `sleep` raises.
        """
        book = self._books[category]
        with book.turn.held():
            while True:
                with self._lock:
                    clock = self._system.clock()
                    wait_s = self._free_at(book, clock) - clock
                    if wait_s <= 0:
                        return self._booked(book, Permit(category, clock))
                self._wait(category, wait_s)

    def learn(self, permit: Permit, headers: Mapping[str, str] | None = None) -> None:
        """The request of `permit` was answered with `headers` (case-insensitive); None: it ended without an answer."""
        now = self._system.now()
        rates = RateHeaders() if headers is None else read_rate_headers(headers, now)
        book = self._books[permit.category]
        with self._lock:
            clock = self._system.clock()
            permit.answered_at = clock
            book.in_flight -= 1
            if rates.remaining is None:
                self._count_silent(book)
            else:
                self._hear(book, permit, rates.remaining, rates, clock)

    def hold(self, category: Category, seconds: float) -> None:
        """Nobody sends a request of `category` for so long: Pinterest has refused one for lack of quota."""
        with self._lock:
            book = self._books[category]
            book.held_until = max(book.held_until, self._system.clock() + seconds)

    def _free_at(self, book: _Book, clock: float) -> float:
        """When the next request may go, as far as is known now."""
        moments = [limit.free_at(clock) for limit in book.limits]
        return max(clock, book.held_until, self._told_free_at(book, clock), *moments)

    def _told_free_at(self, book: _Book, clock: float) -> float:
        told = book.told
        if told is None or clock >= told.resets_at:
            return clock
        if told.remaining > book.in_flight:
            return clock
        return clock + _UNANSWERED_RECHECK_S if told.remaining > 0 else told.resets_at

    def _booked(self, book: _Book, permit: Permit) -> Permit:
        for limit in book.limits:
            limit.take(permit)
        book.in_flight += 1
        return permit

    def _wait(self, category: Category, wait_s: float) -> None:
        if wait_s > self._longest_wait_s:
            now = self._system.now()
            raise RateLimitedError(
                f"Pinterest's quota of {category} requests for this app and user is used up. It resets "
                f"{when(now + wait_s, now)}, which is later than retry_hours allows: run the sync again then, or ask "
                "Pinterest for Standard access if the app has Trial access.",
                retry_after_s=wait_s,
            )
        resets_at = self._system.now() + wait_s if wait_s >= TELLING_WAIT_S else None
        self._observer.waiting(QuotaWait(category, wait_s, resets_at))
        self._system.sleep(wait_s)

    def _hear(self, book: _Book, permit: Permit, remaining: int, rates: RateHeaders, clock: float) -> None:
        resets_at = clock + (UNKNOWN_RESET_S if rates.reset_s is None else rates.reset_s)
        for limit in book.limits:
            if limit.allowed != rates.limit:
                continue
            if rates.reset_s is not None:
                limit.reset_at(resets_at)
            if limit.allowed - remaining <= limit.used(clock) - book.in_flight:
                # Nobody but this program has used the quota, and its own count is the more exact one: it knows when
                # each request leaves a sliding window, where the server names one moment for all. Requests under way
                # explain nothing, because the server may not have counted them yet.
                book.told = None
                return
        told = book.told
        if told is None or clock >= told.resets_at or permit.sent_at >= told.told_at:
            book.told = _Told(remaining, clock, resets_at)
        elif remaining < told.remaining:
            # Sent before the last word came: the server may have counted it before or after. The lower figure is later.
            book.told = _Told(remaining, clock, max(resets_at, told.resets_at))

    def _count_silent(self, book: _Book) -> None:
        """A request ended without a word on quota: the last word may not include it, so it is taken off."""
        if book.told is not None:
            book.told.remaining = max(0, book.told.remaining - 1)
