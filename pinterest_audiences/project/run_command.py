"""`pinterest-audiences run`: runs the audiences of a project file."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import QUOTA_PATH_VARIABLE
from destination_pinterest.program_version import program_version
from pinterest_audiences.after_run import AfterRun
from pinterest_audiences.failures import UsageError, no_temporary_folder
from pinterest_audiences.history.of_report import new_run_id
from pinterest_audiences.history.store import History
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.project import memory, unfinished
from pinterest_audiences.project.audience_run import AudienceRun, Part
from pinterest_audiences.project.beginning import Beginning
from pinterest_audiences.project.displays import stage_for
from pinterest_audiences.project.opening import opened_project
from pinterest_audiences.project.outcome import RunOutcome
from pinterest_audiences.project.project import Audience, Project
from pinterest_audiences.project.run import ProjectRun
from pinterest_audiences.project.run_printing import print_run
from pinterest_audiences.project.selection import among, selected
from pinterest_audiences.project.sign_ins import sign_ins
from pinterest_audiences.project.state_folder import held

_MOST_PARALLEL: Final = 16


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    with Beginning(arguments.file, os.environ, say).told(), opened_project(arguments) as project:
        audiences = selected(project, arguments.select)
        interruption = Interruption()
        with held(project.state_folder), interruption.listening(), quota_file() as variables:
            if arguments.failed:
                audiences = among(audiences, _to_run_again(project, audiences))
            outcome = run_once(arguments, project, audiences, interruption, variables=variables)
        print_run(outcome, Printer(sys.stdout, as_json=arguments.json))
        return outcome.exit_code


def _to_run_again(project: Project, audiences: Sequence[Audience]) -> set[str]:
    """The names of those whose last run failed, did not end, or is not known."""
    history, left = History.of(os.environ), unfinished.unfinished(project.state_folder)
    return {each.name for each in audiences if each.name in left or memory.has_failed(history, project, each.name)}


def run_once(
    arguments: argparse.Namespace,
    project: Project,
    audiences: Sequence[Audience],
    interruption: Interruption,
    *,
    variables: Mapping[str, str],
    part: Part | None = None,
) -> RunOutcome:
    """Runs audiences once, or a part of them; tells the history, and whoever is to be alerted. Raises: UsageError."""
    check_parallel(arguments.parallel)
    begun = datetime.now(UTC)
    each = AudienceRun(
        environment=os.environ,
        variables=variables,
        version=program_version(),
        interruption=interruption,
        part=part or Part(),
    )
    running = ProjectRun(project, arguments.command, arguments.parallel, interruption, each)
    stage = stage_for(sys.stderr, quiet=arguments.quiet)
    after = AfterRun.of(os.environ, lambda name: memory.alert_settings(project, name), say)
    run_id = new_run_id(begun)
    if part is None:
        _tell_of_killed(project, after)
        names = tuple(audience.name for audience in audiences)
        unfinished.begin(
            project.state_folder,
            unfinished.Begun(run_id, arguments.command, begun.isoformat(timespec="seconds"), names),
        )
    Beginning(str(project.path), os.environ, say).succeeded(project)
    outcome = running.run(audiences, stage, run_id)
    after.ran(list(memory.records(outcome)), sign_ins(audiences, os.environ))
    if part is None:
        ended = [each.name for each in outcome.audiences if each.finished_at is not None]
        try:
            unfinished.end(project.state_folder, ended)
        except UsageError as error:  # What was done is done, and has to be told.
            say("WARN", f"The next run will take this one for a killed one. {error}")
    return outcome


def _tell_of_killed(project: Project, after: AfterRun) -> None:
    """Says aloud, to the history and to whoever is to be alerted that the run before was killed. Raises: UsageError."""
    begun = unfinished.killed(project.state_folder)
    if begun is None:
        return
    failure = memory.not_ended(begun)
    say("WARN", failure.text)
    after.ran(list(memory.killed_records(project, begun, os.environ)))


def check_parallel(number: int) -> None:
    """Raises: UsageError for a number of audiences that can't run at once."""
    if not 1 <= number <= _MOST_PARALLEL:
        raise UsageError(Code.USAGE_WRONG, f"--parallel must be between 1 and {_MOST_PARALLEL}.")


@contextmanager
def quota_file() -> Iterator[Mapping[str, str]]:
    """Gives the variable by which connectors share one quota as long as the command runs."""
    try:
        temporary = tempfile.TemporaryDirectory(prefix="pinterest-audiences-", ignore_cleanup_errors=True)
    except OSError as error:
        raise no_temporary_folder(error) from None
    with temporary as folder:
        yield {QUOTA_PATH_VARIABLE: str(Path(folder) / "quota")}


def say(level: str, text: str) -> None:
    """Says something beside the outcome."""
    sys.stderr.write(f"pinterest-audiences: {level.lower()}: {text}\n")
