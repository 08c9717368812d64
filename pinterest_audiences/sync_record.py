"""Keeps a sync of the command line in the history, alerts and measures; whatever fails in that is a warning."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pinterest_audiences.after_run import AfterRun
from pinterest_audiences.alerts.rules import SignIn
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.history.of_report import RunIdentity, new_run_id, records_of
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.sign_in.profiles import profiles_folder, read_profile
from pinterest_audiences.sync_request import SyncRequest
from pinterest_audiences.sync_run import Outcome

if TYPE_CHECKING:  # It is a pydantic model, which a run without alerts need not load.
    from pinterest_audiences.alerts.settings import AlertSettings

_COMMAND: Final = "sync"


class SyncRecord:
    """The record of a sync, which begins when this object is made.

    Args:
        request: what is to be done.
        alerts: when to alert, and whom; None if nobody is to be alerted.
        environment: says where the history is, and where metrics go.
    """

    def __init__(self, request: SyncRequest, alerts: AlertSettings | None, environment: Mapping[str, str]) -> None:
        self._request = request
        self._environment = environment
        self._after = AfterRun.of(environment, lambda _: alerts, QuietDisplay(sys.stderr).log)
        self._started_at = datetime.now(UTC)
        self._ad_account_id = ""
        self._sign_in: Path | None = None

    def signs_in_by(self, config: ConfigFile) -> None:
        """Takes the ad account and the sign-in, once they are known."""
        self._ad_account_id = str(config.content.get("ad_account_id") or "")
        self._sign_in = config.sign_in_path

    def end(self, outcome: Outcome) -> None:
        """Takes how the sync ended."""
        run = RunIdentity(
            name=self._request.audience,
            audience=self._request.audience,
            ad_account_id=self._ad_account_id,
            command=_COMMAND,
            started_at=self._started_at,
            run_id=new_run_id(self._started_at),
            profile=profile_name(self._sign_in, self._environment),
        )
        records = records_of(
            run, outcome.report, outcome.failure, exit_code=outcome.exit_code, finished_at=datetime.now(UTC)
        )
        self._after.ran(records, sign_ins_of(self._sign_in))


def profile_name(sign_in: Path | None, environment: Mapping[str, str]) -> str | None:
    """Returns the name of the profile that signed in; None if it was a config file or the environment."""
    is_profile = sign_in is not None and sign_in.parent == profiles_folder(environment)
    return sign_in.stem if sign_in is not None and is_profile else None


def sign_ins_of(sign_in: Path | None) -> tuple[SignIn, ...]:
    """Returns the sign-in in a file as it is now: the sync may have renewed it."""
    if sign_in is None:
        return ()
    read = read_profile(sign_in)
    return (SignIn(read.name, read.expires_at),)
