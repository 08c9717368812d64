"""Compares Pinterest's counters with this sync's: did a customer list's counters change by what was accepted?

Source: Pinterest OpenAPI 5.23.0, CustomerList: the counters also grow for identifiers that are already in the list, or
never were (read 2026-11-22). Pinterest's own SDK tests see them grow at once; that they always do is not documented.
"""

from __future__ import annotations

import msgspec

from destination_pinterest.audiences.list_counts import ListCounts


class Reconciliation(msgspec.Struct, frozen=True):
    """What was counted while a sync ran, in identifiers.

    Args:
        sent_added, sent_removed: what Pinterest accepted from this sync.
        counted_added, counted_removed: by how much Pinterest's counters changed; None if unknown.
        difference: how the two differ, in a sentence; None if they agree or one is unknown.
    """

    sent_added: int
    sent_removed: int
    counted_added: int | None = None
    counted_removed: int | None = None
    difference: str | None = None


def reconcile(
    before: ListCounts | None,
    after: ListCounts | None,
    *,
    added: int,
    removed: int,
    repeated_requests: int,
    perhaps: tuple[int, int] = (0, 0),
) -> Reconciliation:
    """Compares the change of Pinterest's counters with what was sent.

    Args:
        before: the counters of the list that was written to; None if Pinterest did not give them.
        after: the same after the sync.
        added: identifiers that Pinterest accepted in between.
        removed: identifiers whose removal it accepted.
        repeated_requests: requests that were sent again, some of which may have taken effect twice.
        perhaps: how many more may have been added and removed by requests that had no answer.
    """
    if before is None or after is None:
        return Reconciliation(added, removed)
    counted_added, counted_removed = after.added - before.added, after.removed - before.removed
    differences = (
        _difference("added", counted_added, added, perhaps[0]),
        _difference("removed", counted_removed, removed, perhaps[1]),
    )
    parts = [part for part in differences if part]
    if not parts:
        return Reconciliation(added, removed, counted_added, counted_removed)
    reasons = []
    if counted_added > added or counted_removed > removed:
        again = f" (requests repeated in this sync: {repeated_requests:,})" if repeated_requests else ""
        reasons.append(
            f"The count is higher if a request took effect, but its answer was lost and it was sent again{again}, or "
            "if another program wrote to the list; repeats do not change the membership."
        )
    if counted_added < added or counted_removed < removed:
        reasons.append("The count is lower if the counters lag behind; if it stays lower, run a full sync again.")
    difference = f"Pinterest counted {' and '.join(parts)} in this sync. {' '.join(reasons)}"
    return Reconciliation(added, removed, counted_added, counted_removed, difference)


def _difference(what: str, counted: int, sent: int, perhaps: int) -> str:
    if sent <= counted <= sent + perhaps:
        return ""
    return f"{abs(counted - sent):,} {'more' if counted > sent else 'fewer'} {what} than it had accepted"
