"""Running counts of one audience, and the progress line made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.markers import PROGRESS_PREFIX
from destination_pinterest.vocabulary import Operation


class AudienceTally:
    """Running counts of one audience. Its fields are updated directly, since every row passes here."""

    __slots__ = (
        "again_added",
        "again_removed",
        "asked",
        "entered",
        "errored",
        "identifiers_added",
        "identifiers_refused",
        "identifiers_removed",
        "merged",
        "not_synced",
        "perhaps_added",
        "perhaps_removed",
        "requests",
        "retries",
        "synced",
        "unclear",
        "waited_s",
    )

    def __init__(self) -> None:
        # Requests that added nobody and took nobody out again, to see whether Pinterest accepts their form.
        self.asked = 0
        # Identifiers that were sent more than once since it was not certain that Pinterest had taken all of them.
        self.again_added = 0
        self.again_removed = 0
        # Of requests that were not repeated as they were, and had no answer: Pinterest may have counted them, too.
        self.perhaps_added = 0
        self.perhaps_removed = 0
        self.entered = 0
        self.synced = 0
        self.not_synced: Counter[str] = Counter()
        self.errored = 0
        self.identifiers_added = 0
        self.identifiers_removed = 0
        # Of those that were added, so many went in a row with another, and Pinterest counts rows.
        self.merged = 0
        self.identifiers_refused: Counter[str] = Counter()
        self.requests = 0
        self.retries = 0
        # Requests that Pinterest may have acted on, without having said so.
        self.unclear = 0
        self.waited_s = 0.0

    def count_not_synced(self, reason: str) -> None:
        """See `RowCounts`."""
        self.not_synced[reason] += 1

    def count_refused(self, rejections: Iterable[Rejection]) -> None:
        """See `RowCounts`."""
        self.identifiers_refused.update(refused.reason.value for refused in rejections)

    def count_again(self, operation: Operation, identifiers: int, perhaps: int) -> None:
        """Counts identifiers that were sent again, and those that may have arrived without an answer."""
        if operation is Operation.ADD:
            self.again_added += identifiers
            self.perhaps_added += perhaps
        else:
            self.again_removed += identifiers
            self.perhaps_removed += perhaps

    @property
    def records(self) -> int:
        """What Pinterest counts as records, additions less removals."""
        return self.identifiers_added - self.merged - self.identifiers_removed

    @property
    def pending(self) -> int:
        """Rows that were read and are neither synced nor rejected yet."""
        return self.entered - self.synced - self.errored - self.not_synced.total()


def progress_line(
    tallies: Sequence[AudienceTally], requests: int, waited_s: float, customer_list_id: str | None = None
) -> str:
    """Returns one line for a program that watches a running sync; with the list that is written to, if it is one."""
    progress: dict[str, Any] = {
        "entered": sum(tally.entered for tally in tallies),
        "synced": sum(tally.synced for tally in tallies),
        "not_synced": sum(tally.not_synced.total() for tally in tallies),
        "requests": requests,
        "waited_s": round(waited_s, 1),
    }
    if customer_list_id is not None:
        progress["customer_list_id"] = customer_list_id
    return PROGRESS_PREFIX + msgspec.json.encode(progress).decode()
