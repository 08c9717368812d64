"""Runs one sync: feeds rows to the connector's process, saves its states to a file, and hands on its report."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import PLACE_MEMBER
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import ConnectorProcess
from pinterest_audiences.failures import (
    EXIT_DONE,
    EXIT_FAILED,
    Failure,
    FileContentError,
    SourceError,
    UsageError,
    ended_silently,
)
from pinterest_audiences.feeding import Feed
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import InterruptedByUserError, PipeClosedError
from pinterest_audiences.progress import Display
from pinterest_audiences.read_ahead import ReadAhead
from pinterest_audiences.reading import Reading
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sign_in.expiry import expiry_json
from pinterest_audiences.sources.names import check_columns
from pinterest_audiences.sources.source import RowBatch, Source
from pinterest_audiences.state_file import StateFile
from pinterest_audiences.sync_request import SyncRequest


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sync ended: the exit code, why, if it failed, and the connector's report, if it got that far."""

    exit_code: int
    failure: Failure | None = None
    report: Mapping[str, Any] | None = None


class SyncRun:
    """Runs one sync, once.

    Args:
        request: what to do.
        config: the config file; rotated credentials go back into it.
        source: the source to read.
        reading: the rows and columns to read.
        state_file: where the cursor is kept; None without a cursor.
        rejected: takes the rows that are not used, if they are wanted.
        interruption: whether to stop.
    """

    def __init__(
        self,
        request: SyncRequest,
        config: ConfigFile,
        *,
        source: Source,
        reading: Reading,
        state_file: StateFile | None,
        rejected: RejectedFile | None,
        interruption: Interruption,
    ) -> None:
        self._request = request
        self._config = config
        self._source = source
        self._selection = reading.selection
        self._reading = reading
        self._state_file = state_file
        self._rejected = rejected
        self._interruption = interruption
        self._rows_unreadable = 0

    def run(self, display: Display) -> Outcome:
        """Runs the sync, which `display` shows."""
        for warning in self._config.warnings:
            display.log("WARN", warning)
        for level, text in self._reading.remarks:
            display.log(level, text)
        on_rejected = None if self._rejected is None else self._rejected.add
        answers = ConnectorAnswers(display, self._keep_state, self._config.keep_credentials, on_rejected)
        outcome = self._sync(display, answers)
        if self._rejected is not None:
            display.log("INFO", self._rejected.summary())
        return replace(outcome, report=self._completed(answers.report))

    def _sync(self, display: Display, answers: ConnectorAnswers) -> Outcome:
        total = self._source.count(self._selection)
        reading = ReadAhead(self._source, self._selection, self._request.batch_rows, self._interruption)
        try:
            with reading:
                columns = reading.columns()
                check_columns(self._request.named_columns(), columns, self._source.label)
                batches = reading.batches()
                first = next(batches, RowBatch(()))
                stream = self._request.stream_of(self._selection.table, columns, first.rows, self._reading.all_columns)
                display.begin(total)
                batches = chain([first], batches)
                if self._rejected is not None:
                    columns, batches = (*columns, PLACE_MEMBER), self._rejected.placed(batches)
                return self._send(columns, batches, stream, display, answers)
        except InterruptedByUserError:
            return _stopped(self._interruption, "Stopped before anything was sent.")

    def _send(
        self,
        columns: Sequence[str],
        batches: Iterator[RowBatch],
        stream: StreamDescription,
        display: Display,
        answers: ConnectorAnswers,
    ) -> Outcome:
        feed = Feed(stream, columns, self._selection.reached, display, time.time)
        source_failure: Failure | None = None
        with ConnectorProcess.running(
            self._request.destination,
            "write",
            files={"config": self._config.overlaid(**self._request.overlay()), "catalog": stream.catalog()},
            answers=answers,
            watcher=display,
            interruption=self._interruption,
            variables={
                **self._config.variables,
                **self._request.variables,
                **({} if self._rejected is None else self._rejected.variables),
            },
        ) as connector:
            try:
                feed.run(batches, connector.pipe)
            except (PipeClosedError, InterruptedByUserError):
                pass  # what the connector reported, or the signal, decides below
            except (SourceError, FileContentError, UsageError) as error:
                source_failure = Failure.of(error)
            connector.pipe.close()
            exit_code = connector.wait()
        self._rows_unreadable = feed.findings.rows_unreadable
        if feed.rows_without_cursor:
            without = feed.rows_without_cursor
            have, them = ("row has", "it") if without == 1 else ("rows have", "them")
            display.log("WARN", f"{without:,} {have} no {stream.cursor}; every run sends {them} again.")
        return self._outcome(feed, answers, source_failure, exit_code)

    def _outcome(
        self, feed: Feed, answers: ConnectorAnswers, source_failure: Failure | None, exit_code: int
    ) -> Outcome:
        if self._interruption.is_requested:
            left = "what was sent stays sent, and a new run sends the rest"
            if self._request.replace:
                left = "a new run makes the audience equal to the table"
            return _stopped(self._interruption, f"Stopped after {feed.rows:,} rows were read; {left}.")
        # Where the source failed, the connector's error only follows from that.
        failure = source_failure or answers.failure
        if failure is None and exit_code != 0:
            failure = ended_silently(exit_code)
        if failure is None and answers.last_state_number < feed.states:
            sentence = "The connector ended without confirming the last rows. Run the sync again."
            failure = Failure.because(Code.ROWS_UNCONFIRMED, sentence)
        if failure is not None:
            return Outcome(EXIT_FAILED, failure)
        return Outcome(EXIT_DONE)

    def _completed(self, report: dict[str, Any] | None) -> dict[str, Any] | None:
        """Adds what the connector can't know: it never got to see the rows that could not be read."""
        if report is None:
            return None
        audiences = [{**audience, "rows_unreadable": self._rows_unreadable} for audience in report["audiences"]]
        expires_at = self._config.expires_at
        if expires_at is None:
            return {**report, "audiences": audiences}
        ends = expiry_json(self._config.profile, expires_at, datetime.now(UTC))
        return {**report, "audiences": audiences, "sign_in": ends}

    def _keep_state(self, state: Mapping[str, Any]) -> None:
        if self._state_file is None:
            return
        if self._rejected is not None:
            self._rejected.settle()
        self._state_file.save(state)


def _stopped(interruption: Interruption, sentence: str) -> Outcome:
    return Outcome(interruption.exit_code, Failure.because(Code.STOPPED_BY_USER, sentence))
