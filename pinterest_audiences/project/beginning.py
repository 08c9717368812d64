"""Tells whoever is to be alerted that a command could not even begin with a project's audiences, and that it can again.

An audience that fails leaves a record, of which alerts are made. What fails before, such as the project file itself or
its state folder, would be known to nobody who does not read the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.alerts.alert import Finding
from pinterest_audiences.alerts.alerting import Alerting
from pinterest_audiences.alerts.reading import alert_settings
from pinterest_audiences.failures import Failure, ProjectBusyError
from pinterest_audiences.history.store import History
from pinterest_audiences.project.file_name import path_of
from pinterest_audiences.project.project import Project

if TYPE_CHECKING:
    from pinterest_audiences.alerts.settings import AlertSettings

Say = Callable[[str, str], None]


class Beginning:
    """Whether a command of a project file can begin.

    Args:
        file: the project file, as it was named.
        environment: where addresses and the history are.
        say: takes a level and a line for people.
    """

    def __init__(self, file: str, environment: Mapping[str, str], say: Say) -> None:
        self._path = path_of(file)
        self._environment = environment
        self._say = say
        self._alerting = Alerting(History.of(environment), partial(say, "WARN"))

    @contextmanager
    def told(self) -> Iterator[None]:
        """Tells of what ends the block by an error, which is raised. A run under way tells of itself."""
        try:
            yield
        except ProjectBusyError:
            raise
        except ConnectorError as error:
            self.failed(Failure.of(error))
            raise

    def failed(self, failure: Failure) -> None:
        """Tells of a failure. Nothing that goes wrong here is raised."""
        settings = self._settings_without_project()
        if settings is not None and settings.failure:
            self._take(settings, failure)

    def succeeded(self, project: Project) -> None:
        """Says that it is over, if a failure was told of."""
        if project.alerts.failure:
            self._take(project.alerts, None)

    def _take(self, settings: AlertSettings, failure: Failure | None) -> None:
        why = (None, None) if failure is None else (failure.one_line, failure.code)
        finding = Finding("failure", f"project {self._path}", f'Project "{self._path}"', *why)
        try:
            self._alerting.take([(finding, settings)], datetime.now(UTC))
        except Exception as error:  # noqa: BLE001 - whatever it is, what was to be told has been logged
            self._say("WARN", f"Alerts could not be decided. A fault of this program ({type(error).__name__}).")

    def _settings_without_project(self) -> AlertSettings | None:
        """Those that the file says, if that can be read, though the rest of it may be wrong; else the usual ones."""
        for path in (str(self._path), None):
            try:
                found = alert_settings(path, self._environment)
            except ConnectorError:
                continue
            if found is not None:
                return found
        return None
