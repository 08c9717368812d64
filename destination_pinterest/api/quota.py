"""The quota of an app and user: decides when a request may be sent. Shared by all sending threads.

There are two counts: our own, against the limits of the access tier (limits.py), and what Pinterest's answers report as
    left. The second can only tighten the first: it includes other programs that use the same quota, and earlier runs.
    Processes that are told to share a quota also tell one another of their requests (shared_counts.py).

pyrate-limiter, a dependency of the CDK, is not used: its buckets count a request when it is sent, not when it may have
arrived, in whole milliseconds of one clock; it starts a thread that never ends, and ignores headers.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.headers import RateHeaders, read_rate_headers
from destination_pinterest.api.limits import ALL, Limit, Limits, Permit
from destination_pinterest.api.observer import Observer, QuotaWait
from destination_pinterest.api.retry import when
from destination_pinterest.api.shared_counts import AHEAD_S, OURS, Sent, SharedCounts, Wants
from destination_pinterest.api.tier import Answered, KnownTier, TierInUse
from destination_pinterest.api.waiting_line import WaitingLine
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import RateLimitedError
from destination_pinterest.system import System

# Waits of this length or more are for quota and worth a log line; shorter ones only space requests.
NOTABLE_WAIT_S: Final = 1.0
# Waiting for the next minute's quota is always allowed: that is ordinary sending, not a retry.
ORDINARY_WAIT_S: Final = 120.0
# After "none left" without a reset time, the next request waits this long. If the day's quota is used up, a 429 will
# say so.
UNKNOWN_RESET_S: Final = 60.0
# The requests in flight may use up what the server reported as left, so their answers are awaited.
_UNANSWERED_RECHECK_S: Final = 0.05
# What was learned of other processes so lately is enough to begin with: a claim that it does not allow is refused.
_LATELY_S: Final = 1.0


@dataclass(slots=True)
class _Reported:
    """The server's last report: `remaining` requests until `resets_at`, as of `reported_at`; monotonic times."""

    remaining: int
    reported_at: float
    resets_at: float


class FairLock:
    """A lock that is handed on in the order in which it was asked for, so that no request waits for ever.

    Python's own locks promise no order.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._queue: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many threads wait for the lock."""
        return len(self._queue)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lock for the length of a `with`."""
        turn: threading.Event | None = None
        with self._guard:
            if self._taken:
                turn = threading.Event()
                self._queue.append(turn)
            self._taken = True
        if turn is not None:
            turn.wait()
        try:
            yield
        finally:
            with self._guard:
                if self._queue:
                    self._queue.popleft().set()
                else:
                    self._taken = False


class _CategoryState:
    """The state of one category: our own counts, the server's report, and the queue of waiting requests."""

    def __init__(self, limits: tuple[Limit, ...], trial: tuple[Limit, ...], tier: TierInUse | None) -> None:
        self._limits = limits
        self._trial = trial
        self._tier = tier
        self._beyond_trial: set[Permit] = set()
        self.turn = FairLock()
        self.line = WaitingLine()
        self.in_flight = 0
        self.reported: _Reported | None = None
        self.blocked_until = 0.0

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits in force: Standard's until the tier is known."""
        return self._trial if self._tier is not None and self._tier.certain == "trial" else self._limits

    def trying_free_at(self, clock: float) -> float:
        """Returns when a request may be sent that Trial might not allow: one alone, until the tier is known."""
        if self._tier is None or self._tier.certain is not None or not self._tier.is_trying:
            return clock
        return clock + _UNANSWERED_RECHECK_S if self._is_trial_used_up(clock) else clock

    def take(self, permit: Permit) -> None:
        """Counts a request that is sent now, for whichever tier it turns out to be."""
        if self._tier is not None and self._tier.certain is None and self._is_trial_used_up(permit.sent_at):
            self._beyond_trial.add(permit)
            self._tier.is_trying = True
        for limit in (*self._limits, *self._trial):
            limit.take(permit)
        self.in_flight += 1

    def take_other(self, permit: Permit) -> None:
        """Counts a request of another process."""
        for limit in (*self._limits, *self._trial):
            limit.take(permit)
        self.in_flight += 1

    def other_answered(self, permit: Permit, at: float) -> None:
        """Takes note that a request of another process was answered; what was, only that one knows."""
        permit.answered_at = at
        self.in_flight -= 1

    def answered(self, permit: Permit, status: int | None, rates: RateHeaders, clock: float) -> None:
        """Takes the answer to a request, for what it shows of the tier."""
        permit.answered_at = clock
        self.in_flight -= 1
        if self._tier is not None:
            is_beyond = permit in self._beyond_trial
            self._beyond_trial.discard(permit)
            self._tier.answered(Answered(permit.category, status, rates, clock), is_beyond_trial=is_beyond)

    def _is_trial_used_up(self, clock: float) -> bool:
        return any(limit.is_window and limit.used(clock) >= limit.allowed for limit in self._trial)


