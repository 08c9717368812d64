"""Asks Pinterest what a sync would do, for a dry run: through the connector's process, which alone talks to Pinterest.

The connector gets the rows that a sync would send, compares them with what is there, and changes nothing. A sign-in
that it has to renew goes into the config file, as in a sync.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.failures import EXIT_FAILED, Failure, ended_silently
from pinterest_audiences.feeding import Feed
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import InterruptedByUserError, PipeClosedError
from pinterest_audiences.progress import Display
from pinterest_audiences.sources.source import RowBatch
from pinterest_audiences.sync_request import SyncRequest

_WAY_ROUND: Final = "With --offline, the rows are counted without asking Pinterest."


class DryRunPreview:
    """Asks once, with the rows of one stream.

    Args:
        config: the config file; rotated credentials go back into it.
        request: the sync that is tried.
        stream: the stream's description.
        columns: the names of a row's values.
        interruption: whether to stop.
        display: is shown what the connector says.
    """

    def __init__(
        self,
        config: ConfigFile,
        request: SyncRequest,
        stream: StreamDescription,
        columns: Sequence[str],
        *,
        interruption: Interruption,
        display: Display,
    ) -> None:
        self._config = config
        self._request = request
        self._stream = stream
        self._columns = columns
        self._interruption = interruption
        self._display = display

    @property
    def exit_code(self) -> int:
        """The exit code if there is a failure."""
        return self._interruption.exit_code if self._interruption.is_requested else EXIT_FAILED

    def run(self, batches: Iterable[RowBatch]) -> dict[str, Any] | Failure:
        """Feeds the rows, and returns what the connector found out, or why it could not.

        Raises: SourceError, if the source does not give all rows.
        """
        display = self._display
        for warning in self._config.warnings:
            display.log("WARN", warning)
        answers = ConnectorAnswers(display, lambda _: None, self._config.keep_credentials)
        feed = Feed(self._stream, self._columns, None, display, time.time)
        with (
            self._interruption.listening(),
            ConnectorProcess.running(
                OWN_CONNECTOR,
                "preview",
                files={"config": self._config.overlaid(**self._request.overlay()), "catalog": self._stream.catalog()},
                answers=answers,
                watcher=display,
                interruption=self._interruption,
                variables={**self._config.variables, **self._request.variables},
            ) as connector,
        ):
            # If it ends early, what the connector reported, or the signal, decides below.
            with suppress(PipeClosedError, InterruptedByUserError):
                # What was found beside the rows is said by who counts them.
                feed.run((replace(batch, remarks=(), refused=()) for batch in batches), connector.pipe)
            connector.pipe.close()
            exit_code = connector.wait()
        if self._interruption.is_requested:
            return Failure.because(Code.STOPPED_BY_USER, "Stopped before everything was read. Nothing was sent.")
        if answers.failure is not None:
            return answers.failure.followed_by(_WAY_ROUND)
        if exit_code != 0 or answers.preview is None:
            return ended_silently(exit_code)
        return answers.preview
