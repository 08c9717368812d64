"""What became of a project's audiences: for programs as JSON, whose schema is made from these classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from pinterest_audiences.empty_tables import EmptyTable
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, EXIT_WAIT

TRANSIENT: Final = "transient_error"

Status = Literal["done", "failed", "stopped", "not_run"]
Kind = Literal["config_error", "transient_error", "system_error"]
# The worst first: what somebody has to do outweighs what passes.
_KINDS: Final[Sequence[Kind]] = ("config_error", "system_error", "transient_error")


@dataclass(frozen=True, slots=True)
class AudienceOutcome:
    """What became of one audience.

    Args:
        name: its name in the project file.
        audience: its name at Pinterest.
        ad_account_id: the first of the ad accounts it is kept in; null if the run failed before it was known.
        profile: the profile that signed in; null for a config file or the environment.
        status: not_run: the run was stopped before.
        exit_code: what `sync` would have ended with; 1 as well if `empty_table` is kept.
        failure_kind: config_error: somebody has to change something. transient_error: the same may succeed later.
            system_error: neither is known to help. null if it succeeded, as are error_code and error.
        error_code: the code, as in docs/operations.md.
        error: what happened and what to do.
        started_at, finished_at: RFC 3339, in UTC; null if it was not run.
        version: this program's.
        warnings: what was warned of.
        report: the report as `sync --json` prints it; null if there was none.
        empty_table: null unless the table that was to replace the members has no usable rows. kept: the members stay.
            nobody_yet: there are none.
    """

    name: str
    audience: str
    ad_account_id: str | None
    profile: str | None
    status: Status
    exit_code: int
    failure_kind: Kind | None
    error_code: str | None
    error: str | None
    started_at: str | None
    finished_at: str | None
    version: str
    warnings: Sequence[str]
    report: Mapping[str, Any] | None
    empty_table: EmptyTable | None

    @property
    def has_failed(self) -> bool:
        """Whether it was run and is not what the user would expect."""
        return self.status in {"failed", "stopped"}


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What became of a run.

    Args:
        schema_version: keys are only added to it.
        command: run, retry or every.
        project: the project file.
        run_id: the same for all audiences, and in the history.
        status: failed: at least one audience failed.
        exit_code: what the command ends with: 0 all done; 75 failed, and all of it may succeed later; 1 failed, and
            somebody has to change something; 130 and 143 stopped.
        failure_kind: the worst of the audiences'.
        started_at, finished_at: RFC 3339, in UTC.
        version: this program's.
        audiences: in the file's order.
    """

    schema_version: int
    command: str
    project: str
    run_id: str
    status: Status
    exit_code: int
    failure_kind: Kind | None
    started_at: str
    finished_at: str
    version: str
    audiences: Sequence[AudienceOutcome]


def worst_kind(kinds: Sequence[str | None]) -> Kind | None:
    """The kind of failure that decides what is to be done."""
    return next((kind for kind in _KINDS if kind in kinds), None)


def exit_code_of(kind: str | None) -> int:
    """The exit code of a command of which parts have failed so; `kind` is None if none has."""
    if kind is None:
        return EXIT_DONE
    return EXIT_WAIT if kind == TRANSIENT else EXIT_FAILED


def as_json(outcome: Any) -> dict[str, Any]:
    """An outcome for programs."""
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(outcome))
    return made
