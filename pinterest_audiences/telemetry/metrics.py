"""The metrics, and their values of runs, observations and sign-ins.

The names are Prometheus's: OpenTelemetry's way into Prometheus leaves them as they are, so that a dashboard works with
both. All are gauges of the last run: a process that ends after each run has no use for counters.

Source: prometheus.io/docs/practices/naming; opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics
    (read 2026-11-27): units in braces are left out of names, and `s` is `seconds`, unless the name has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from destination_pinterest.foreign_text import cleaned
from pinterest_audiences.alerts.rules import SignIn
from pinterest_audiences.history.impersonal import impersonal
from pinterest_audiences.history.records import Observation, RunRecord


@dataclass(frozen=True, slots=True)
class Metric:
    """A gauge; `unit` is OpenTelemetry's."""

    name: str
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a metric."""

    metric: Metric
    labels: tuple[tuple[str, str], ...]
    value: float


SIZE: Final = Metric("pinterest_audience_size", "{person}", "Pinterest's size of the audience.")
STATUS: Final = Metric("pinterest_audience_status", "", "1 for the status that Pinterest gives the audience.")
SEEN: Final = Metric(
    "pinterest_audience_seen_timestamp_seconds", "s", "When Pinterest was last asked for the audience."
)
MATCH: Final = Metric(
    "pinterest_audience_match_ratio", "1", "Estimated share of the people sent that Pinterest matched."
)
SUCCESS: Final = Metric("pinterest_audiences_run_success", "", "1 if the last run succeeded, else 0.")
FINISHED: Final = Metric("pinterest_audiences_run_timestamp_seconds", "s", "When the last run ended.")
LAST_SUCCESS: Final = Metric(
    "pinterest_audiences_run_last_success_timestamp_seconds", "s", "When the last run that succeeded ended."
)
DURATION: Final = Metric("pinterest_audiences_run_duration_seconds", "s", "How long the last run took.")
ROWS: Final = Metric("pinterest_audiences_run_rows", "{row}", "Rows of the last run, by what became of them.")
IDENTIFIERS: Final = Metric(
    "pinterest_audiences_run_identifiers", "{identifier}", "Identifiers that the last run added, removed or refused."
)
REQUESTS: Final = Metric("pinterest_audiences_run_requests", "{request}", "Requests with identifiers in the last run.")
RETRIES: Final = Metric("pinterest_audiences_run_retries", "{request}", "Repeated requests of the last run.")
WAITED: Final = Metric("pinterest_audiences_run_quota_wait_seconds", "s", "How long the last run waited for quota.")
SIGN_IN_ENDS: Final = Metric(
    "pinterest_audiences_sign_in_expiry_timestamp_seconds", "s", "When the sign-in ends if it is not used."
)

METRICS: Final = (
    SIZE,
    STATUS,
    SEEN,
    MATCH,
    SUCCESS,
    FINISHED,
    LAST_SUCCESS,
    DURATION,
    ROWS,
    IDENTIFIERS,
    REQUESTS,
    RETRIES,
    WAITED,
    SIGN_IN_ENDS,
)  # fmt: skip


def run_samples(records: Iterable[RunRecord]) -> Iterator[Sample]:
    """Yields the values of the last run of each audience."""
    for record in records:
        labels = _run_labels(record)
        yield Sample(SUCCESS, labels, float(record.succeeded))
        yield Sample(FINISHED, labels, record.finished_at.timestamp())
        if record.succeeded:
            yield from success_samples((record,))
        yield Sample(DURATION, labels, (record.finished_at - record.started_at).total_seconds())
        yield from _figures(record.figures, labels)


def success_samples(records: Iterable[RunRecord]) -> Iterator[Sample]:
    """Yields when runs that succeeded ended."""
    for record in records:
        labels = _run_labels(record)
        yield Sample(LAST_SUCCESS, labels, record.finished_at.timestamp())


def observation_samples(observations: Iterable[Observation]) -> Iterator[Sample]:
    """Yields what Pinterest said of audiences."""
    for each in observations:
        labels = _labels(audience=each.audience, audience_id=each.audience_id, ad_account_id=each.ad_account_id)
        if each.size is not None:
            yield Sample(SIZE, labels, each.size)
        if each.match_share is not None:
            yield Sample(MATCH, labels, each.match_share)
        if each.status is not None:
            yield Sample(STATUS, (*labels, ("status", each.status)), 1)
        yield Sample(SEEN, labels, each.seen_at.timestamp())


def sign_in_samples(sign_ins: Iterable[SignIn]) -> Iterator[Sample]:
    """Yields when sign-ins end, where that is known."""
    for each in sign_ins:
        if each.expires_at is not None:
            yield Sample(SIGN_IN_ENDS, _labels(profile=each.profile), each.expires_at.timestamp())


def _figures(figures: Mapping[str, Any], labels: tuple[tuple[str, str], ...]) -> Iterator[Sample]:
    if "entered" not in figures:
        return
    outcomes = {
        "entered": figures["entered"],
        "synced": figures.get("synced", 0),
        "not_synced": sum((figures.get("not_synced") or {}).values()),
        "pending": figures.get("pending", 0),
        "errored": figures.get("errored", 0),
        "unreadable": figures.get("rows_unreadable", 0),
    }
    for outcome, count in outcomes.items():
        yield Sample(ROWS, (*labels, ("outcome", outcome)), count)
    changes = {
        "added": figures.get("identifiers_added", 0),
        "removed": figures.get("identifiers_removed", 0),
        "refused": sum((figures.get("identifiers_refused") or {}).values()),
    }
    for change, count in changes.items():
        yield Sample(IDENTIFIERS, (*labels, ("change", change)), count)
    yield Sample(REQUESTS, labels, figures.get("requests", 0))
    yield Sample(RETRIES, labels, figures.get("retries", 0))
    yield Sample(WAITED, labels, figures.get("waited_s", 0.0))


def _run_labels(record: RunRecord) -> tuple[tuple[str, str], ...]:
    return _labels(
        project=record.project or "", name=record.name, audience=record.audience, ad_account_id=record.ad_account_id
    )


def _labels(**labels: str) -> tuple[tuple[str, str], ...]:
    """Returns labels as they may leave: names are anybody's words, and half a character can't be sent at all."""
    return tuple((name, cleaned(impersonal(text))) for name, text in labels.items())
