"""Posts how a sync ended to an address of the user's: the report, as JSON. Airbyte's own webhook carries no figures.

It is the last thing that a sync does, takes a bounded time, and never changes how the sync ended. What is sent is what
the log has, so no person is in it. The address is a secret: many have a token in them.

Source: requests 2.32, Session.request and .send (read 2026-11-27): a login for the host from .netrc would be sent
    unless there is an `auth`. docs.slack.dev, incoming webhooks: the text of the message is `text` (not tried here).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from os import environ
from typing import Any, Final, Literal

import msgspec
import requests

from destination_pinterest.certificates import trusted_certificates
from destination_pinterest.config import notify_url_of
from destination_pinterest.errors import ConnectorError
from destination_pinterest.foreign_text import shown
from destination_pinterest.program_version import DISTRIBUTION, program_version
from destination_pinterest.reporting.report import SyncReport
from destination_pinterest.sigterm import Command

SCHEMA_VERSION: Final = 1
PATIENCE_S: Final = 10.0
# Of a sync that is being stopped: its host kills it soon.
STOPPED_PATIENCE_S: Final = 2.0


class Notified(msgspec.Struct, frozen=True):
    """What is posted. Within a schema_version, keys are only added.

    `text` says it in a sentence, for receivers that show one. `report` is null if the sync failed before it had any.
    """

    text: str
    status: Literal["succeeded", "failed", "stopped"]
    started_at: str
    finished_at: str
    ad_account_id: str | None
    error: str | None
    error_code: str | None
    failure_kind: str | None
    report: SyncReport | None
    version: str
    event: str = "sync_ended"
    schema_version: int = SCHEMA_VERSION


class Ending(msgspec.Struct, frozen=True):
    """How a sync ended."""

    report: SyncReport | None
    failure: ConnectorError | None = None
    is_stopped: bool = False


class Notification:
    """The notification of a sync, which begins when this object is made.

    Args:
        raw: the settings as they came: those that can't be used are a failure to notify of, too.
        warn: takes what went wrong with the notification.
        now: seconds since the epoch.
        scrub: removes secrets from texts.
        patience_s: how long it may take at most.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        warn: Callable[[str], None],
        *,
        now: Callable[[], float],
        scrub: Callable[[str], str],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._url = notify_url_of(raw)
        self._ad_account_id = raw.get("ad_account_id")
        self._warn = warn
        self._now = now
        self._scrub = scrub
        self._patience_s = patience_s
        self._started_at = _moment(now())
        self._unsent = threading.Lock()

    def send(self, ending: Ending) -> None:
        """Posts it, if the settings name an address and nothing was posted before. What goes wrong is a warning."""
        if self._url is None or not self._unsent.acquire(blocking=False):
            return
        posting = _Posting(self._url, msgspec.json.encode(self._content(ending)))
        posting.start()
        posting.join(min(self._patience_s, STOPPED_PATIENCE_S) if ending.is_stopped else self._patience_s)
        if posting.problem is not None:
            self._warn(
                f"The report could not be posted to Notification URL (notify_url): {posting.problem}. The sync itself "
                "is not affected."
            )

    def _content(self, ending: Ending) -> Notified:
        failure = ending.failure
        error = None if failure is None else shown(str(failure), self._scrub)
        status: Literal["succeeded", "failed", "stopped"] = (
            "stopped" if ending.is_stopped else "succeeded" if failure is None else "failed"
        )
        account = self._ad_account_id
        return Notified(
            text=_sentence(status, ending.report, error),
            status=status,
            started_at=self._started_at,
            finished_at=_moment(self._now()),
            ad_account_id=str(account) if isinstance(account, str | int) else None,
            error=error,
            error_code=None if failure is None else failure.code.value,
            failure_kind=None if failure is None else failure.failure_kind,
            report=ending.report,
            version=program_version(),
        )


class Notifying(msgspec.Struct, frozen=True):
    """A command of which is also told if it has to be ended at once.

    Args:
        command: what is to be ended; None as long as it is only put together.
        notification: what is posted.
    """

    command: Command | None
    notification: Notification

    def stop(self) -> bool:
        """See `sigterm.Command`."""
        return self.command is not None and self.command.stop()

    def give_back(self) -> None:
        """See `sigterm.Command`. Others wait for what is given back, so that comes first."""
        try:
            if self.command is not None:
                self.command.give_back()
        finally:
            self.notification.send(Ending(None, is_stopped=True))


class _Posting(threading.Thread):
    """A daemon: a server that hangs does not keep the process alive."""

    def __init__(self, url: str, body: bytes) -> None:
        super().__init__(name="posting the report", daemon=True)
        self._url = url
        self._body = body
        self.problem: str | None = "it did not answer in time"

    def run(self) -> None:
        try:
            with requests.post(
                self._url,
                data=self._body,
                headers={"Content-Type": "application/json", "User-Agent": DISTRIBUTION},
                auth=lambda request: request,
                timeout=PATIENCE_S,
                allow_redirects=False,
                stream=True,
                verify=trusted_certificates(environ) or True,
            ) as answer:
                self.problem = _problem(answer.status_code)
        except requests.exceptions.SSLError:
            self.problem = "its certificate can't be verified"
        except requests.exceptions.Timeout:
            pass
        except requests.exceptions.ConnectionError:
            self.problem = "it can't be reached"
        except Exception as error:  # noqa: BLE001 - its text may hold the address
            self.problem = f"it failed ({type(error).__name__})"


def _problem(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"it answered HTTP {status}, and redirects are not followed"
    return f"it answered HTTP {status}"


def _sentence(status: str, report: SyncReport | None, error: str | None) -> str:
    audiences = () if report is None else tuple(report.audiences)
    named = f' into "{shown(audiences[0].audience)}"' if len(audiences) == 1 else ""
    several = f" into {len(audiences):,} audiences" if len(audiences) > 1 else ""
    rows = [each for each in audiences if not each.repeats_rows]
    counts = f"{sum(each.entered for each in rows):,} rows entered, {sum(each.synced for each in rows):,} synced"
    figures = f": {counts}" if rows else ""
    reason = f". {error}" if error else "."
    return f"Pinterest sync{named}{several} {status}{figures}{reason}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
