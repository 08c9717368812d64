"""Words the figures of a report, for the connector's log and the command line's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from destination_pinterest.access_tiers import TRIAL_WRITES_A_DAY

# Enough to look up a few; the report for programs has all.
_MAX_IDS: Final = 5

TRIAL: Final = f"The app has Trial access, which allows {TRIAL_WRITES_A_DAY} requests that write a day."
LEFT_OVER: Final = (
    "No audience uses them. Pinterest can't delete them, and they do no harm; with a membership store "
    "(membership_store in the settings) no new ones are made."
)


def size_text(size: int | None, matched: tuple[float, int | None, str | None] | None) -> str:
    """Words an audience's size; `matched` is the estimated share, of how many people, and when they were counted."""
    if size is None:
        return "not counted yet"
    text = f"{size:,} people by Pinterest's count"
    if matched is None:
        return f"{text}, an unknown share of those who were sent"
    share, people, counted_on = matched
    of = "the people who were sent" if people is None else f"{people:,} people, counted on {counted_on}"
    return f"{text}, approximately {share * 100:.1f} % of {of}"


def fill_text(
    rows: int,
    shares: Mapping[str, float],
    *,
    is_whole_pass: bool,
    before: tuple[int, Mapping[str, float]] | None,
) -> str:
    """Words how many rows have a usable identifier of each kind, and what that is compared with.

    Args:
        rows: rows that were to join.
        shares: the share of them by kind.
        is_whole_pass: whether they were the whole table.
        before: rows and shares of the last sync of the same sort.
    """
    text = f"{_by_kind(shares)} of {rows:,} rows"
    sort = "whole pass" if is_whole_pass else "increment"
    if before is None:
        return f"{text}; no earlier {sort} to compare with"
    return f"{text}; in the last {sort}, {_by_kind(before[1])} of {before[0]:,}"


def _by_kind(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{kind} {share * 100:.3g} %" for kind, share in shares.items()) or "none"


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
        f"Sync {status} in {duration_s:,.1f} s: {rows_per_second:,.0f} rows a second, {requests:,} requests in all, "
        f"{retries:,} of them repeated, {waited_s:,.1f} s waited for quota."
    )
