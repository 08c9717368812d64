"""Runs the sync of one audience of a project, as `sync` would, and says what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConfigurationError, ConnectorError
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, Failure
from pinterest_audiences.history.progress import followed
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.preparation import Preparation, prepared
from pinterest_audiences.progress import Display
from pinterest_audiences.project.displays import CollectingDisplay
from pinterest_audiences.project.outcome import AudienceOutcome, Kind, Status
from pinterest_audiences.project.project import Audience
from pinterest_audiences.sync_request import SyncRequest
from pinterest_audiences.sync_run import Outcome, SyncRun

Prepare = Callable[[SyncRequest, ConfigFile], AbstractContextManager[Preparation]]


@dataclass(frozen=True, slots=True)
class AudienceRun:
    """Runs one audience.

    Args:
        environment: where secrets come from.
        variables: added to each connector's environment: what makes all share one quota.
        version: this program's.
        interruption: whether to stop.
        now: the present moment, with a time zone.
        prepare: opens the source; `retry` reads a part of the rows.
    """

    environment: Mapping[str, str]
    variables: Mapping[str, str]
    version: str
    interruption: Interruption
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    prepare: Prepare = prepared

    def run(self, audience: Audience, display: CollectingDisplay) -> AudienceOutcome:
        """Runs it. A failure is a value: the others go on."""
        if self.interruption.is_requested:
            return self.not_run(audience)
        begun, account = self.now(), None
        try:
            request = audience.request(variables=self.variables)
            config = audience.config_file(self.environment)
            account = config.overlaid(**request.overlay()).get("ad_account_id")
            with followed(display, audience.name, str(account or ""), "run", self.environment) as shown:
                outcome = self._synced(request, config, shown)
        except ConnectorError as error:
            code = EXIT_USAGE if isinstance(error, ConfigurationError) else EXIT_FAILED
            outcome = Outcome(code, Failure.of(error))
        except Exception as error:  # noqa: BLE001 - one audience's fault must not stop the others
            sentence = f"A fault of this program ({type(error).__name__}). Please report it."
            outcome = Outcome(EXIT_FAILED, Failure.because(Code.CLI_CRASHED, sentence))
        return self._outcome(audience, outcome, display, begun, None if account is None else str(account))

    def not_run(self, audience: Audience) -> AudienceOutcome:
        """What is said of an audience before which the run was stopped."""
        return AudienceOutcome(
            name=audience.name,
            audience=audience.audience,
            ad_account_id=None,
            profile=audience.profile,
            status="not_run",
            exit_code=EXIT_DONE,
            failure_kind=None,
            error_code=None,
            error=None,
            started_at=None,
            finished_at=None,
            version=self.version,
            warnings=(),
            report=None,
        )

    def _synced(self, request: SyncRequest, config: ConfigFile, display: Display) -> Outcome:
        with self.prepare(request, config) as ready:
            return SyncRun(
                ready.request,
                ready.config,
                source=ready.source,
                reading=ready.reading,
                state_file=ready.state_file,
                rejected=ready.rejected,
                interruption=self.interruption,
            ).run(display)

    def _outcome(
        self, audience: Audience, outcome: Outcome, display: CollectingDisplay, begun: datetime, account: str | None
    ) -> AudienceOutcome:
        failure = outcome.failure
        status: Status = "done"
        if failure is not None:
            status = "stopped" if self.interruption.is_requested else "failed"
        return replace(
            self.not_run(audience),
            ad_account_id=account,
            status=status,
            exit_code=outcome.exit_code,
            failure_kind=None if failure is None else cast("Kind", failure.kind),
            error_code=None if failure is None else str(failure.code),
            error=None if failure is None else failure.text,
            started_at=moment_text(begun),
            finished_at=moment_text(self.now()),
            warnings=tuple(display.warnings),
            report=None if outcome.report is None else _reported(outcome.report, failure),
        )


def moment_text(moment: datetime) -> str:
    """A moment for programs."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _reported(report: Mapping[str, Any], failure: Failure | None) -> dict[str, Any]:
    return {**report, **({} if failure is None else failure.as_json())}
