"""What follows a run, and never changes its outcome: the history, alerts, metrics and traces. What fails is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.alerts.alert import Finding
from pinterest_audiences.alerts.alerting import Alerting
from pinterest_audiences.alerts.rules import SignIn, run_findings, sign_in_finding, size_findings
from pinterest_audiences.alerts.stale import freshness, stale_findings
from pinterest_audiences.failures import Failure
from pinterest_audiences.history.records import Observation, RunRecord, observed_by
from pinterest_audiences.history.store import History
from pinterest_audiences.telemetry.telemetry import Telemetry

if TYPE_CHECKING:  # It is a pydantic model, which a run without alerts need not load.
    from pinterest_audiences.alerts.settings import AlertSettings

# Of an audience: more than two a day for the longest window that anybody compares.
_MOST_OBSERVATIONS: Final = 500
_GIVEN_UP_AFTER: Final = timedelta(days=30)

Say = Callable[[str, str], None]


class AfterRun:
    """Takes what runs and observations have found out. Nothing that goes wrong here is raised: it is logged.

    Args:
        history: where it is kept; None if the user wants none.
        settings: the alert settings by the name of a run; None if nobody is alerted.
        telemetry: where metrics and traces go.
        say: takes a level and a line for people.
        alerting: sends alerts.
    """

    def __init__(
        self,
        history: History | None,
        settings: Callable[[str], AlertSettings | None],
        telemetry: Telemetry,
        say: Say,
        alerting: Alerting | None = None,
    ) -> None:
        self._history = history
        self._settings = settings
        self._telemetry = telemetry
        self._say = say
        self._alerting = alerting or Alerting(history, partial(say, "WARN"))

    @classmethod
    def of(cls, environment: Mapping[str, str], settings: Callable[[str], AlertSettings | None], say: Say) -> Self:
        """Returns it for the history, the metrics and the traces that the environment names."""
        history = History.of(environment)
        return cls(history, settings, Telemetry(environment, history, partial(say, "WARN")), say)

    def ran(self, records: Sequence[RunRecord], sign_ins: Iterable[SignIn] = ()) -> None:
        """Takes the audiences of a run, and the sign-ins that it used."""
        sign_ins = tuple(sign_ins)
        with self._said("This run is not in the history."):
            if self._history is not None:
                self._history.record_runs(records)
        with self._said("Alerts could not be decided."):
            now = datetime.now(UTC)
            found = [*self._of_runs(records, now), *self._of_sign_ins(sign_ins, {each.name for each in records}, now)]
            self._alerting.take(found, now)
        with self._said("Metrics and traces were not written."):
            self._telemetry.ran(records, sign_ins)

    def observed(
        self,
        observations: Sequence[Observation],
        sign_ins: Iterable[SignIn] = (),
        failed: Mapping[str, Failure] | None = None,
    ) -> None:
        """Takes what Pinterest said of audiences, the sign-ins with which it was asked, and those that failed."""
        sign_ins = tuple(sign_ins)
        with self._said("What was observed is not in the history."):
            if self._history is not None:
                self._history.record_observations(observations)
        with self._said("Alerts could not be decided."):
            now = datetime.now(UTC)
            found = [
                *self._of_sizes(observations, now),
                *self._of_sign_ins(sign_ins, {""}, now),
                *self._of_observing(sign_ins, failed or {}),
                *self._of_names(now),
            ]
            self._alerting.take(found, now)
        with self._said("Metrics and traces were not written."):
            self._telemetry.observed(observations, sign_ins)

    def _of_names(self, now: datetime) -> Iterator[tuple[Finding, AlertSettings]]:
        """Yields which runs have not succeeded for too long: a schedule that no longer starts them does not say so."""
        if self._history is None:
            return
        latest = {(run.project, run.name): run for run in self._history.latest_runs()}
        for (project, name), run in latest.items():
            settings = self._settings(name)
            # What has long been given up is not told of for ever.
            if settings is None or settings.stale_after is None or now - run.finished_at > _GIVEN_UP_AFTER:
                continue
            found = freshness(self._history, [name], settings.stale_after, now, project=project)
            for finding in stale_findings(found):
                yield finding, settings

    def _of_observing(
        self, sign_ins: Iterable[SignIn], failed: Mapping[str, Failure]
    ) -> Iterator[tuple[Finding, AlertSettings]]:
        settings = self._settings("")
        if settings is not None and settings.failure:
            for name in dict.fromkeys((*(each.profile for each in sign_ins), *failed)):
                why = (failed[name].text, failed[name].code) if name in failed else (None, None)
                title = f'Reading the audiences with the sign-in "{name}"'
                yield Finding("failure", f"observe {name}", title, *why), settings

    def _of_runs(self, records: Sequence[RunRecord], now: datetime) -> Iterator[tuple[Finding, AlertSettings]]:
        for record in records:
            settings = self._settings(record.name)
            if settings is not None:
                for finding in run_findings(record, settings):
                    yield finding, settings
                yield from self._of_sizes(list(observed_by((record,))), now, settings)

    def _of_sizes(
        self, observations: Sequence[Observation], now: datetime, settings: AlertSettings | None = None
    ) -> Iterator[tuple[Finding, AlertSettings]]:
        for latest in observations:
            known = settings or self._settings(latest.audience)
            if known is not None:
                for finding in size_findings(self._known_of(latest), known, now):
                    yield finding, known

    def _known_of(self, latest: Observation) -> Sequence[Observation]:
        """Returns what is known of an audience, the latest first; that alone if the history can't be read."""
        earlier: Sequence[Observation] = ()
        if self._history is not None:
            with suppress(ConnectorError):  # It has been said that nothing could be written into it.
                earlier = self._history.observations(latest.ad_account_id, latest.audience_id, limit=_MOST_OBSERVATIONS)
        return [latest, *(each for each in earlier if each.seen_at < latest.seen_at)]

    def _of_sign_ins(
        self, sign_ins: Iterable[SignIn], names: Iterable[str], now: datetime
    ) -> Iterator[tuple[Finding, AlertSettings]]:
        known = [settings for name in sorted(names) if (settings := self._settings(name)) is not None]
        for sign_in in sign_ins:
            for settings in dict.fromkeys(known):
                finding = sign_in_finding(sign_in, settings, now)
                if finding is not None:
                    yield finding, settings

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        try:
            yield
        except ConnectorError as error:
            self._say("WARN", f"{what} {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the run is over and its outcome stands
            self._say("WARN", f"{what} A fault of this program ({type(error).__name__}). Please report it.")
