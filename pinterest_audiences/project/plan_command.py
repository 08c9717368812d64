"""`pinterest-audiences plan`: says of each audience of a project what a run would do, and changes nothing."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from destination_pinterest.errors import ConfigurationError, ConnectorError
from destination_pinterest.program_version import program_version
from pinterest_audiences.difference.trying import tried_by_difference
from pinterest_audiences.empty_tables import KEPT, EmptyTable, empty_table_of
from pinterest_audiences.failure_view import write_failure
from pinterest_audiences.failures import EXIT_FAILED, Failure
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.preparation import prepared
from pinterest_audiences.preview_view import bounds_text
from pinterest_audiences.printing import Printer
from pinterest_audiences.project.displays import CollectingDisplay
from pinterest_audiences.project.opening import opened_project
from pinterest_audiences.project.outcome import Kind, as_json, exit_code_of, worst_kind
from pinterest_audiences.project.project import Audience, Project
from pinterest_audiences.project.run_command import check_parallel, quota_file
from pinterest_audiences.project.run_view import reasons_of
from pinterest_audiences.project.selection import selected
from pinterest_audiences.trial import tried

SCHEMA_VERSION: Final = 1
HEADINGS: Final = ("Audience", "Plan", "At Pinterest", "Rows", "Usable", "Joins", "Leaves", "Requests", "Time")


@dataclass(frozen=True, slots=True)
class AudiencePlan:
    """What a run would do with one audience.

    Args:
        name: its name in the project file.
        audience: its name at Pinterest.
        status: ready: a run would keep it. refused: a guard or the rows themselves would stop it. failed: it could not
            be found out.
        failure_kind, error_code, error: why it is not ready; null if it is.
        plan: what `sync --dry-run --json` prints; null if it could not be found out.
        warnings: what was warned of.
        empty_table: null unless the table that is to replace the members has no usable rows. kept: the members would
            stay. nobody_yet: there are none.
    """

    name: str
    audience: str
    status: Literal["ready", "refused", "failed"]
    failure_kind: Kind | None
    error_code: str | None
    error: str | None
    plan: Mapping[str, Any] | None
    warnings: Sequence[str]
    empty_table: EmptyTable | None


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """What a run would do.

    Args:
        schema_version: keys are only added to it.
        project: the project file.
        status: ready if all audiences are.
        exit_code: what the command ends with: 0 all are ready; 75 not all, but waiting may help; 1 somebody has to
            change something.
        failure_kind: the worst of the audiences'.
        version: this program's.
        audiences: in the file's order.
    """

    schema_version: int
    project: str
    status: Literal["ready", "refused", "failed"]
    exit_code: int
    failure_kind: Kind | None
    version: str
    audiences: Sequence[AudiencePlan]


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    check_parallel(arguments.parallel)
    interruption = Interruption()
    with opened_project(arguments) as project, interruption.listening(), quota_file() as variables:

        def planned(audience: Audience) -> AudiencePlan | None:
            if interruption.is_requested:
                return None
            return _planned(audience, variables, interruption, is_offline=arguments.offline)

        audiences = selected(project, arguments.select)
        with ThreadPoolExecutor(arguments.parallel, thread_name_prefix="audience") as pool:
            plans = [plan for plan in pool.map(planned, audiences) if plan is not None]
        if len(plans) < len(audiences):
            return interruption.exit_code
        plan = _whole(project, plans)
        _print(plan, Printer(sys.stdout, as_json=arguments.json))
        return interruption.exit_code if interruption.is_requested else plan.exit_code


def _planned(
    audience: Audience, variables: Mapping[str, str], interruption: Interruption, *, is_offline: bool
) -> AudiencePlan:
    display = CollectingDisplay(lambda _counts, _total: None)
    warnings = display.warnings
    try:
        config = audience.config_file(os.environ)
        # What was rejected by the last run is kept for `retry`.
        request = replace(audience.request(variables=variables), rejected=None, offline=is_offline)
        if request.state is not None and not request.state.parent.is_dir():
            request = replace(request, state=None)  # The first run makes the folder, and begins at the beginning.
        if request.difference_schema is not None:
            trial = tried_by_difference(request, config, interruption, display)
        else:
            with prepared(request, config) as ready:
                trial = tried(ready, display.log, interruption, display)
    except ConnectorError as error:
        return _plan(audience, "failed", Failure.of(error), None, warnings)
    if trial.failure is not None:
        return _plan(audience, "failed", trial.failure, None, warnings)
    warnings += [line["message"] for line in trial.result["plan"] if line["level"] != "INFO"]
    for each in (trial.result["pinterest"] or {}).get("audiences") or ():
        warnings += each["notes"] if each.get("empty_table") else ()
    refusal = _refusal(trial.result)
    return _plan(audience, "ready" if refusal is None else "refused", refusal, trial.result, warnings)


def _refusal(result: Mapping[str, Any]) -> Failure | None:
    """Why a run would fail, by the first of the audiences that an entry stands for."""
    for each in (result["pinterest"] or {}).get("audiences") or ():
        if each["refusal"] is not None:
            return Failure.reported(each["refusal"]["error"], ConfigurationError.failure_kind)
    return KEPT if _empty_table(result) == "kept" else None


def _empty_table(result: Mapping[str, Any] | None) -> EmptyTable | None:
    return empty_table_of(((result or {}).get("pinterest") or {}).get("audiences") or ())


def _plan(
    audience: Audience,
    status: Literal["ready", "refused", "failed"],
    failure: Failure | None,
    plan: Mapping[str, Any] | None,
    warnings: Sequence[str],
) -> AudiencePlan:
    return AudiencePlan(
        name=audience.name,
        audience=audience.audience,
        status=status,
        failure_kind=None if failure is None else worst_kind([failure.kind]),
        error_code=None if failure is None else str(failure.code),
        error=None if failure is None else failure.text,
        plan=plan,
        warnings=tuple(dict.fromkeys(warnings)),
        empty_table=_empty_table(plan),
    )


def _whole(project: Project, plans: Sequence[AudiencePlan]) -> ProjectPlan:
    kind = worst_kind([plan.failure_kind for plan in plans])
    is_failed = any(plan.status == "failed" for plan in plans)
    return ProjectPlan(
        schema_version=SCHEMA_VERSION,
        project=str(project.path),
        status="failed" if is_failed else "refused" if kind else "ready",
        exit_code=exit_code_of(kind) if kind else EXIT_FAILED if is_failed else 0,
        failure_kind=kind,
        version=program_version(),
        audiences=plans,
    )


def _print(plan: ProjectPlan, printer: Printer) -> None:
    for each in plan.audiences:
        if each.error is not None:
            write_failure(f"{each.name}: {each.error}")
    if printer.as_json:
        printer.result(as_json(plan))
    else:
        printer.rows(HEADINGS, [_row(each) for each in plan.audiences])
        for each in plan.audiences:
            for line in reasons_of(each.name, {} if each.plan is None else each.plan["not_usable"]):
                printer.line(line)
    for each in plan.audiences:
        for warning in each.warnings:
            sys.stderr.write(f"warning: {each.name}: {warning}\n")
    if not printer.as_json:
        ready = sum(each.status == "ready" for each in plan.audiences)
        printer.line(f"{ready:,} of {len(plan.audiences):,} audiences are ready to run. Nothing was changed.")


def _row(each: AudiencePlan) -> Sequence[str]:
    plan = each.plan
    if plan is None:
        return (each.name, each.status, *("" for _ in HEADINGS[2:]))
    counts = (f"{plan['rows']:,}", f"{plan['usable']:,}")
    cost = (f"{plan['requests_in_all']:,}", f"{max(1, round(plan['standard_duration_s'])):,} s")
    preview = plan["pinterest"]
    if preview is None:
        return (each.name, each.status, "", *counts, "", "", *cost)
    at_pinterest = preview["audiences"]
    new = sum(audience["is_new"] for audience in at_pinterest)
    there = "new" if new == len(at_pinterest) else f"{new:,} new" if new else "there"
    return (each.name, each.status, there, *counts, _sum(at_pinterest, "joins"), _sum(at_pinterest, "leaves"), *cost)


def _sum(audiences: Sequence[Mapping[str, Any]], what: str) -> str:
    """Bounds of all audiences that an entry stands for."""
    highs = [each[what]["at_most"] for each in audiences]
    whole = {
        "is_estimate": any(each["is_estimate"] for each in audiences),
        what: {
            "at_least": sum(each[what]["at_least"] for each in audiences),
            "at_most": None if None in highs else sum(highs),
        },
    }
    return bounds_text(whole, what)
