"""How many identifiers one request may have, as Pinterest's own counters of a customer list prove it.

A size is allowed once a request of that size went alone and the list's counter grew by exactly as much. Then the next
larger one is tried. Whatever is less than certain is sent again in requests of a size that is known to fit
(size_trial.py), so that a limit of which nobody is told costs requests, never people. Pure: no clock, no I/O.

Source: Braze names 1,900 identifiers as Pinterest's limit, Tealium, Lytics and Zernio send 10,000, and Pinterest
publishes none (read 2026-11-22). num_uploaded_user_records and num_removed_user_records count what was sent, even if
nobody joins or leaves; Pinterest's own SDK tests see them move with the answer. Doubt: nothing promises that they
always do, or that whoever is counted is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec

from destination_pinterest.audiences.list_counts import ListCounts
from destination_pinterest.vocabulary import Operation

# So many exact answers in a row at one size before a larger one is tried.
EXACT_ANSWERS: Final = 2
# A larger size is worth trying if it is larger by so much.
_WORTH_IT: Final = 1.1
_STEP: Final = 2
# After so many sizes that did not work, or answers that say nothing, it is enough.
_MOST_STEPS_BACK: Final = 3
_MOST_DOUBTS: Final = 3
# A request is slow if it took so long, and for each identifier longer than a smaller one by so much.
_SLOW_S: Final = 1.0
_SLOWER: Final = 1.25


class Outcome(StrEnum):
    """What became of a request whose size was tried."""

    EXACT = "exact"  # The counter grew by what was sent.
    MORE = "more"  # It grew by more: somebody else writes, too.
    CUT = "cut"  # It grew by less: Pinterest takes so many at most.
    NOT_COUNTED = "not_counted"  # It did not move with the answer, so it proves nothing.
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    UNFIT = "unfit"  # It could not be tried: as text it is too long, or its identifiers have to go as rows.


class SizeTrial(msgspec.Struct, frozen=True):
    """How a delivery is sent whose size is tried.

    Args:
        fits: so many identifiers are known to fit into one request, or are what the settings say.
        before: the list's counters; None if they are not known.
    """

    fits: int
    before: ListCounts | None


class Finding(msgspec.Struct, frozen=True):
    """What a trial showed.

    Args:
        outcome: what became of it.
        taken: how many identifiers Pinterest took of those that were sent, if it cut them.
        after: the list's counters now; None if they are not known.
        again: how many identifiers Pinterest has accepted beyond those that the delivery has, since it was sent again.
        perhaps: how many more it may have taken, of requests that had no answer.
    """

    outcome: Outcome
    taken: int | None = None
    after: ListCounts | None = None
    again: int = 0
    perhaps: int = 0


class RequestGrowth:
    """The sizes of requests to one customer list, for each operation.

    Args:
        begins_at: returns how many identifiers a request may have without proof; less, once Pinterest has refused that.
        most: how many it may have at most.
    """

    def __init__(self, begins_at: Callable[[], int], most: int) -> None:
        self._begins_at = begins_at
        self._ladders = {operation: _Ladder(begins_at, most) for operation in Operation}
        self._before: ListCounts | None = None

    def tries(self, operation: Operation) -> bool:
        """Whether requests go one by one, since their sizes are being tried."""
        return not self._ladders[operation].has_ended

    def size(self, operation: Operation, waiting: int) -> int:
        """Returns how many identifiers the next request may have, if so many wait for it."""
        ladder = self._ladders[operation]
        return ladder.size if ladder.has_ended else ladder.next_size(waiting)

    def trial(self, operation: Operation) -> SizeTrial:
        """Returns how the next delivery is sent, which is alone on its list."""
        return SizeTrial(self._ladders[operation].size, self._before)

    def remember(self, proven: int | None) -> None:
        """Takes the size that an earlier sync has proven: it is tried before any other, but not believed."""
        for ladder in self._ladders.values():
            ladder.remembered = proven or 0

    def begin(self, counts: ListCounts | None) -> None:
        """Takes the list's counters as they were when the sync began; None if they are not known.

        Counters that are late, and those of a list to which others write, have moved by themselves since, so that the
        first answer does not look exact by chance.
        """
        self._before = counts

    def send_untried(self) -> None:
        """Takes note that a request goes whose answer is not looked at: the counters are not known any more."""
        self._before = None

    def take(self, operation: Operation, identifiers: int, finding: Finding, latency_s: float | None) -> None:
        """Takes what a trial showed, and how long its request took, if that is known."""
        self._before = finding.after
        self._ladders[operation].take(identifiers, finding, latency_s)

    @property
    def began_at(self) -> int:
        """How many identifiers a request had at first."""
        return self._begins_at()

    @property
    def largest(self) -> int:
        """The largest size that is allowed."""
        return max(ladder.size for ladder in self._ladders.values())

    def remembered(self, before: int | None) -> int | None:
        """Returns what the next sync is to remember: the size that was proven, or what was remembered before.

        Nothing is remembered any more once a size that is remembered did not work.
        """
        proven = max((ladder.size for ladder in self._ladders.values() if ladder.is_proven), default=None)
        if proven is not None:
            return proven
        return None if any(ladder.has_stepped_back for ladder in self._ladders.values()) else before

    @property
    def stopped_by(self) -> str | None:
        """Why requests do not grow further: an outcome, or `slow`; None if they may, or are as large as they may be."""
        reasons = (ladder.stopped_by for ladder in self._ladders.values())
        return next((reason for reason in reasons if reason is not None), None)


class _Ladder:
    """The sizes that were tried for one operation: from `size`, which fits, to `_most`, which may."""

    def __init__(self, begins_at: Callable[[], int], most: int) -> None:
        self._begins_at = begins_at
        self._most = most
        self.remembered = 0
        self._proven: int | None = None
        self._exact = 0
        self._s_each: float | None = None
        self._steps_back = 0
        self._is_cut = False
        self._doubts = 0
        self._is_given_up = False
        self.stopped_by: str | None = None

    @property
    def size(self) -> int:
        return max(self._proven or 0, self._begins_at())

    @property
    def is_proven(self) -> bool:
        return self._proven is not None and self._proven > self._begins_at()

    @property
    def has_stepped_back(self) -> bool:
        return self._steps_back > 0

    @property
    def has_ended(self) -> bool:
        if self._is_given_up or self._goal >= self.size * _WORTH_IT:
            return self._is_given_up
        return self.is_proven or self._exact >= EXACT_ANSWERS

    def next_size(self, waiting: int) -> int:
        """Returns the size to try, if so many wait; the present one until that has been counted often enough."""
        if self._exact < EXACT_ANSWERS:
            return self.size
        if self.remembered > self._goal and not self._steps_back and waiting >= min(self.remembered, self._most):
            return min(self.remembered, self._most)
        return max(self._goal, self.size) if waiting >= self._goal else self.size

    @property
    def _goal(self) -> int:
        if self._is_cut:
            return self._most
        if self._steps_back:
            return (self.size + self._most) // 2
        return min(self.size * _STEP, self._most)

    def take(self, identifiers: int, finding: Finding, latency_s: float | None) -> None:
        outcome, is_larger = finding.outcome, identifiers > self.size
        if outcome is Outcome.EXACT:
            self._take_exact(identifiers, latency_s, is_larger=is_larger)
        elif outcome in {Outcome.UNFIT, Outcome.NOT_COUNTED} or (outcome is Outcome.CUT and not is_larger):
            self._give_up(outcome)  # If it was cut, what was taken is the size of all requests from now on.
        elif outcome is Outcome.REFUSED or (is_larger and outcome is not Outcome.MORE):
            self._step_back(identifiers, outcome, finding.taken)
        else:
            self._doubts += 1
            if self._doubts >= _MOST_DOUBTS:
                self._give_up(outcome)

    def _take_exact(self, identifiers: int, latency_s: float | None, *, is_larger: bool) -> None:
        self._doubts = 0
        each_s = None if latency_s is None else latency_s / identifiers
        if is_larger and self._is_slow(latency_s, each_s):
            self._step_back(identifiers, "slow", None)
        elif is_larger:
            self._proven, self._exact, self._s_each = identifiers, 1, each_s
        elif identifiers * _STEP >= self.size:
            self._exact += 1
            self._s_each = each_s if self._s_each is None or each_s is None else min(self._s_each, each_s)

    def _is_slow(self, latency_s: float | None, each_s: float | None) -> bool:
        if latency_s is None or each_s is None or self._s_each is None:
            return False
        return latency_s >= _SLOW_S and each_s > self._s_each * _SLOWER

    def _step_back(self, identifiers: int, reason: str, taken: int | None) -> None:
        self.stopped_by = str(reason)
        self._steps_back += 1
        self._is_cut = taken is not None
        self._most = min(self._most, max(self.size, identifiers - 1 if taken is None else taken))
        self._is_given_up = self._steps_back >= _MOST_STEPS_BACK

    def _give_up(self, reason: str) -> None:
        self._is_given_up, self.stopped_by = True, str(reason)
