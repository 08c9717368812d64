"""Shows a dry run, for programs and for people: the plan, the counts, and the requests and time needed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from destination_pinterest.access_tiers import STANDARD_WRITES_A_MINUTE, TRIAL_WRITES_A_DAY, WRITES_A_SECOND
from destination_pinterest.vocabulary import Operation
from destination_pinterest.wording.figures import by_count
from pinterest_audiences.dry_run import DryRun, advice
from pinterest_audiences.progress import with_level
from pinterest_audiences.report_view import Line

# Only the sync finds out how many they are.
_LEAVING: Final = {
    "swap": "every member that is in none of these rows",
    "mirror": "every member that the connector added and that is in none of these rows",
}


def dry_run_result(run: DryRun, batch_size: int, rows_unreadable: int = 0) -> dict[str, Any]:
    """Returns the result for programs. `batch_size`: identifiers in a request, at most."""
    counts = run.counts
    requests = sum(math.ceil(count / batch_size) for count in counts.identifiers.values())
    return {
        "schema_version": 1,
        "status": "dry_run",
        "audience": run.audience.name,
        "keeping": run.audience.keeping,
        "replaces": bool(run.audience.replaced),
        "plan": [{"level": level, "message": text} for level, text in run.plan_lines],
        "identity_columns": [msgspec.to_builtins(identity) for identity in run.plan.identities],
        "rows": counts.rows,
        "rows_unreadable": rows_unreadable,
        "usable": counts.usable,
        "not_usable": dict(counts.not_synced),
        "identifiers_to_add": counts.identifiers[Operation.ADD],
        "identifiers_to_remove": counts.identifiers[Operation.REMOVE],
        "deletions_by_key": counts.deletions_by_key,
        "identifiers_refused": dict(counts.identifiers_refused),
        "requests": requests,
        "standard_duration_s": round(standard_duration_s(requests), 1),
        "trial_days": math.ceil(requests / TRIAL_WRITES_A_DAY),
        "trial_quota_of_a_day_suffices": requests <= TRIAL_WRITES_A_DAY,
    }


def standard_duration_s(requests: int) -> float:
    """Returns how long so many requests take at Standard quota."""
    minutes, rest = divmod(requests, STANDARD_WRITES_A_MINUTE)
    return minutes * 60 + rest / WRITES_A_SECOND


def dry_run_lines(result: Mapping[str, Any], batch_size: int) -> Iterator[Line]:
    """Yields the result for people."""
    for number, line in enumerate(result["plan"]):
        yield "" if number else "Plan", with_level(line["level"], line["message"])
    yield "Rows", f"{result['rows']:,}"
    if result["rows_unreadable"]:
        yield "Rows unreadable", f"{result['rows_unreadable']:,}"
    yield "Rows usable", f"{result['usable']:,}"
    yield "Rows not usable", f"{sum(result['not_usable'].values()):,}"
    yield from _reasons(result["not_usable"])
    yield "Identifiers to add", f"{result['identifiers_to_add']:,} at most (repeats counted)"
    yield "Identifiers to remove", f"{result['identifiers_to_remove']:,} at most"
    if result["deletions_by_key"]:
        yield "Deletions by key", f"{result['deletions_by_key']:,}, whose members only the membership store knows"
    if result["replaces"]:
        yield "Will leave", _LEAVING[result["keeping"]]
    yield "Identifiers refused", f"{sum(result['identifiers_refused'].values()):,}, in rows that have others"
    yield from _reasons(result["identifiers_refused"])
    yield "Requests", f"{result['requests']:,} at most, of {batch_size:,} identifiers each"
    yield "At Standard quota", _at_standard_quota(result["standard_duration_s"])
    yield "At Trial quota", _at_trial_quota(result)
    yield "", "Nothing was sent. Pinterest was not asked: token, ad account and Largest removal are not checked."


def _reasons(counts: Mapping[str, int]) -> Iterator[Line]:
    """Yields each reason with its count and advice."""
    for reason, count in by_count(counts):
        yield f"  {reason}", f"{count:,}  {advice(reason)}"


def _at_standard_quota(duration_s: float) -> str:
    return f"about {_duration(duration_s)} ({STANDARD_WRITES_A_MINUTE} requests a minute)"


def _at_trial_quota(result: Mapping[str, Any]) -> str:
    if result["trial_quota_of_a_day_suffices"]:
        return f"fits into one day's {TRIAL_WRITES_A_DAY} requests, if none of today's are used yet"
    return (
        f"{result['trial_days']:,} days of {TRIAL_WRITES_A_DAY} requests with --cursor, without which every day starts "
        "over; a larger batch_size sends more a day"
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
