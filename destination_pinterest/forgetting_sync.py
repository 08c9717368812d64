"""Runs a sync, or the command `forget`, that takes the people of its rows out of every customer list.

All rows are read first: whom they name is suppressed before anybody is taken out. States return once that is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from os import environ
from typing import Final

import msgspec

from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.assembly import DEFAULT_TUNING, SyncRequest, Tuning, announcements_of
from destination_pinterest.errors import ConnectorError
from destination_pinterest.forgetting.certificate import Certificate
from destination_pinterest.forgetting.choice import Choice
from destination_pinterest.forgetting.command import ForgetRequest, Forgetting, require_complete
from destination_pinterest.forgetting.reading import PeopleReader
from destination_pinterest.forgetting.requests import RequestCount
from destination_pinterest.markers import REPORT_TEXT_VARIABLE
from destination_pinterest.membership.lease import DEFAULT_TIMING
from destination_pinterest.membership.store_key import STRETCHINGS
from destination_pinterest.pause import Pause
from destination_pinterest.reporting.report import AudienceReport, Failure, SyncReport
from destination_pinterest.session import open_session
from destination_pinterest.system import System

_RENEWAL_WAIT_S: Final = 5.0
# What stands in the report where other syncs have an audience's name.
EVERYWHERE: Final = "every customer list"


class ForgettingRun:
    """Forgets people, once.

    Args:
        request: the sync, or what the command gets in its place.
        system: clocks, sleep and chance.
        asked: what the command line asks for; None for a sync, whose settings say it.
        pause: sleeps, and can be interrupted.
        tuning: pace and cost; only tests change it.

    Raises:
        ConfigurationError: a stream can't be planned, or the settings name no suppression store.
    """

    def __init__(
        self,
        request: SyncRequest,
        system: System,
        asked: ForgetRequest | None = None,
        *,
        pause: Pause | None = None,
        tuning: Tuning = DEFAULT_TUNING,
    ) -> None:
        self._request = request
        self._messages = request.messages
        self._asked = asked
        self._system = system
        self._started_s = system.clock()
        self.report: SyncReport | None = None
        self._requests = RequestCount()
        config = request.config
        pause = pause or Pause()
        self._session = open_session(
            config,
            request.platform_config,
            system=system,
            observer=self._requests,
            retry=RetryPolicy.from_hours(config.retry_hours),
            open_wire=request.open_wire,
            pause=pause,
            say=self._messages.log,
        )
        self._forgetting = Forgetting(
            config,
            self._session,
            self._requests,
            system.with_sleep(pause.sleep),
            self._messages.log,
            stretchings=tuning.stretchings or STRETCHINGS,
            timing=tuning.lease_timing or DEFAULT_TIMING,
        )
        self._reader = PeopleReader(
            request.streams,
            config,
            request.lines,
            self._messages.log,
            announcements=announcements_of(self._messages),
            every_row=asked is not None,
        )

    def run(self) -> Iterator[bytes]:
        """Yields all states once everybody is forgotten; ends with the certificate and the report.

        Raises:
            ConnectorError: why not everybody is forgotten everywhere; run again, it goes on from there.
        """
        certificate: Certificate | None = None
        failure: ConnectorError | None = None
        try:
            self._reader.read()
            certificate = self._act()
            require_complete(certificate)
            yield from self._reader.release()
        except ConnectorError as error:
            failure = error
            raise
        finally:
            self._report(certificate, failure)

    def stop(self) -> bool:
        """See `sigterm.Command`: every step may be the last."""
        return False

    def give_back(self) -> None:
        """See `sigterm.Command`."""
        if self._session.sign_in is not None:
            self._session.sign_in.wait_for_renewal(_RENEWAL_WAIT_S)
        self._forgetting.give_back()
        self._session.leave_quota()

    @property
    def is_stopped(self) -> bool:
        """See `Sync.is_stopped`."""
        return False

    def _act(self) -> Certificate:
        if self._asked is None:
            config = self._request.config
            return self._forgetting.forget(self._reader, Choice(config.everywhere_includes, config.everywhere_except))
        if self._asked.action == "lift":
            return self._forgetting.lift(self._reader)
        return self._forgetting.forget(self._reader, Choice(self._asked.includes, self._asked.exceptions))

    def _report(self, certificate: Certificate | None, failure: ConnectorError | None) -> None:
        is_told = environ.get(REPORT_TEXT_VARIABLE) != "0"
        level = "INFO" if failure is None else "WARN"
        if certificate is not None:
            for line in certificate.as_text() if is_told else ():
                self._messages.log(level, line)
            self._messages.figures("INFO", certificate.as_line())
        if self._asked is None:
            self.report = self._sync_report(certificate, failure)
            self._messages.figures("INFO", self.report.as_line())

    def _sync_report(self, certificate: Certificate | None, failure: ConnectorError | None) -> SyncReport:
        counts = self._reader.counts
        elapsed_s = self._system.clock() - self._started_s
        per_second = round(counts.entered / elapsed_s, 1) if elapsed_s else 0.0
        is_done = failure is None and certificate is not None
        lists = [] if certificate is None else [entry for entry in certificate.lists if entry.state == "removed"]
        undone = counts.entered - counts.used - counts.not_synced.total()
        everywhere = AudienceReport(
            audience=EVERYWHERE,
            audience_id=None,
            customer_list_id=None,
            streams=[str(stream.key) for stream in self._request.streams],
            entered=counts.entered,
            synced=counts.used if is_done else 0,
            not_synced=dict(counts.not_synced),
            pending=undone if is_done else counts.used + undone,
            errored=0,
            identifiers_added=0,
            identifiers_removed=sum(entry.identifiers for entry in lists),
            identifiers_refused=dict(counts.identifiers_refused),
            requests=sum(entry.requests for entry in lists),
            retries=0,
            waited_s=0.0,
            rows_per_second=per_second,
            customer_list_status=None,
            audience_status=None,
            audience_size=None,
            notes=[] if certificate is None else list(certificate.notes),
            failure=None if failure is None else Failure(str(failure), failure.code.value),
        )
        return SyncReport(
            "succeeded" if is_done else "failed",
            round(elapsed_s, 1),
            per_second,
            self._requests.total,
            0,
            0.0,
            [everywhere],
            forgetting=None if certificate is None else msgspec.to_builtins(certificate),
        )
