"""Shows a dry run, for programs and for people: the plan, the counts, and the requests and time needed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from destination_pinterest.access_tiers import STANDARD_WRITES_A_MINUTE, TRIAL_WRITES_A_DAY, WRITES_A_SECOND
from destination_pinterest.foreign_text import shown
from destination_pinterest.vocabulary import Operation
from destination_pinterest.wording.figures import by_count
from destination_pinterest.wording.reasons import reason_text
from pinterest_audiences.dry_run import DryRun
from pinterest_audiences.preview_view import preview_lines
from pinterest_audiences.progress import with_level
from pinterest_audiences.report_view import Line

# Only the sync finds out how many they are.
_LEAVING: Final = {
    "swap": "every member that is in none of these rows",
    "mirror": "every member that the connector added and that is in none of these rows",
}


# Besides those that bring identifiers, as many requests as a sync of one audience makes at most if nothing fails: it
# looks up audience and lists, reads and changes or creates the audience, and reads the final status.
_LOOKUPS: Final = 3
_OTHER_READS: Final = 3
_OTHER_WRITES: Final = 1


def dry_run_result(
    run: DryRun, batch_size: int, preview: Mapping[str, Any] | None = None, *, rows_unreadable: int = 0
) -> dict[str, Any]:
    """Returns the result for programs.

    Args:
        run: what was counted.
        batch_size: identifiers in a request, at most.
        preview: what the connector found out at Pinterest; None if it was not asked.
        rows_unreadable: rows of files that could not be read as such.
    """
    counts = run.counts
    uploads = run.copies * sum(math.ceil(count / batch_size) for count in counts.identifiers.values())
    uploads += run.audiences - run.accounts  # Each audience's last request may not be full.
    lookups = _LOOKUPS * run.audiences
    if preview is not None:
        uploads = sum(audience["upload_requests"] for audience in preview["audiences"])
        lookups = preview["lookup_requests"]
    writes = uploads + _OTHER_WRITES * run.audiences
    return {
        "schema_version": 1,
        "status": "dry_run",
        "audience": run.audience.name,
        "keeping": run.audience.keeping,
        "replaces": bool(run.audience.replaced),
        "plan": [{"level": level, "message": shown(text)} for level, text in run.plan_lines],
        "identity_columns": [msgspec.to_builtins(identity) for identity in run.plan.identities],
        "rows": counts.rows,
        "rows_unreadable": rows_unreadable,
        "usable": counts.usable,
        "not_usable": dict(counts.not_synced),
        "identifiers_to_add": counts.identifiers[Operation.ADD],
        "identifiers_to_remove": counts.identifiers[Operation.REMOVE],
        "deletions_by_key": counts.deletions_by_key,
        "identifiers_refused": dict(counts.identifiers_refused),
        "requests": uploads,
        "requests_in_all": writes + lookups + _OTHER_READS * run.audiences,
        "standard_duration_s": round(standard_duration_s(writes), 1),
        "trial_days": math.ceil(writes / TRIAL_WRITES_A_DAY),
        "trial_quota_of_a_day_suffices": writes <= TRIAL_WRITES_A_DAY,
        "pinterest": None if preview is None else dict(preview),
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
    preview = result["pinterest"]
    if result["replaces"] and preview is None:
        yield "Will leave", _LEAVING[result["keeping"]]
    yield "Identifiers refused", f"{sum(result['identifiers_refused'].values()):,}, in rows that have others"
    yield from _reasons(result["identifiers_refused"])
    in_all, uploads = result["requests_in_all"], result["requests"]
    bring = "brings" if uploads == 1 else "bring"
    yield "Requests", f"{in_all:,} at most; {uploads:,} of them {bring} up to {batch_size:,} identifiers each"
    yield "At Standard quota", _at_standard_quota(result["standard_duration_s"])
    yield "At Trial quota", _at_trial_quota(result)
    if preview is None:
        yield "", "Nothing was sent. Pinterest was not asked: token, ad account and Largest removal are not checked."
    else:
        yield from preview_lines(preview)
        yield "", "Pinterest was asked, and nothing was changed there."


def _reasons(counts: Mapping[str, int]) -> Iterator[Line]:
    """Yields each reason with its count and advice."""
    for reason, count in by_count(counts):
        yield f"  {reason}", reason_text(reason, count)


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
