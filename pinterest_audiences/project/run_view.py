"""Shows what became of a run: failures first, then a line for each audience, and what was warned of at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from destination_pinterest.wording.figures import by_count
from destination_pinterest.wording.reasons import reason_text
from pinterest_audiences.empty_tables import WORDS
from pinterest_audiences.project.outcome import AudienceOutcome, RunOutcome

_COUNTS: Final = ("entered", "synced", "not_synced", "identifiers_added", "identifiers_removed")
HEADINGS: Final = ("Audience", "Outcome", "Rows", "Synced", "Not synced", "Sent", "Removed", "Size")


def ended_text(outcome: AudienceOutcome) -> str:
    """One line on an audience that has ended."""
    if outcome.status == "done":
        figures = _sums(outcome)
        if outcome.empty_table is not None:
            return f"done ({WORDS[outcome.empty_table]})"
        return f"done, {figures['synced']:,} of {figures['entered']:,} rows synced"
    return f"{_status(outcome)} ({outcome.error_code})"


def run_rows(outcome: RunOutcome) -> Iterator[Sequence[str]]:
    """Yields the cells under HEADINGS, for each audience."""
    for each in outcome.audiences:
        if each.report is None or not each.report.get("audiences"):
            yield (each.name, _status(each), "", "", "", "", "", "")
            continue
        figures = _sums(each)
        counts = (
            figures[key] for key in ("entered", "synced", "not_synced", "identifiers_added", "identifiers_removed")
        )
        size = figures["audience_size"]
        yield (each.name, _status(each), *(f"{count:,}" for count in counts), "" if size is None else f"{size:,}")


def explanations(outcome: RunOutcome) -> Iterator[str]:
    """Yields why rows were not used, the most frequent reason of an audience first, and what to do about it."""
    for each in outcome.audiences:
        counts: Counter[str] = Counter()
        for part in _parts(each):
            if not part.get("repeats_rows"):
                counts.update(part["not_synced"])
        yield from reasons_of(each.name, counts)
        refused: Counter[str] = Counter()
        for part in _parts(each):
            if not part.get("repeats_rows"):
                refused.update(part.get("identifiers_refused") or {})
        for line in reasons_of(each.name, refused):
            yield f"{line} These rows have other identifiers, and are used."


def reasons_of(name: str, counts: Mapping[str, int]) -> Iterator[str]:
    """Yields a line for each reason for which rows of an entry were not used, the most frequent first."""
    for reason, count in by_count(counts):
        yield f"{name}: {reason}: {reason_text(reason, count)}"


def closing_sentence(outcome: RunOutcome) -> str:
    """Sums up a run, and says what to do next."""
    if not outcome.audiences:
        return "No audience has failed, so nothing was run."
    counts = Counter(each.status for each in outcome.audiences)
    parts = [f"{counts['done']:,} of {len(outcome.audiences):,} audiences done"]
    if counts["failed"]:
        parts.append(f"{counts['failed']:,} failed")
    if counts["not_run"]:
        parts.append(f"{counts['not_run']:,} not run")
    return f"{', '.join(parts)}.{_next_step(outcome)}"


def _next_step(outcome: RunOutcome) -> str:
    if outcome.status == "stopped":
        return " Stopped; a new run goes on."
    if outcome.failure_kind == "transient_error":
        return " What failed may succeed later: `pinterest-audiences run --failed`."
    if outcome.failure_kind is not None:
        return " Do what the failures say, then: `pinterest-audiences run --failed`."
    return ""


def _status(outcome: AudienceOutcome) -> str:
    if outcome.status == "failed" and outcome.empty_table is None:
        return "wait" if outcome.failure_kind == "transient_error" else "failed"
    if outcome.empty_table is not None:
        return f"{outcome.status} ({WORDS[outcome.empty_table]})"
    return outcome.status.replace("_", " ")


def _sums(outcome: AudienceOutcome) -> Mapping[str, Any]:
    """Figures of all audiences that an entry stands for. Rows that go to several ad accounts count once."""
    parts = _parts(outcome)
    own = [part for part in parts if not part.get("repeats_rows")]
    sizes = [part["audience_size"] for part in parts if part.get("audience_size") is not None]
    return {
        "entered": sum(part["entered"] for part in own),
        "synced": sum(part["synced"] for part in own),
        "not_synced": sum(sum(part["not_synced"].values()) for part in own),
        "identifiers_added": sum(part["identifiers_added"] for part in parts),
        "identifiers_removed": sum(part["identifiers_removed"] for part in parts),
        "audience_size": sum(sizes) if sizes else None,
    }


def _parts(outcome: AudienceOutcome) -> Sequence[Mapping[str, Any]]:
    return [] if outcome.report is None else list(outcome.report.get("audiences") or ())
