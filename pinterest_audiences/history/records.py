"""What the history holds: runs, one record for each audience, and what Pinterest said of an audience at some moment.

None of them has a text by which a person could be told, from the moment on at which it is made: not in a name either,
which somebody may have chosen. So nobody to whom they are given has to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from pinterest_audiences.history.impersonal import impersonal

Source = Literal["run", "status", "observe"]
# `retry` reads the rows again that were rejected.
PARTIAL: Final = "retry"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One audience of one run.

    Args:
        run_id: the same for all audiences of a run.
        project: the project file's name; None without one.
        name: what the run was of: the audience's name in the project file, or what `--audience` said.
        audience: the audience's name at Pinterest.
        ad_account_id: blank if the run failed before it was known.
        profile: the profile that signed in; None for a config file.
        command: the command that ran: `sync`, `run`, `every`.
        started_at, finished_at: with a time zone.
        exit_code: 0 if the audience is what the user would expect.
        failure_kind, failure_code, failure_text: why it failed, as in the JSON of the commands.
        version: this program's.
        figures: the audience's part of the report; empty if there was none.
    """

    run_id: str
    project: str | None
    name: str
    audience: str
    ad_account_id: str
    profile: str | None
    command: str
    started_at: datetime
    finished_at: datetime
    exit_code: int
    failure_kind: str | None
    failure_code: str | None
    failure_text: str | None
    version: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for member in ("name", "audience", "failure_text", "figures"):
            object.__setattr__(self, member, impersonal(getattr(self, member)))

    @property
    def is_partial(self) -> bool:
        """Whether it was about some rows alone, and so says nothing of the audience."""
        return self.command == PARTIAL

    @property
    def succeeded(self) -> bool:
        """Whether the audience is what the user would expect."""
        return self.exit_code == 0


@dataclass(frozen=True, slots=True)
class Observation:
    """What Pinterest said of an audience: its size, if it has counted it, and its status.

    `match_share` is the estimated share of the people sent that Pinterest has matched, where that is known.
    """

    ad_account_id: str
    audience_id: str
    audience: str
    seen_at: datetime
    size: int | None
    status: str | None
    source: Source
    match_share: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "audience", impersonal(self.audience))


def observed_by(records: Iterable[RunRecord]) -> Iterator[Observation]:
    """Yields what runs themselves have read at Pinterest: not of audiences that failed, for which they did not ask."""
    for record in records:
        figures = record.figures
        audience_id, status = figures.get("audience_id"), figures.get("audience_status")
        if isinstance(audience_id, str) and isinstance(status, str):
            size, share = figures.get("audience_size"), match_share_of(figures)
            yield Observation(
                record.ad_account_id, audience_id, record.audience, record.finished_at, size, status, "run", share
            )


def match_share_of(figures: Mapping[str, Any]) -> float | None:
    """Returns the estimated share of matched people that a report or a listing has of an audience."""
    share = (figures.get("match_estimate") or {}).get("share")
    return float(share) if isinstance(share, int | float) else None
