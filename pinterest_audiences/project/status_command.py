"""`pinterest-audiences status`: what Pinterest and the history say of each audience of a project."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.program_version import program_version
from pinterest_audiences.after_run import AfterRun
from pinterest_audiences.alerts.durations import duration, duration_text
from pinterest_audiences.alerts.stale import CLOCKS_DIFFER_BY
from pinterest_audiences.asked_listing import asked_listing
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.empty_tables import WORDS, EmptyTable, empty_table_of
from pinterest_audiences.failure_view import write_failure
from pinterest_audiences.failures import Failure, UsageError
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.history.store import History
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.project import memory
from pinterest_audiences.project.audience_run import moment_text
from pinterest_audiences.project.opening import opened_project
from pinterest_audiences.project.outcome import Kind, as_json, exit_code_of, worst_kind
from pinterest_audiences.project.project import Audience, Project
from pinterest_audiences.project.run_command import quota_file, say
from pinterest_audiences.project.selection import selected
from pinterest_audiences.project.sign_ins import sign_ins
from pinterest_audiences.project.state_folder import is_held
from pinterest_audiences.project.unfinished import Begun, killed

SCHEMA_VERSION: Final = 1
HEADINGS: Final = ("Audience", "Last run", "", "Pinterest", "Size", "Sign-in ends")
_SOON: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class AtPinterest:
    """An audience at Pinterest; `size` is null until it is counted, `audience_id` if there is none yet."""

    ad_account_id: str
    audience: str
    audience_id: str | None
    status: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class AudienceStatus:
    """What is known of one audience.

    Args:
        name: its name in the project file.
        audience: its name at Pinterest.
        status: done or failed: how its last run ended; late: longer ago than it may be; never: it was not run here.
        last_run_at, last_success_at: RFC 3339, in UTC; null if never.
        failure_kind, error_code, error: why its last run failed, or why Pinterest could not be asked.
        sign_in_ends_at: when its sign-in ends if nobody uses it; null if that is not known.
        at_pinterest: in each ad account; null if Pinterest was not asked, or did not answer.
        empty_table: null unless its last run found no usable rows in the table that was to replace the members. kept:
            the members stay. nobody_yet: there are none.
    """

    name: str
    audience: str
    status: Literal["done", "failed", "late", "never"]
    last_run_at: str | None
    last_success_at: str | None
    failure_kind: Kind | None
    error_code: str | None
    error: str | None
    sign_in_ends_at: str | None
    at_pinterest: Sequence[AtPinterest] | None
    empty_table: EmptyTable | None


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """What is known of a project's audiences.

    Args:
        schema_version: keys are only added to it.
        project: the project file.
        exit_code: what the command ends with. A run that failed is no failure of this command, unless --fail-if-stale
            says so.
        version: this program's.
        audiences: in the file's order.
    """

    schema_version: int
    project: str
    exit_code: int
    version: str
    audiences: Sequence[AudienceStatus]


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    interruption = Interruption()
    with opened_project(arguments) as project, interruption.listening(), quota_file() as variables:
        asking = _Asking(project, History.of(os.environ), interruption, variables, arguments.fail_if_stale)
        audiences = selected(project, arguments.select)
        statuses = [asking.status(audience, is_offline=arguments.offline) for audience in audiences]
        after = AfterRun.of(os.environ, lambda name: memory.alert_settings(project, name), say)
        after.observed(asking.observations, sign_ins(audiences, os.environ))
        kind = worst_kind([failure.kind for failure in asking.failures])
        # What has only ever failed has not succeeded for too long, however short the time.
        stale = [each.name for each in statuses if each.status in {"late", "never"} or each.last_success_at is None]
        if stale and arguments.fail_if_stale is not None:
            kind = "config_error"
        code = interruption.exit_code if interruption.is_requested else exit_code_of(kind)
        _print(ProjectStatus(SCHEMA_VERSION, str(project.path), code, program_version(), statuses), arguments)
        if stale and arguments.fail_if_stale is not None:
            write_failure(_stale(stale, {each.name for each in statuses if each.last_success_at is None}).text)
        return code


class _Asking:
    """Asks Pinterest once for each sign-in and ad account, and the history for each audience."""

    def __init__(
        self,
        project: Project,
        history: History | None,
        interruption: Interruption,
        variables: Mapping[str, str],
        longest: str | None,
    ) -> None:
        self._project = project
        self._history = history
        self._interruption = interruption
        self._variables = variables
        self._longest = None if longest in {None, ""} else _span(str(longest))
        self._killed = _killed(project)
        self._listings: dict[tuple[str, ...], Sequence[AtPinterest] | Failure] = {}
        self.observations: list[Observation] = []

    @property
    def failures(self) -> Sequence[Failure]:
        """Why Pinterest could not be asked."""
        return [each for each in self._listings.values() if isinstance(each, Failure)]

    def status(self, audience: Audience, *, is_offline: bool) -> AudienceStatus:
        """Returns what is known of an audience. Raises: ConnectorError if the history can't be read."""
        last = memory.last_runs(self._history, self._project, audience.name)
        failed = next((record for record in last if not record.succeeded), None)
        success = None
        if self._history is not None:
            until = datetime.now(UTC) + CLOCKS_DIFFER_BY
            success = self._history.last_success(audience.name, project=str(self._project.path), until=until)
        failure = None if failed is None else _failure_of(failed)
        started_at = last[0].started_at if last else None
        is_killed = self._killed is not None and audience.name in self._killed.audiences
        if self._killed is not None and is_killed:
            failure, started_at = memory.not_ended(self._killed), datetime.fromisoformat(self._killed.started_at)
        found: Sequence[AtPinterest] | Failure | None = None
        ends_at: datetime | None = None
        try:
            config = audience.config_file(os.environ)
            ends_at = next((each.expires_at for each in sign_ins([audience], os.environ)), None)
            found = None if is_offline else self._listed(audience, config)
        except ConnectorError as error:
            found = Failure.of(error)
            self._listings[(audience.name,)] = found
        if isinstance(found, Failure):
            failure, found = found, None
        return AudienceStatus(
            name=audience.name,
            audience=audience.audience,
            status=self._state(audience, success, has_failed=failed is not None or is_killed),
            last_run_at=None if started_at is None else moment_text(started_at),
            last_success_at=None if success is None else moment_text(success.finished_at),
            failure_kind=None if failure is None else worst_kind([failure.kind]),
            error_code=None if failure is None else str(failure.code),
            error=None if failure is None else failure.text,
            sign_in_ends_at=None if ends_at is None else moment_text(ends_at),
            at_pinterest=found,
            empty_table=empty_table_of(record.figures for record in last),
        )

    def _state(
        self, audience: Audience, success: RunRecord | None, *, has_failed: bool
    ) -> Literal["done", "failed", "late", "never"]:
        longest = self._longest
        if longest is None and audience.entry.schedule is not None:
            # What is run every day is not late because it took an hour.
            longest = _span(audience.entry.schedule) * 1.25
        is_late = longest is not None and success is not None and datetime.now(UTC) - success.finished_at > longest
        if has_failed and not is_late:
            return "failed"
        if success is None:
            return "failed" if has_failed else "never"
        return "late" if is_late else "done"

    def _listed(self, audience: Audience, config: ConfigFile) -> Sequence[AtPinterest] | Failure:
        """Returns the audiences of the entry's name; several if a column names them."""
        settings = {**config.content, **audience.settings}
        accounts = (str(settings.get("ad_account_id")), *map(str, settings.get("also_in_ad_accounts") or ()))
        key = (str(config.sign_in_path), *accounts)
        if key not in self._listings:
            self._listings[key] = self._ask(config, accounts)
        found = self._listings[key]
        if isinstance(found, Failure):
            return found
        if "{" in audience.audience:
            return ()
        named = [each for each in found if each.audience == audience.audience]
        missing = [account for account in accounts if account not in {each.ad_account_id for each in named}]
        return [*named, *(AtPinterest(account, audience.audience, None, None, None) for account in missing)]

    def _ask(self, config: ConfigFile, accounts: Sequence[str]) -> Sequence[AtPinterest] | Failure:
        asked = asked_listing(
            config,
            QuietDisplay(sys.stderr),
            self._interruption,
            settings={"ad_account_id": accounts[0], "also_in_ad_accounts": list(accounts[1:])},
            variables=self._variables,
        )
        if asked.failure is not None or asked.content is None:
            return asked.failure or Failure.because(Code.CONNECTOR_SILENT, "Pinterest was not asked. Try it again.")
        found = list(_audiences(asked.content))
        now = datetime.now(UTC)
        ours = {audience.audience for audience in self._project.audiences}
        self.observations += [
            Observation(each.ad_account_id, each.audience_id, each.audience, now, each.size, each.status, "status")
            for each in found
            if each.audience_id is not None and each.audience in ours
        ]
        return found


