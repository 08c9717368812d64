"""Finds runs that have not succeeded for too long: what a cron job that no longer starts does not say itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from destination_pinterest.foreign_text import shown
from pinterest_audiences.alerts.alert import Finding
from pinterest_audiences.alerts.durations import duration_text
from pinterest_audiences.history.store import History

# Clocks of machines that share a history differ a little. A run that ended later than that was dated by a wrong clock.
CLOCKS_DIFFER_BY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a run of that name last succeeded: None if never. `is_stale` if that is too long ago."""

    name: str
    succeeded_at: datetime | None
    is_stale: bool
    text: str


def freshness(
    history: History, names: Iterable[str], longest: timedelta, now: datetime, *, project: str | None = None
) -> list[Freshness]:
    """Returns how fresh each of these names is. Raises: HistoryError, HistoryBusyError."""
    return [_freshness(history, name, longest, now, project) for name in names]


def _freshness(history: History, name: str, longest: timedelta, now: datetime, project: str | None) -> Freshness:
    last = history.last_success(name, project=project, until=now + CLOCKS_DIFFER_BY)
    if last is None:
        return Freshness(name, None, is_stale=True, text="No run of it has ever succeeded here.")
    age = now - last.finished_at
    ago = duration_text(max(age, timedelta(0)))
    text = f"The last run that succeeded was {ago} ago ({last.finished_at:%Y-%m-%d %H:%M} UTC)."
    return Freshness(name, last.finished_at, is_stale=age > longest, text=text)


def stale_findings(found: Iterable[Freshness]) -> Iterable[Finding]:
    """Yields what alerts make of it."""
    for each in found:
        yield Finding("stale", f"run {each.name}", f'Run "{shown(each.name)}"', each.text if each.is_stale else None)
