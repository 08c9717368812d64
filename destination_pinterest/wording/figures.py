"""Words the figures of a report, for the connector's log and the command line's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

# Enough to look up a few; the report for programs has all.
_MAX_IDS: Final = 5
_COUNTED: Final = {"members": "the members", "pinterest_records": "Pinterest's records"}

LEFT_OVER: Final = (
    "No audience uses them. Pinterest can't delete them, and they do no harm; with a membership store "
    "(membership_store in the settings) no new ones are made."
)


def size_text(size: int | None, matched: tuple[float, Literal["members", "pinterest_records"]] | None) -> str:
    """Words an audience's size; `matched` is the estimated share, and of what."""
    if size is None:
        return "not counted yet"
    text = f"{size:,} people by Pinterest's count"
    if matched is None:
        return text
    share, counted = matched
    return f"{text}, approximately {share * 100:.1f} % of {_COUNTED[counted]}"


def counters_text(records: int, added: int, removed: int, batches: int | None) -> str:
    """Words a customer list's counters."""
    requests = "" if batches is None else f"; requests so far: {batches:,}"
    return f"{records:,} ({added:,} added less {removed:,} removed, repeats count{requests})"


def ids_text(ids: Sequence[str]) -> str:
    """Words how many ids there are, and the first of them."""
    more = f" and {len(ids) - _MAX_IDS:,} more" if len(ids) > _MAX_IDS else ""
    return f"{len(ids):,} ({', '.join(ids[:_MAX_IDS])}{more})"


def by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Returns reasons with their counts, the most frequent first."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def sync_sentence(
    status: str, *, duration_s: float, rows_per_second: float, requests: int, retries: int, waited_s: float
) -> str:
    """Sums up a sync in a sentence."""
    return (
        f"Sync {status} in {duration_s:,.1f} s: {rows_per_second:,.0f} rows a second, {requests:,} requests, "
        f"{retries:,} of them repeated, {waited_s:,.1f} s waited for quota."
    )