def _audiences(listing: Mapping[str, Any]) -> Iterator[AtPinterest]:
    for account in (listing, *listing.get("further_ad_accounts", ())):
        for each in account["audiences"]:
            name = each["name"] or each["audience_id"]
            yield AtPinterest(
                str(account["ad_account_id"]), name, each["audience_id"], each["audience_status"], each["audience_size"]
            )


def _killed(project: Project) -> Begun | None:
    """Returns the last run if it was killed: it has left no record, and only the next one will write one."""
    try:
        begun = killed(project.state_folder)
        # Looked for once more, since a run may have ended between the two.
        return killed(project.state_folder) if begun is not None and not is_held(project.state_folder) else None
    except UsageError as error:
        say("WARN", f"Whether the last run was killed is not known. {error}")
        return None


def _failure_of(record: RunRecord) -> Failure:
    return Failure(record.failure_text or "", record.failure_code or "", record.failure_kind or "system_error")


def _span(text: str) -> timedelta:
    try:
        found = duration(text)
    except ValueError:
        found = None
    if not isinstance(found, timedelta):
        raise UsageError(Code.USAGE_WRONG, f"--fail-if-stale {text!r} is not a span such as 90m, 26h or 7d.")
    return found


def _stale(names: Sequence[str], never: Collection[str]) -> Failure:
    late = [name for name in names if name not in never]
    parts = []
    if late:
        parts.append(f"No run has succeeded for too long: {', '.join(late)}. See whether the schedule still starts it.")
    if never:
        first = ", ".join(name for name in names if name in never)
        parts.append(f"No run has ever succeeded: {first}. Run it, and do what its failure says.")
    return Failure.because(Code.RUNS_STALE, " ".join(parts))


