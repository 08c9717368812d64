"""Runs the audiences of a project, a few at a time; what becomes of one does not stop the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

from pinterest_audiences.interruption import Interruption
from pinterest_audiences.project.audience_run import AudienceRun, moment_text
from pinterest_audiences.project.displays import Stage
from pinterest_audiences.project.outcome import AudienceOutcome, RunOutcome, exit_code_of, worst_kind
from pinterest_audiences.project.project import Audience, Project
from pinterest_audiences.project.run_view import ended_text

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class ProjectRun:
    """Runs audiences.

    Args:
        project: whose audiences they are.
        command: the command that runs them.
        parallel: how many run at once.
        interruption: whether to stop.
        each: runs one of them.
    """

    project: Project
    command: str
    parallel: int
    interruption: Interruption
    each: AudienceRun

    def run(self, audiences: Sequence[Audience], stage: Stage, run_id: str) -> RunOutcome:
        """Runs them in the file's order, and returns what became of all."""
        begun = self.each.now()
        with stage:
            found = {outcome.name: outcome for outcome in self._outcomes(audiences, stage)}
        outcomes = [found[audience.name] for audience in audiences]
        kind = worst_kind([outcome.failure_kind for outcome in outcomes if outcome.has_failed])
        is_stopped = self.interruption.is_requested
        return RunOutcome(
            schema_version=SCHEMA_VERSION,
            command=self.command,
            project=str(self.project.path),
            run_id=run_id,
            status="stopped" if is_stopped else "failed" if kind else "done",
            exit_code=self.interruption.exit_code if is_stopped else exit_code_of(kind),
            failure_kind=kind,
            started_at=moment_text(begun),
            finished_at=moment_text(self.each.now()),
            version=self.each.version,
            audiences=outcomes,
        )

    def _outcomes(self, audiences: Sequence[Audience], stage: Stage) -> Iterator[AudienceOutcome]:
        with ThreadPoolExecutor(self.parallel, thread_name_prefix="audience") as pool:
            running: list[Future[AudienceOutcome]] = [pool.submit(self._one, audience, stage) for audience in audiences]
            for future in as_completed(running):
                yield future.result()

    def _one(self, audience: Audience, stage: Stage) -> AudienceOutcome:
        if self.interruption.is_requested:
            return self.each.not_run(audience)
        outcome = self.each.run(audience, stage.of(audience.name))
        stage.ended(audience.name, ended_text(outcome))
        return outcome
