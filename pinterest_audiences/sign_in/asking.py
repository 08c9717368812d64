"""Asks Pinterest through the connector, for the commands about a sign-in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.failures import Failure, ended_silently
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.progress import QuietDisplay


class Asking:
    """Runs one command of the connector.

    Args:
        interruption: ends it.
        on_config: is given what the connector asks to keep.
    """

    def __init__(self, interruption: Interruption, on_config: Callable[[Mapping[str, Any]], None]) -> None:
        self._interruption = interruption
        self._display = QuietDisplay(sys.stderr)
        self.answers = ConnectorAnswers(self._display, lambda _: None, on_config)

    @classmethod
    def with_config(cls, interruption: Interruption, config: ConfigFile) -> Asking:
        """One that keeps what is renewed where the config has it, and says what is to be said of it."""
        asking = cls(interruption, config.keep_credentials)
        for warning in config.warnings:
            asking._display.log("WARN", warning)
        return asking

    def run(
        self, command: str, files: Mapping[str, Mapping[str, Any]], variables: Mapping[str, str] | None = None
    ) -> Failure | None:
        """Runs it. Returns why it failed, if it did."""
        with ConnectorProcess.running(
            OWN_CONNECTOR,
            command,
            files=files,
            answers=self.answers,
            watcher=self._display,
            interruption=self._interruption,
            variables=variables,
        ) as connector:
            exit_code = connector.wait()
        if self._interruption.is_requested:
            return Failure.because(Code.STOPPED_BY_USER, "Stopped before Pinterest had answered.")
        if self.answers.failure is None and exit_code != 0:
            return ended_silently(exit_code)
        return self.answers.failure
