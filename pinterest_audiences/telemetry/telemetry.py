"""Gives metrics and traces of runs to whom the environment names: a Prometheus text file, a collector, or both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.alerts.rules import SignIn
from pinterest_audiences.alerts.stale import CLOCKS_DIFFER_BY
from pinterest_audiences.history.records import Observation, RunRecord, observed_by
from pinterest_audiences.history.store import History
from pinterest_audiences.telemetry.metrics import (
    Sample,
    observation_samples,
    run_samples,
    sign_in_samples,
    success_samples,
)

TEXTFILE_VARIABLE: Final = "PINTEREST_AUDIENCES_METRICS_FILE"
# What has not run for so long is no longer in the file: it may have been given up.
_FORGOTTEN_AFTER: Final = timedelta(days=30)


class Telemetry:
    """Gives metrics and traces away.

    Args:
        environment: has OpenTelemetry's variables, and names the text file.
        history: what the text file holds beside this run: it is always whole.
        say: is told what could not be written or sent.
    """

    def __init__(self, environment: Mapping[str, str], history: History | None, say: Callable[[str], None]) -> None:
        self._environment = environment
        self._history = history
        self._say = say
        named = environment.get(TEXTFILE_VARIABLE, "").strip()
        self._textfile = Path(named).expanduser() if named else None

    def ran(self, records: Sequence[RunRecord], sign_ins: Iterable[SignIn] = ()) -> None:
        """Takes the audiences of a run."""
        sign_ins = tuple(sign_ins)
        samples = [
            *run_samples(records),
            *observation_samples(observed_by(records)),
            *sign_in_samples(sign_ins),
        ]
        self._give(samples, records)

    def observed(self, observations: Sequence[Observation], sign_ins: Iterable[SignIn] = ()) -> None:
        """Takes what Pinterest said of audiences."""
        self._give([*observation_samples(observations), *sign_in_samples(sign_ins)], ())

    def _give(self, samples: Sequence[Sample], records: Sequence[RunRecord]) -> None:
        if self._textfile is not None:
            self._write(self._textfile, samples)
        if any(name.startswith("OTEL_") for name in self._environment):
            from pinterest_audiences.telemetry.otlp import TelemetryError, send  # noqa: PLC0415 - only where it is asked for

            try:
                send(samples, records, self._environment)
            except TelemetryError as error:
                self._say(f"Telemetry was not sent: {error}")

    def _write(self, path: Path, samples: Sequence[Sample]) -> None:
        from pinterest_audiences.telemetry.textfile import write_textfile  # noqa: PLC0415 - only where it is asked for

        known: list[Sample] = []
        if self._history is not None:
            with suppress(ConnectorError):  # It has been said that the history can't be used.
                known = self._known(self._history)
        try:
            write_textfile(path, [*known, *samples])
        except OSError as error:
            self._say(f"The metrics file {path} was not written ({error.strerror or type(error).__name__}).")

    def _known(self, history: History) -> list[Sample]:
        """Returns the last value of everything that the history has, so that the file is whole after every run."""
        last = history.last_written()
        if last is None:
            return [*observation_samples(history.latest_observations())]
        # What is dated later was dated by a wrong clock, and would seem fresh until then.
        since, until = last.finished_at - _FORGOTTEN_AFTER, last.finished_at + CLOCKS_DIFFER_BY
        return [
            *success_samples(each for each in history.latest_runs(failed=False) if since <= each.finished_at <= until),
            *run_samples(each for each in history.latest_runs() if since <= each.finished_at <= until),
            *observation_samples(each for each in history.latest_observations() if each.seen_at >= since),
        ]
