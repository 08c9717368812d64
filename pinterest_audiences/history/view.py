"""Shows the history: sizes and match rates of each audience as small plots, and runs as lines, JSON or CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, TextIO

from destination_pinterest.foreign_text import shown, shown_name
from pinterest_audiences.alerts.durations import duration_text
from pinterest_audiences.empty_tables import WORDS, empty_table_of
from pinterest_audiences.history.plot import plotted
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.report_view import Line

_FIGURES = (
    "entered",
    "synced",
    "pending",
    "errored",
    "identifiers_added",
    "identifiers_removed",
    "requests",
    "waited_s",
)


def audience_tables(
    runs: Sequence[RunRecord], observations: Sequence[Observation], encoding: str | None
) -> Iterator[tuple[str, list[Line]]]:
    """Yields a title and lines for each audience that was seen or run, by ad account and name."""
    seen: dict[tuple[str, str], list[Observation]] = {}
    for observation in reversed(observations):
        seen.setdefault((observation.ad_account_id, observation.audience), []).append(observation)
    last_runs = {(run.ad_account_id, run.audience): run for run in reversed(runs)}
    for key in sorted({*seen, *last_runs}):
        account, audience = key
        title = f'Audience "{audience}"' + (f" in the ad account {account}" if account else "")
        lines = list(_plots(seen.get(key, ()), encoding))
        if key in last_runs:
            lines.append(("Last run", run_text(last_runs[key])))
        yield title, lines


def run_lines(runs: Sequence[RunRecord]) -> Iterator[Line]:
    """Yields when a run ended, and how."""
    for run in runs:
        yield moment_shown(run.finished_at), f"{shown_name(run.name)}: {run_text(run, with_moment=False)}"


def run_text(run: RunRecord, *, with_moment: bool = True) -> str:
    """Words how a run ended."""
    when = f"{moment_shown(run.finished_at)}, " if with_moment else ""
    took = f"{when}{run.command} took {duration_text(run.finished_at - run.started_at)}"
    if not run.succeeded:
        return f"{took}, failed: {run.failure_text or f'exit code {run.exit_code}'}"
    if "entered" not in run.figures:
        return f"{took}, succeeded"
    if found := empty_table_of([run.figures]):
        return f"{took}, succeeded ({WORDS[found]})"
    not_synced = sum((run.figures.get("not_synced") or {}).values())
    return (
        f"{took}, succeeded: {run.figures['entered']:,} rows entered, {run.figures.get('synced', 0):,} synced, "
        f"{not_synced:,} not synced"
    )


def as_json(runs: Sequence[RunRecord], observations: Sequence[Observation]) -> dict[str, Any]:
    """Returns the history for programs. Keys are only added."""
    return {
        "schema_version": 1,
        "status": "succeeded",
        "runs": [_plain(run) for run in runs],
        "observations": [_plain(observation) for observation in observations],
    }


def write_observations(output: TextIO, observations: Sequence[Observation]) -> None:
    """Writes observations as CSV, with a header."""
    names = tuple(Observation.__dataclass_fields__)
    _write_rows(output, names, (_plain(each) for each in observations))


def write_runs(output: TextIO, runs: Sequence[RunRecord]) -> None:
    """Writes runs as CSV, with a header: of the figures, those that are a number."""
    names = (*(name for name in RunRecord.__dataclass_fields__ if name != "figures"), *_FIGURES, "not_synced")
    _write_rows(output, names, (_flat(run) for run in runs))


def moment_shown(moment: datetime) -> str:
    """Words a moment."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _plots(observations: Sequence[Observation], encoding: str | None) -> Iterator[Line]:
    sizes = [(each.seen_at, float(each.size)) for each in observations if each.size is not None]
    if sizes:
        yield "Size", f"{_change(f'{sizes[0][1]:,.0f}', f'{sizes[-1][1]:,.0f}')}  {plotted(sizes, encoding)}"
    shares = [(each.seen_at, each.match_share) for each in observations if each.match_share is not None]
    if shares:
        yield "Match rate", f"{_change(f'{shares[0][1]:.1%}', f'{shares[-1][1]:.1%}')}  {plotted(shares, encoding)}"
    if observations:
        first, last = observations[0], observations[-1]
        times = "once" if len(observations) == 1 else f"{len(observations):,} times"
        since = "" if len(observations) == 1 else f" since {moment_shown(first.seen_at)}"
        yield "Status", f"{last.status or 'unknown'}, {moment_shown(last.seen_at)} (seen {times}{since})"


def _change(first: str, last: str) -> str:
    return last if first == last else f"{first} to {last}"


def _plain(record: RunRecord | Observation) -> dict[str, Any]:
    return {
        name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for name, value in asdict(record).items()
    }


def _flat(run: RunRecord) -> dict[str, Any]:
    figures = {name: run.figures.get(name) for name in _FIGURES}
    not_synced = sum((run.figures.get("not_synced") or {}).values()) if "entered" in run.figures else None
    return {**_plain(run), **figures, "not_synced": not_synced}


def _write_rows(output: TextIO, names: Sequence[str], rows: Iterator[dict[str, Any]]) -> None:
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([shown(value) if isinstance(value, str) else value for value in map(row.get, names)])
