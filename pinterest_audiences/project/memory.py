"""What the history knows of a project's audiences, and what a run adds to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from pinterest_audiences.alerts.settings import AlertSettings
from pinterest_audiences.failures import EXIT_FAILED, Failure
from pinterest_audiences.history.of_report import RunIdentity, records_of
from pinterest_audiences.history.records import RunRecord
from pinterest_audiences.history.store import History
from pinterest_audiences.project.outcome import AudienceOutcome, RunOutcome
from pinterest_audiences.project.project import Audience, Project
from pinterest_audiences.project.unfinished import Begun


def records(outcome: RunOutcome) -> Iterator[RunRecord]:
    """Yields a run's records: one for each audience at Pinterest that was run."""
    for each in outcome.audiences:
        if each.started_at is None or each.finished_at is None:
            continue
        run = RunIdentity(
            name=each.name,
            audience=each.audience,
            ad_account_id=each.ad_account_id or "",
            command=outcome.command,
            started_at=datetime.fromisoformat(each.started_at),
            run_id=outcome.run_id,
            project=outcome.project,
            profile=each.profile,
        )
        finished = datetime.fromisoformat(each.finished_at)
        yield from records_of(run, each.report, _failure(each), exit_code=each.exit_code, finished_at=finished)


def not_ended(begun: Begun) -> Failure:
    """Why a run has left no record."""
    return Failure.because(
        Code.RUN_NOT_ENDED,
        f"The `{begun.command}` that began at {begun.started_at} was killed before it could say how its audiences "
        "fared. The next run goes on; if that comes again, see what kills it, such as a lack of memory.",
    )


def killed_records(project: Project, begun: Begun, environment: Mapping[str, str]) -> Iterator[RunRecord]:
    """Yields the records that a killed run could not write."""
    moment = datetime.fromisoformat(begun.started_at)
    for name in begun.audiences:
        audience = project.named(name)
        if audience is None:
            continue
        run = RunIdentity(
            name=name,
            audience=audience.audience,
            ad_account_id=_account_of(audience, environment),
            command=begun.command,
            started_at=moment,
            run_id=begun.run_id,
            project=str(project.path),
            profile=audience.profile,
        )
        # When it was killed is not known.
        yield from records_of(run, None, not_ended(begun), exit_code=EXIT_FAILED, finished_at=moment)


def last_runs(history: History | None, project: Project, name: str) -> Sequence[RunRecord]:
    """Returns the records of an audience's last whole run; none if it was never run here. Raises: ConnectorError."""
    if history is None:
        return ()
    return history.last_run(name, project=str(project.path))


def has_failed(history: History | None, project: Project, name: str) -> bool:
    """Whether an audience's last run failed, or none is known: one that was killed at once leaves no record.

    Raises: ConnectorError.
    """
    latest = last_runs(history, project, name)
    return not latest or any(not record.succeeded for record in latest)


def alert_settings(project: Project, name: str) -> AlertSettings | None:
    """The settings of an audience's alerts; those of the whole project for any other name."""
    audience = project.named(name)
    return project.alerts.overlaid(None if audience is None else audience.entry.alerts)


def _account_of(audience: Audience, environment: Mapping[str, str]) -> str:
    """The ad account of an audience, by which alerts know it again; blank if its config can't be read now."""
    try:
        config = audience.config_file(environment)
        return str(config.overlaid(**audience.request(variables={}).overlay()).get("ad_account_id") or "")
    except ConnectorError:
        return ""


def _failure(outcome: AudienceOutcome) -> Failure | None:
    if outcome.error is None or outcome.error_code is None or outcome.failure_kind is None:
        return None
    return Failure(outcome.error, outcome.error_code, outcome.failure_kind)
