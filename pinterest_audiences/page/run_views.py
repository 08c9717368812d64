"""What the page shows of runs: those that are over, by the history, and those under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final
from zlib import crc32

from destination_pinterest.error_codes import LEADING_CODE, Code
from destination_pinterest.wording.figures import by_count
from destination_pinterest.wording.reasons import reason_sentence
from pinterest_audiences.alerts.durations import duration_text
from pinterest_audiences.empty_tables import WORDS, empty_table_of
from pinterest_audiences.history.progress import RunningSync
from pinterest_audiences.history.records import RunRecord
from pinterest_audiences.page.explanations import remedy_of
from pinterest_audiences.progress import counts_text
from pinterest_page.view import Fact, Mark, Problem, Reason, Run, Running

_CODES: Final[Mapping[str, Code]] = {code.value: code for code in Code}
_FIGURES: Final = {
    "entered": "Rows entered",
    "synced": "Rows synced",
    "pending": "Rows pending",
    "errored": "Rows errored",
    "identifiers_added": "Identifiers added",
    "identifiers_removed": "Identifiers removed",
    "requests": "Requests with identifiers",
    "retries": "Requests repeated",
}


def run_view(run: RunRecord) -> Run:
    """Returns a run as it is shown."""
    figures = run.figures
    transient = run.failure_kind == "transient_error"
    outcome = Mark("succeeded", "good") if run.succeeded else Mark("failed for now" if transient else "failed", "bad")
    if run.succeeded and (found := empty_table_of([figures])):
        outcome = Mark(WORDS[found], "bad" if found == "kept" else "wait")
    refused = {**(figures.get("identifiers_refused") or {}), **(figures.get("not_synced") or {})}
    return Run(
        key=f"{run.run_id}-{crc32(f'{run.ad_account_id} {run.name} {run.audience}'.encode()):08x}",
        at=run.finished_at,
        name=run.name,
        command=run.command,
        took=f"took {duration_text(run.finished_at - run.started_at)}",
        outcome=outcome,
        summary=_summary(run),
        problem=None if run.succeeded else problem_view(run.failure_code, run.failure_text or "It said no reason."),
        reasons=[Reason(name, count, reason_sentence(name)) for name, count in by_count(refused)],
        facts=list(_facts(run)),
        where=_where(run),
    )


def failing(runs: Iterable[RunRecord]) -> Iterator[RunRecord]:
    """Yields the failures of each name's last run, in each ad account; runs come the latest first.

    One that failed before its ad account was known is over with any later run of that name.
    """
    last: dict[tuple[str | None, ...], str] = {}
    for run in runs:
        name = (run.project, run.name)
        of_name = last.setdefault(name, run.run_id)
        of_account = last.setdefault((*name, run.ad_account_id), run.run_id) if run.ad_account_id else of_name
        if run.run_id == of_account and not run.succeeded:
            yield run


def problem_view(code: str | None, text: str) -> Problem:
    """Returns a failure with what its code's page says is to be done."""
    known = _CODES.get(code or "")
    found = LEADING_CODE.match(text)
    said = text[found.end() :].removeprefix(":").strip() if found else text
    return Problem(code, said) if known is None else Problem(code, said, remedy_of(known), known.anchor)


def running_view(sync: RunningSync, accounts: Mapping[str, str]) -> Running:
    """Returns a sync under way as it is shown."""
    counts = sync.counts
    text = counts_text(counts, sync.total).partition(";")[0]
    return Running(
        name=sync.name,
        account=accounts.get(sync.ad_account_id, sync.ad_account_id),
        done=counts.done,
        total=sync.total,
        text=text,
        waiting=_waiting_text(counts.waiting_until_s) if counts.waiting_until_s else "",
    )


def outlooks_of(runs: Iterable[RunRecord]) -> dict[tuple[str, str], str]:
    """Returns what the latest run of each audience expected of the next days; runs come the latest first."""
    found: dict[tuple[str, str], str] = {}
    for run in runs:
        if audience_id := run.figures.get("audience_id"):
            found.setdefault((run.ad_account_id, audience_id), run.figures.get("outlook") or "")
    return found


def quota_facts(runs: Sequence[RunRecord]) -> Iterator[Fact]:
    """Yields what the runs of a day have used of Pinterest's quota."""
    requests = sum(run.figures.get("requests") or 0 for run in runs)
    waited = sum(run.figures.get("waited_s") or 0.0 for run in runs)
    yield Fact("Requests with identifiers, last 24 hours", f"{requests:,}")
    yield Fact("Waited for quota, last 24 hours", f"{waited:,.0f} s")


def _waiting_text(until_s: float) -> str:
    return f"Waiting for Pinterest's quota until {datetime.fromtimestamp(until_s, UTC):%Y-%m-%d %H:%M:%S}."


def _where(run: RunRecord) -> str:
    """The project's file with its folder, and the ad account."""
    project = [] if run.project is None else ["/".join(PurePath(run.project).parts[-2:])]
    return ", ".join([*project, *([f"ad account {run.ad_account_id}"] if run.ad_account_id else [])])


def _summary(run: RunRecord) -> str:
    figures = run.figures
    if "entered" not in figures:
        return ""
    not_synced = sum((figures.get("not_synced") or {}).values())
    return (
        f"{figures['entered']:,} rows entered, {figures.get('synced', 0):,} synced, {not_synced:,} not synced; "
        f"{figures.get('identifiers_added', 0):,} identifiers added, {figures.get('identifiers_removed', 0):,} removed"
    )


def _facts(run: RunRecord) -> Iterator[Fact]:
    for member, name in _FIGURES.items():
        if (value := run.figures.get(member)) is not None:
            yield Fact(name, f"{value:,}")
    if run.figures:
        yield Fact("Waited for quota", f"{run.figures.get('waited_s') or 0:,.1f} s")
        yield Fact("Version", run.version)
