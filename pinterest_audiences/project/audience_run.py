"""Runs the sync of one audience of a project, as `sync` would, and says what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConfigurationError, ConnectorError
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.empty_tables import KEPT, empty_table_of
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, Failure
from pinterest_audiences.history.progress import followed
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.preparation import Preparation, prepared
from pinterest_audiences.project.displays import CollectingDisplay
from pinterest_audiences.project.outcome import AudienceOutcome, Kind, Status
from pinterest_audiences.project.project import Audience
from pinterest_audiences.project.rejected_rows import aside, keep
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sync_record import profile_name
from pinterest_audiences.sync_request import SyncRequest
from pinterest_audiences.sync_run import Outcome, SyncRun

Prepare = Callable[[SyncRequest, ConfigFile, Audience], AbstractContextManager[Preparation]]


def _prepared_whole(request: SyncRequest, config: ConfigFile, _: Audience) -> AbstractContextManager[Preparation]:
    return prepared(request, config)


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows of an audience are read.

    Args:
        prepare: opens the source.
        follows_cursor: whether an audience with a cursor is read by it.
    """

    prepare: Prepare = _prepared_whole
    follows_cursor: bool = True


@dataclass(frozen=True, slots=True)
class AudienceRun:
    """Runs one audience.

    Args:
        environment: where secrets come from.
        variables: added to each connector's environment: what makes all share one quota.
        version: this program's.
        interruption: whether to stop.
        now: the present moment, with a time zone.
        part: which rows are read.
    """

    environment: Mapping[str, str]
    variables: Mapping[str, str]
    version: str
    interruption: Interruption
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    part: Part = Part()

    def run(self, audience: Audience, display: CollectingDisplay) -> AudienceOutcome:
        """Runs it. A failure is a value: the others go on."""
        if self.interruption.is_requested:
            return self.not_run(audience)
        begun, account, profile = self.now(), None, audience.profile
        try:
            request = audience.request(variables=self.variables)
            config = audience.config_file(self.environment)
            profile = profile_name(config.sign_in_path, self.environment)
            account = config.overlaid(**request.overlay()).get("ad_account_id")
            outcome = self._synced(request, config, audience, display)
        except ConnectorError as error:
            code = EXIT_USAGE if isinstance(error, ConfigurationError) else EXIT_FAILED
            outcome = Outcome(code, Failure.of(error))
        except Exception as error:  # noqa: BLE001 - one audience's fault must not stop the others
            sentence = f"A fault of this program ({type(error).__name__}). Please report it."
            outcome = Outcome(EXIT_FAILED, Failure.because(Code.CLI_CRASHED, sentence))
        ended = self._outcome(audience, outcome, display, begun)
        return replace(ended, ad_account_id=None if account is None else str(account), profile=profile)

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
            empty_table=None,
        )

    def _synced(
        self, request: SyncRequest, config: ConfigFile, audience: Audience, display: CollectingDisplay
    ) -> Outcome:
        path = audience.rejected_path
        if audience.entry.cursor is not None and self.part.follows_cursor:
            path = None  # It writes into the file itself: its rows are not read again, however it ends.
        if path is not None:
            RejectedFile(path, has_values=request.rejected_values).check()
            request = replace(request, rejected=aside(path))
        account = str(config.overlaid(**request.overlay()).get("ad_account_id") or "")
        following = followed(display, audience.name, account, "run", self.environment)
        if request.difference_schema is not None and self.part.prepare is _prepared_whole:
            # Only who asks for it needs this module.
            from pinterest_audiences.difference.run import DifferenceRun  # noqa: PLC0415

            with following as shown:
                outcome = DifferenceRun(request, config, self.interruption).run(shown)
        else:
            with self.part.prepare(request, config, audience) as ready, following as shown:
                outcome = SyncRun(
                    ready.request,
                    ready.config,
                    source=ready.source,
                    reading=ready.reading,
                    state_file=ready.state_file,
                    rejected=ready.rejected,
                    interruption=self.interruption,
                ).run(shown)
        # A run that did not get to its end says nothing of the other rows.
        if path is not None and outcome.failure is None:
            _keep_rejected(path, display)
        return _held_to_its_table(outcome)

    def _outcome(
        self, audience: Audience, outcome: Outcome, display: CollectingDisplay, begun: datetime
    ) -> AudienceOutcome:
        failure = outcome.failure
        status: Status = "done"
        if failure is not None:
            status = "stopped" if self.interruption.is_requested else "failed"
        return replace(
            self.not_run(audience),
            status=status,
            exit_code=outcome.exit_code,
            failure_kind=None if failure is None else cast("Kind", failure.kind),
            error_code=None if failure is None else str(failure.code),
            error=None if failure is None else failure.text,
            started_at=moment_text(begun),
            finished_at=moment_text(self.now()),
            warnings=tuple(display.warnings),
            report=None if outcome.report is None else _reported(outcome.report, failure),
            empty_table=empty_table_of((outcome.report or {}).get("audiences") or ()),
        )


def moment_text(moment: datetime) -> str:
    """A moment for programs."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _reported(report: Mapping[str, Any], failure: Failure | None) -> dict[str, Any]:
    return {**report, **({} if failure is None else failure.as_json())}


def _held_to_its_table(outcome: Outcome) -> Outcome:
    """Here success says that an audience is what its rows say, so one that an empty table has not emptied is none."""
    audiences = (outcome.report or {}).get("audiences") or ()
    if outcome.failure is not None or empty_table_of(audiences) != "kept":
        return outcome
    failure = {"error": KEPT.text, "error_code": KEPT.code}
    held = [{**each, "failure": failure} if each.get("empty_table") == "kept" else each for each in audiences]
    return Outcome(EXIT_FAILED, KEPT, {**(outcome.report or {}), "audiences": held})


def _keep_rejected(path: Path, display: CollectingDisplay) -> None:
    try:
        keep(path)
    except OSError as error:
        display.log("WARN", f"The rejected rows are in {aside(path)}: {path} can't be written ({error.strerror}).")
