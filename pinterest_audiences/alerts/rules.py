"""The rules: when a run, an audience's size or a sign-in is worth an alert."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from destination_pinterest.foreign_text import shown
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.routing.decision import DELETION_KEPT, NOBODY_TO_REMOVE, STILL_EXCLUDED, UNKNOWN_KEY
from pinterest_audiences.alerts.alert import Finding
from pinterest_audiences.alerts.durations import duration_text
from pinterest_audiences.empty_tables import KEPT, EmptyTable, empty_table_of
from pinterest_audiences.history.records import Observation, RunRecord

if TYPE_CHECKING:  # It is a pydantic model, which a run without alerts need not load.
    from pinterest_audiences.alerts.settings import AlertSettings

_GUARD: Final = "PIN-GUARD-"
_TOO_SMALL: Final = "TOO_SMALL"
# Reasons for rows with which nothing is wrong.
_WELL: Final = frozenset(
    {
        RejectionReason.NO_CONSENT.value,
        RejectionReason.VALUE_UNCHANGED.value,
        RejectionReason.NO_AUDIENCE.value,
        RejectionReason.SUPPRESSED.value,
        DELETION_KEPT,
        NOBODY_TO_REMOVE,
        STILL_EXCLUDED,
        UNKNOWN_KEY,
    }
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A profile's or config's sign-in, and when it ends if nobody uses it; None if that is not known."""

    profile: str
    expires_at: datetime | None


def run_findings(record: RunRecord, settings: AlertSettings) -> Iterator[Finding]:
    """Yields what a run shows of itself. A run that failed says nothing of its rows."""
    subject, title = _subject(record.ad_account_id, record.audience), _title(record.audience, record.ad_account_id)
    is_guard = (record.failure_code or "").startswith(_GUARD)
    empty = empty_table_of([record.figures])
    is_told = is_guard or (empty == "kept" and record.failure_code == KEPT.code and settings.empty_table)
    reason = shown(record.failure_text or "The run failed, and nothing says why.")
    why, nothing = (reason, record.failure_code), (None, None)
    if settings.failure:
        yield Finding("failure", subject, title, *(nothing if record.succeeded or is_told else why))
        if record.ad_account_id and record.succeeded:
            # A run that failed before its ad account was known is over as well.
            yield Finding("failure", _subject("", record.audience), _title(record.audience, ""))
    if settings.guard:
        yield Finding("guard", subject, title, *(why if is_guard else nothing))
    if settings.empty_table and record.figures:
        yield Finding("empty_table", subject, title, None if empty is None else _empty_table(empty))
    if settings.rejected_share is not None and record.figures.get("entered"):
        yield Finding("rejected_share", subject, title, _rejected(record.figures, settings.rejected_share))


def size_findings(observations: Sequence[Observation], settings: AlertSettings, now: datetime) -> Iterator[Finding]:
    """Yields what Pinterest has said of one audience, the latest first, at least once."""
    latest = observations[0]
    subject, title = _subject(latest.ad_account_id, latest.audience), _title(latest.audience, latest.ad_account_id)
    recent = [each for each in observations if each.seen_at >= now - settings.drop_window]
    if settings.size_drop is not None and latest.size is not None:
        yield Finding("size_drop", subject, title, _size_drop(latest, recent, settings.size_drop))
    if settings.match_drop is not None and latest.match_share is not None:
        yield Finding("match_drop", subject, title, _match_drop(latest, recent, settings.match_drop))
    if settings.too_small_for is not None and latest.status is not None:
        yield Finding("too_small", subject, title, _too_small(observations, settings.too_small_for, now))


def sign_in_finding(sign_in: SignIn, settings: AlertSettings, now: datetime) -> Finding | None:
    """Returns what is known of a sign-in; None if nothing is."""
    if settings.sign_in_days is None or sign_in.expires_at is None:
        return None
    left, text = sign_in.expires_at - now, None
    if left <= timedelta(0):
        text = "The sign-in has ended, so no run can succeed. Sign in again."
    elif left < timedelta(days=settings.sign_in_days):
        text = f"The sign-in ends in {duration_text(left)}, on {_day(sign_in.expires_at)}. Sign in again before."
    return Finding("sign_in", f"sign-in {sign_in.profile}", f'Profile "{sign_in.profile}"', text)


def _empty_table(found: EmptyTable) -> str:
    if found == "kept":
        return KEPT.text
    return "Its table has no usable rows, so nobody is in it yet. See why the table is empty."


def _rejected(figures: Mapping[str, Any], limit: float) -> str | None:
    unreadable = int(figures.get("rows_unreadable") or 0)
    rows = int(figures["entered"]) + unreadable
    reasons = {reason: count for reason, count in (figures.get("not_synced") or {}).items() if reason not in _WELL}
    rejected = sum(reasons.values()) + unreadable
    if rejected <= limit * rows:
        return None
    most = sorted({**reasons, "unreadable": unreadable}.items(), key=lambda item: -item[1])[:3]
    said = ", ".join(f"{reason} {count:,}" for reason, count in most if count)
    return f"{rejected:,} of {rows:,} rows ({rejected / rows:.1%}) could not be used: {said}."


def _size_drop(latest: Observation, recent: Sequence[Observation], limit: float) -> str | None:
    largest = max(recent, key=lambda each: each.size or 0, default=latest)
    size, before = latest.size or 0, largest.size or 0
    if before - size < limit * before or size == before:
        return None
    return (
        f"Pinterest's size of it is {size:,}, and was {before:,} on {_day(largest.seen_at)} ({size / before - 1:.0%})."
    )


def _match_drop(latest: Observation, recent: Sequence[Observation], limit: float) -> str | None:
    best = max(recent, key=lambda each: each.match_share or 0, default=latest)
    share, before = latest.match_share or 0, best.match_share or 0
    if before - share < limit * before or share == before:
        return None
    return f"The estimated match rate is {share:.1%}, and was {before:.1%} on {_day(best.seen_at)}."


def _too_small(observations: Sequence[Observation], patience: timedelta, now: datetime) -> str | None:
    since = None
    for each in observations:
        if each.status != _TOO_SMALL:
            break
        since = each.seen_at
    if since is None or now - since < patience:
        return None
    return f"Pinterest has called it too small to be targeted since {_day(since)}: fewer than 100 people are matched."


def _subject(ad_account_id: str, audience: str) -> str:
    return f"{ad_account_id} {audience}"


def _title(audience: str, ad_account_id: str) -> str:
    account = f" (ad account {ad_account_id})" if ad_account_id else ""
    return f'Audience "{shown(audience)}"{account}'


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