def _print(status: ProjectStatus, arguments: argparse.Namespace) -> None:
    printer = Printer(sys.stdout, as_json=arguments.json)
    for each in status.audiences:
        if each.error is not None:
            write_failure(f"{each.name}: {each.error}")
    if printer.as_json:
        printer.result(as_json(status))
        return
    now = datetime.now(UTC)
    printer.rows(HEADINGS, [_row(each, now) for each in status.audiences])
    done = sum(each.status == "done" for each in status.audiences)
    printer.line(f"{done:,} of {len(status.audiences):,} audiences are as their last run left them, and on time.")


def _row(each: AudienceStatus, now: datetime) -> Sequence[str]:
    last = each.last_run_at
    ago = "never" if last is None else f"{duration_text(now - datetime.fromisoformat(last))} ago"
    found = each.at_pinterest or ()
    statuses = ", ".join(dict.fromkeys(one.status or "not created yet" for one in found))
    sizes = [one.size for one in found if one.size is not None]
    size = f"{sum(sizes):,}" if sizes else ""
    ends = ""
    if each.sign_in_ends_at is not None:
        left = datetime.fromisoformat(each.sign_in_ends_at) - now
        ends = f"in {left.days:,} days" if left < _SOON else each.sign_in_ends_at[:10]
    status = each.status if each.empty_table is None else f"{each.status} ({WORDS[each.empty_table]})"
    return (each.name, status, "" if each.status == "never" else ago, statuses, size, ends)
