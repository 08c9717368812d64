"""The account of a sync: per audience what entered, what was synced, what was not and why, and what it cost.

Braze's words: entered, synced, not synced, pending, errored. Counted in rows, unless a name says identifiers. Given out
twice: as lines that a person reads, and as one JSON object that a program reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

REPORT_PREFIX: Final = "pinterest_sync_report: "
PROGRESS_PREFIX: Final = "pinterest_sync_progress: "
SCHEMA_VERSION: Final = 1


class AudienceTally:
    """Running counts of one audience. Counted into directly: it is on the path of every row."""

    __slots__ = (
        "entered",
        "errored",
        "identifiers_added",
        "identifiers_refused",
        "identifiers_removed",
        "not_synced",
        "requests",
        "retries",
        "synced",
        "waited_s",
    )

    def __init__(self) -> None:
        self.entered = 0
        self.synced = 0
        self.not_synced: Counter[str] = Counter()
        self.errored = 0
        self.identifiers_added = 0
        self.identifiers_removed = 0
        self.identifiers_refused: Counter[str] = Counter()
        self.requests = 0
        self.retries = 0
        self.waited_s = 0.0

    @property
    def pending(self) -> int:
        """Rows that were read and whose fate is not known: nothing when a sync succeeds."""
        return self.entered - self.synced - self.errored - self.not_synced.total()


class AudienceReport(msgspec.Struct, frozen=True):
    """One audience's part; `audience_size` is Pinterest's own count of matched people, where it has one."""

    audience: str
    audience_id: str | None
    customer_list_id: str | None
    streams: list[str]
    entered: int
    synced: int
    not_synced: dict[str, int]
    pending: int
    errored: int
    identifiers_added: int
    identifiers_removed: int
    identifiers_refused: dict[str, int]
    requests: int
    retries: int
    waited_s: float
    rows_per_second: float
    customer_list_status: str | None
    audience_status: str | None
    audience_size: int | None
    notes: list[str]


class SyncReport(msgspec.Struct, frozen=True):
    """The whole report; its requests, retries and waits are those of the whole sync."""

    status: Literal["succeeded", "failed"]
    duration_s: float
    rows_per_second: float
    requests: int
    retries: int
    waited_s: float
    audiences: list[AudienceReport]
    schema_version: int = SCHEMA_VERSION

    def as_line(self) -> str:
        """One line for a program."""
        return REPORT_PREFIX + msgspec.json.encode(self).decode()

    def as_text(self) -> Iterator[str]:
        """Lines for a person."""
        for audience in self.audiences:
            yield from _audience_text(audience)
        yield (
            f"Sync {self.status} in {self.duration_s:.1f} s: {self.rows_per_second:,.0f} rows a second, "
            f"{self.requests:,} requests, {self.retries:,} of them repeated, {self.waited_s:.1f} s waited for quota."
        )


def progress_line(tallies: Sequence[AudienceTally], requests: int, waited_s: float) -> str:
    """One line for a program that watches a running sync."""
    progress: dict[str, Any] = {
        "entered": sum(tally.entered for tally in tallies),
        "synced": sum(tally.synced for tally in tallies),
        "not_synced": sum(tally.not_synced.total() for tally in tallies),
        "requests": requests,
        "waited_s": round(waited_s, 1),
    }
    return PROGRESS_PREFIX + msgspec.json.encode(progress).decode()


def _audience_text(audience: AudienceReport) -> Iterator[str]:
    yield (
        f'Audience "{audience.audience}" (audience {audience.audience_id or "not created yet"}, customer list '
        f"{audience.customer_list_id or 'not created yet'}) from {', '.join(audience.streams)}: "
        f"{audience.entered:,} rows entered, {audience.synced:,} synced, "
        f"{sum(audience.not_synced.values()):,} not synced, {audience.pending:,} pending, {audience.errored:,} errored."
    )
    yield (
        f"  Identifiers: {audience.identifiers_added:,} added, {audience.identifiers_removed:,} removed. "
        f"{audience.requests:,} requests, {audience.retries:,} repeated, {audience.waited_s:.1f} s waited for quota, "
        f"{audience.rows_per_second:,.0f} rows a second."
    )
    if audience.not_synced:
        yield "  Not synced: " + _reasons(audience.not_synced) + "."
    if audience.identifiers_refused:
        yield "  Identifiers refused in rows that had others: " + _reasons(audience.identifiers_refused) + "."
    if audience.customer_list_status:
        size = "not counted yet" if audience.audience_size is None else f"{audience.audience_size:,}"
        yield (
            f"  At Pinterest now: customer list {audience.customer_list_status}, audience "
            f"{audience.audience_status or 'not created yet'}, size {size}. Matching takes Pinterest 24 to 48 hours."
        )
    for note in audience.notes:
        yield f"  Note: {note}"


def _reasons(counts: dict[str, int]) -> str:
    return ", ".join(
        f"{reason} {count:,}" for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
