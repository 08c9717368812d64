"""Feeds changes to one process of the connector, a slice at a time.

A slice is noted as begun before it is sent, and as accepted once its state has come back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from destination_pinterest.errors import ConnectorError
from destination_pinterest.markers import PLACE_MEMBER, REJECTED_REASONS, REJECTED_VARIABLE
from destination_pinterest.vocabulary import Identifier
from pinterest_audiences.airbyte_messages import RecordEncoder, StreamDescription, complete_line, state_line
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers, Watcher
from pinterest_audiences.connector_process import ConnectorProcess
from pinterest_audiences.difference.pace import Heartbeat, Pace
from pinterest_audiences.difference.sent_table import Change, SentTable
from pinterest_audiences.difference.settings import NUMBER, OPERATION, Digests
from pinterest_audiences.difference.warehouse import Session
from pinterest_audiences.failures import Failure, ended_silently
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import InterruptedByUserError, LinePipe, PipeClosedError
from pinterest_audiences.sync_request import SyncRequest

SLICE: Final = 20_000
_TAGGED: Final = 2


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is sent.

    Args:
        stream: the stream that the connector gets.
        overlay: the settings that it gets.
        digests: the stream's columns of identifiers.
        last: the number of the last change.
        replaces: whether everybody is sent, to take the place of an audience.
        creates: whether the connector creates the customer list.
    """

    stream: StreamDescription
    overlay: Mapping[str, Any]
    digests: tuple[Digests, ...]
    last: int
    replaces: bool
    creates: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of it: why it failed, if it did, and the connector's report, if it got that far."""

    failure: Failure | None
    report: Mapping[str, Any] | None


class Sending:
    """Sends a delivery, once.

    Args:
        request: the sync.
        config: the config file; rotated credentials go back into it.
        table: has the changes.
        pace: how far sending has come.
        heartbeat: knows whether another run has taken the audience over.
        watcher: is shown what happens.
        interruption: whether to stop.
    """

    def __init__(
        self,
        request: SyncRequest,
        config: ConfigFile,
        table: SentTable,
        pace: Pace,
        *,
        heartbeat: Heartbeat,
        watcher: Watcher,
        interruption: Interruption,
    ) -> None:
        self._request = request
        self._config = config
        self._table = table
        self._pace = pace
        self._heartbeat = heartbeat
        self._watcher = watcher
        self._interruption = interruption

    def run(self, session: Session, delivery: Delivery) -> Sent:
        """Sends it."""
        pace = self._pace
        watcher = _ListWatcher(self._watcher, pace.found_list) if delivery.creates else self._watcher
        answers = ConnectorAnswers(watcher, pace.accepted, self._config.keep_credentials, pace.rejected)
        failure: Failure | None = None
        with ConnectorProcess.running(
            self._request.destination,
            "write",
            files={"config": self._config.overlaid(**delivery.overlay), "catalog": delivery.stream.catalog()},
            answers=answers,
            watcher=watcher,
            interruption=self._interruption,
            variables={**self._config.variables, **self._request.variables, REJECTED_VARIABLE: REJECTED_REASONS},
        ) as connector:
            try:
                self._feed(session, delivery, connector.pipe)
            except (PipeClosedError, InterruptedByUserError):
                pass  # what the connector reported, or the signal, decides
            except ConnectorError as error:
                failure = Failure.of(error)
            connector.pipe.close()
            exit_code = connector.wait()
        failure = failure or answers.failure
        if failure is None and exit_code != 0:
            failure = ended_silently(exit_code)
        return Sent(failure, answers.report)

    def _feed(self, session: Session, delivery: Delivery, pipe: LinePipe) -> None:
        """Writes everything; raises what the warehouse raises, and then no end is written."""
        stream = delivery.stream
        encoder = RecordEncoder(stream.name, (), time.time)
        records = _Records(delivery.digests)
        after = states = 0
        while after < delivery.last:
            if self._heartbeat.failure is not None:
                raise self._heartbeat.failure
            last = min(after + SLICE, delivery.last)
            changes = self._table.between(session, after, last)
            if not delivery.replaces:
                self._pace.begin(session, last)
            pipe.write(encoder.lines_of(map(records.of, changes)))
            if not delivery.replaces:
                states += 1
                pipe.write(state_line(stream.name, states, {"changes": last}, len(changes)))
            after = last
        if not states:
            pipe.write(state_line(stream.name, 1, {"changes": delivery.last}, 0))
        pipe.write(complete_line(stream.name, time.time()))


class _Records:
    """Changes as rows: each identifier in the column of its kind, as the connector takes it from a table.

    Args:
        digests: the columns.
    """

    def __init__(self, digests: Sequence[Digests]) -> None:
        self._blank: dict[str, Any] = {each.column: None for each in digests}
        self._columns: dict[tuple[Identifier, int], str] = {}

    def of(self, change: Change) -> dict[str, Any]:
        """Returns a row."""
        number, text = change.number, change.identifier
        form = (change.kind, len(text))
        column = self._columns.get(form)
        if column is None:
            column = self._columns[form] = Digests.of(*form).column
        record = self._blank.copy()
        record[column] = text[_TAGGED:] if text[0] == "@" else text
        record[OPERATION] = change.operation
        record[NUMBER] = number
        record[PLACE_MEMBER] = (None, number)
        return record


class _ListWatcher:
    """Hands everything on, and tells which customer list is written to."""

    def __init__(self, watcher: Watcher, on_list: Callable[[str], None]) -> None:
        self._watcher = watcher
        self._on_list = on_list
        self._told = False

    def read(self, rows: int) -> None:
        """See Watcher."""
        self._watcher.read(rows)

    def progressed(self, progress: Mapping[str, Any]) -> None:
        """See Watcher."""
        known = progress.get("customer_list_id")
        if known is not None and not self._told:
            self._told = True
            self._on_list(str(known))
        self._watcher.progressed(progress)

    def waiting(self, until_s: float) -> None:
        """See Watcher."""
        self._watcher.waiting(until_s)

    def log(self, level: str, text: str) -> None:
        """See Watcher."""
        self._watcher.log(level, text)
