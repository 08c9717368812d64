"""Makes the history's records of a run: one for each audience of its report, or one alone if there was no report."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.program_version import program_version
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure
from pinterest_audiences.history.records import RunRecord

_KINDS: Final[Mapping[str, str]] = {code.value: code.failure_kind for code in Code}
# What a sync ends with if audiences failed by themselves, each for a reason of its own.
_OF_SEVERAL: Final = frozenset({Code.AUDIENCES_FAILED, Code.AUDIENCES_FAILED_FOR_NOW})


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Which run it is. The members are those of RunRecord; `audience` is what was asked for."""

    name: str
    audience: str
    ad_account_id: str
    command: str
    started_at: datetime
    run_id: str
    project: str | None = None
    profile: str | None = None


def new_run_id(started_at: datetime) -> str:
    """Returns an id that sorts as time does and that no other process gives."""
    return f"{started_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def records_of(
    run: RunIdentity,
    report: Mapping[str, Any] | None,
    failure: Failure | None,
    *,
    exit_code: int,
    finished_at: datetime,
) -> list[RunRecord]:
    """Returns a record for each audience.

    An audience without a failure of its own has that of the whole run, unless the run failed for others' alone.
    """
    audiences: Sequence[Mapping[str, Any]] = (report or {}).get("audiences") or ()
    if not audiences:
        return [_record(run, {}, failure, exit_code=exit_code, finished_at=finished_at)]
    own = {code for each in audiences if (code := (each.get("failure") or {}).get("error_code"))}
    is_of_others = failure is not None and bool(own) and failure.code in own | _OF_SEVERAL
    records = []
    for each in audiences:
        why = _own_failure(each) or (None if is_of_others else failure)
        code = EXIT_DONE if why is None else exit_code or EXIT_FAILED
        records.append(_record(run, each, why, exit_code=code, finished_at=finished_at))
    return records


def _own_failure(figures: Mapping[str, Any]) -> Failure | None:
    failure = figures.get("failure")
    if not failure:
        return None
    code = str(failure["error_code"])
    return Failure(str(failure["error"]), code, _KINDS.get(code, "system_error"))


def _record(
    run: RunIdentity,
    figures: Mapping[str, Any],
    failure: Failure | None,
    *,
    exit_code: int,
    finished_at: datetime,
) -> RunRecord:
    return RunRecord(
        run_id=run.run_id,
        project=run.project,
        name=run.name,
        audience=str(figures.get("audience") or run.audience),
        ad_account_id=str(figures.get("ad_account_id") or run.ad_account_id),
        profile=run.profile,
        command=run.command,
        started_at=run.started_at,
        finished_at=finished_at,
        exit_code=exit_code,
        failure_kind=None if failure is None else failure.kind,
        failure_code=None if failure is None else failure.code,
        failure_text=None if failure is None else failure.text,
        version=program_version(),
        figures=figures,
    )