class Quota:
    """Grants permits one by one, within all limits.

    Each `acquire` must be followed by one `learn` with its permit, whatever the outcome of the request.
    `longest_wait_s` is how long a request may wait for quota, the retry budget; ORDINARY_WAIT_S at least. `counts`
    tells of other processes' requests; by default, of none.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        longest_wait_s: float,
        system: System,
        observer: Observer,
        counts: SharedCounts | None = None,
    ) -> None:
        self._counts = counts
        self._longest_wait_s = max(longest_wait_s, ORDINARY_WAIT_S)
        self._system = system
        self._observer = observer
        self._tier = limits.tier
        self._lock = threading.Lock()
        self._states = {
            category: _CategoryState(
                limits.on(category), () if limits.trial is None else limits.trial.on(category), limits.tier
            )
            for category in Category
        }

    def acquire(self, category: Category) -> Permit:
        """Waits until a request of `category` may be sent, first come, first served, and counts it.

        Raises:
            RateLimitedError: the quota is used up for longer than a request may wait; says until when.
            Whatever the system's `sleep` raises.
        """
        state = self._states[category]
        has_waited = False
        with state.turn.held():
            while True:
                with self._lock:
                    decided = self._decided(category, state, has_waited=has_waited)
                has_waited = True
                if not isinstance(decided, Permit):
                    self._wait(category, decided)
                elif self._is_kept_until_its_time(state, decided):
                    return decided

    def learn(self, permit: Permit, headers: Mapping[str, str] | None = None, status: int | None = None) -> None:
        """Takes the answer to `permit`'s request: `headers` (case-insensitive) and `status`; None if there was none."""
        now = self._system.now()
        rates = read_rate_headers(headers, now) if headers else RateHeaders()
        state = self._states[permit.category]
        with self._lock:
            clock = self._system.clock()
            state.answered(permit, status, rates, clock)
            if self._counts is not None:
                self._counts.answered(permit)
                self._take_others(_LATELY_S)
            if rates.remaining is None:
                self._count_unreported(state)
            else:
                self._take_report(state, permit, rates.remaining, rates, clock)

    def block(self, category: Category, seconds: float) -> None:
        """Blocks requests of `category` for so long, after Pinterest refused one for lack of quota."""
        with self._lock:
            state = self._states[category]
            state.blocked_until = max(state.blocked_until, self._system.clock() + seconds)

    def leave(self) -> None:
        """Tells those who share the quota that this process sends nothing any more. From any thread."""
        if self._counts is not None:
            self._counts.leave()

    @property
    def tier(self) -> KnownTier | None:
        """The access tier that Pinterest's answers show; None if they don't yet, or need not."""
        with self._lock:
            return None if self._tier is None else self._tier.tier

    def left(self, category: Category) -> int | None:
        """Returns how many requests of `category` may still be sent before a wait; None if nothing is known of it.

        Own counts of a window begin with the process; what Pinterest has reported includes earlier ones.
        """
        with self._lock:
            state, clock = self._states[category], self._system.clock()
            counts = [limit.allowed - limit.used(clock) for limit in state.limits if limit.is_window]
            if state.reported is not None and clock < state.reported.resets_at:
                counts.append(state.reported.remaining)
            return min(counts, default=None)

    @property
    def _share(self) -> Fraction:
        return ALL if self._counts is None else self._counts.share

    def _free_at(self, state: _CategoryState, clock: float) -> float:
        """Returns when the next request may be sent, as far as is known now."""
        share = self._share
        moments = [limit.free_at(clock, share) for limit in state.limits]
        return max(
            clock, state.blocked_until, self._reported_free_at(state, clock), state.trying_free_at(clock), *moments
        )

    def _reported_free_at(self, state: _CategoryState, clock: float) -> float:
        reported = state.reported
        if reported is None or clock >= reported.resets_at:
            return clock
        if reported.remaining > state.in_flight:
            return clock
        return clock + _UNANSWERED_RECHECK_S if reported.remaining > 0 else reported.resets_at

    def _is_certain(self, state: _CategoryState, clock: float) -> bool:
        """Whether a request may be sent when it is free, as far as our own counts can tell."""
        return (
            self._reported_free_at(state, clock) <= clock
            and state.trying_free_at(clock) <= clock
            and all(limit.is_certain(clock, self._share) for limit in state.limits)
        )

    def _is_kept_until_its_time(self, state: _CategoryState, permit: Permit) -> bool:
        """Waits for the time of a permit that was claimed before; False if Pinterest refuses requests until later."""
        wait_s = permit.sent_at - self._system.clock()
        if self._counts is None or wait_s <= 0:
            return True
        try:
            self._observer.waiting(QuotaWait(permit.category, wait_s, None))
            self._system.sleep(wait_s)
        except BaseException:
            self.learn(permit)  # Nobody waits for its answer.
            raise
        if state.blocked_until <= max(permit.sent_at, self._system.clock()):
            return True
        self.learn(permit)
        return False

    def _decided(self, category: Category, state: _CategoryState, *, has_waited: bool) -> Permit | float:
        """Returns the permit of a request that may be sent at its time, or how long it has to wait for that."""
        is_late = has_queued = False
        within_s = 0.0 if has_waited else _LATELY_S
        while True:
            self._take_others(within_s)
            clock = self._system.clock()
            sent_at = self._free_at(state, clock)
            wait_s = sent_at - clock
            if self._counts is not None and self._counts.is_together:
                if self._is_certain(state, clock):
                    wait_s -= AHEAD_S
                # Once is enough: where nothing can be told, as on a full disk, nobody has a place.
                if not has_queued and state.line.has_to_queue(is_free=wait_s <= 0 and not is_late):
                    self._counts.wants(category)
                    has_queued = True
                    continue  # What is read with our place may leave less.
                wait_s = state.line.wait_s(wait_s, clock)
            if wait_s > 0:
                return wait_s
            permit = Permit(category, sent_at)
            if self._counts is None:
                state.take(permit)
                return permit
            if self._counts.claim(permit):
                state.line.took_turn(OURS)
                state.take(permit)
                return permit
            is_late = True  # Others are faster: a place in the line gives us our turn.

    def _take_others(self, within_s: float) -> None:
        """Counts what other processes have sent, and what of it was answered, until `within_s` ago."""
        for event in () if self._counts is None else self._counts.news(self._system.clock, within_s):
            if isinstance(event, Wants):
                self._states[event.category].line.queue(event.owner)
                continue
            state = self._states[event.permit.category]
            if isinstance(event, Sent):
                state.line.took_turn(event.owner)
                state.take_other(event.permit)
            else:
                state.other_answered(event.permit, event.at)
                self._count_unreported(state)

    def _wait(self, category: Category, wait_s: float) -> None:
        if wait_s > self._longest_wait_s:
            now = self._system.now()
            raise RateLimitedError(
                Code.QUOTA_USED_UP,
                f"Pinterest's quota of {category} requests for this app and user is used up; it resets "
                f"{when(now + wait_s, now)}, later than retry_hours allows to wait. Run the sync again then, or ask "
                "Pinterest for Standard access if the app has Trial access.",
                retry_after_s=wait_s,
            )
        resets_at = self._system.now() + wait_s if wait_s >= NOTABLE_WAIT_S else None
        self._observer.waiting(QuotaWait(category, wait_s, resets_at))
        self._system.sleep(wait_s)

    def _take_report(
        self, state: _CategoryState, permit: Permit, remaining: int, rates: RateHeaders, clock: float
    ) -> None:
        resets_at = clock + (UNKNOWN_RESET_S if rates.reset_s is None else rates.reset_s)
        for limit in state.limits:
            if limit.allowed != rates.limit:
                continue
            if rates.reset_s is not None:
                limit.reset_at(resets_at)
            if limit.allowed - remaining <= limit.used(clock) - state.in_flight:
                # Only this program has used the quota, and its own count is more exact: it knows when each request
                # leaves a sliding window, while the server gives one time for all. Requests in flight are left out,
                # because the server may not have counted them yet.
                state.reported = None
                return
        reported = state.reported
        if reported is None or clock >= reported.resets_at or permit.sent_at >= reported.reported_at:
            state.reported = _Reported(remaining, clock, resets_at)
        elif remaining < reported.remaining:
            # Sent before the last report came, so either report may be the later one: use the lower figure.
            state.reported = _Reported(remaining, clock, max(resets_at, reported.resets_at))

    def _count_unreported(self, state: _CategoryState) -> None:
        """Subtracts a request that ended without a report, since the last report may not include it."""
        if state.reported is not None:
            state.reported.remaining = max(0, state.reported.remaining - 1)
