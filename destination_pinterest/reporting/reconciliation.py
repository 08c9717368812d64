"""Pinterest's counters against this sync's own: did a customer list's counters move by what was accepted?

Source: Pinterest OpenAPI 5.23.0, CustomerList: the counters grow also for people who are in already, or who never were
(read 2026-11-22). Pinterest's own SDK tests see them grow with the answer; that they always do is not documented.
"""

from __future__ import annotations

import msgspec

from destination_pinterest.audiences.list_counts import ListCounts


class Reconciliation(msgspec.Struct, frozen=True):
    """What was counted while a sync ran, in identifiers.

    Args:
        sent_added, sent_removed: what Pinterest accepted from this sync.
        counted_added, counted_removed: by how much Pinterest's counters moved; None where they are unknown.
        difference: the two compared, in a sentence; None where they agree, or where one is not known.
    """

    sent_added: int
    sent_removed: int
    counted_added: int | None = None
    counted_removed: int | None = None
    difference: str | None = None


def reconcile(
    before: ListCounts | None, after: ListCounts | None, *, added: int, removed: int, repeated_requests: int
) -> Reconciliation:
    """Compares.

    Args:
        before: the counters of the list that was written to; None where Pinterest did not give them.
        after: the same, later.
        added: identifiers that Pinterest accepted in between.
        removed: identifiers whose removal it accepted.
        repeated_requests: requests that were sent again, some of which may have taken effect twice.
    """
    if before is None or after is None:
        return Reconciliation(added, removed)
    counted_added, counted_removed = after.added - before.added, after.removed - before.removed
    parts = [
        part
        for part in (_difference("added", counted_added, added), _difference("removed", counted_removed, removed))
        if part
    ]
    if not parts:
        return Reconciliation(added, removed, counted_added, counted_removed)
    reasons = []
    if counted_added > added or counted_removed > removed:
        again = f" (requests repeated in this sync: {repeated_requests:,})" if repeated_requests else ""
        reasons.append(
            f"More is counted if a request whose answer was lost took effect and was sent again{again}, or if somebody "
            "else wrote to the list; repeats change nobody's membership."
        )
    if counted_added < added or counted_removed < removed:
        reasons.append(
            "Less is counted if the counters lag behind; if a later look still says so, run a full sync once more."
        )
    difference = f"Pinterest counted {' and '.join(parts)} in this sync. {' '.join(reasons)}"
    return Reconciliation(added, removed, counted_added, counted_removed, difference)


def _difference(what: str, counted: int, sent: int) -> str:
    if counted == sent:
        return ""
    return f"{abs(counted - sent):,} {'more' if counted > sent else 'fewer'} {what} than it had accepted"
