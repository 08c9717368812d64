"""Feeds what the cluster has prepared to one connector process on the driver, and raises why it failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConfigurationError, ConnectorError, InternalError, TransientError
from pinterest_audiences.airbyte_messages import RecordEncoder, complete_line, state_line
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers, Watcher
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.failures import Failure, ended_silently
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import LinePipe, PipeClosedError
from pinterest_audiences.sources.source import Row
from pinterest_audiences.spark.planning import SLICE_COLUMN, SparkPlan

_KINDS: Final[Mapping[str, type[ConnectorError]]] = {
    "config_error": ConfigurationError,
    "transient_error": TransientError,
    "system_error": InternalError,
}


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows that a state follows; the last rows of a slice say which it was."""

    rows: Iterator[list[Row]]
    number: int


class ConnectorFeed:
    """One run of the connector.

    Args:
        plan: what is fed.
        columns: the names of a row's values.
        config: the user's; rotated credentials go back into it.
        watcher: is shown what happens.
        on_slice: called with the number of each slice that Pinterest has accepted as a whole.
    """

    def __init__(
        self,
        plan: SparkPlan,
        columns: tuple[str, ...],
        config: ConfigFile,
        watcher: Watcher,
        on_slice: Callable[[int], None],
    ) -> None:
        self._plan = plan
        self._config = config
        self._watcher = watcher
        self._on_slice = on_slice
        self._encoder = RecordEncoder(plan.stream.name, columns, time.time)
        self._states = 0

    def run(self, slices: Iterable[Slice]) -> Mapping[str, Any] | None:
        """Feeds the slices, and returns the connector's report.

        If rows raise, the connector gets neither the state that follows them nor the word that the table is whole.
        Raises: what `slices` and their rows raise; ConnectorError of the kind and with the code that the connector
            ended with.
        """
        answers = ConnectorAnswers(self._watcher, self._take_state, self._config.keep_credentials)
        for warning in self._config.warnings:
            self._watcher.log("WARN", warning)
        stream = self._plan.stream
        with ConnectorProcess.running(
            OWN_CONNECTOR,
            "write",
            files={"config": self._config.overlaid(**self._plan.settings), "catalog": stream.catalog()},
            answers=answers,
            watcher=self._watcher,
            interruption=Interruption(),
            variables=self._config.variables,
        ) as connector:
            try:
                for each in slices:
                    self._feed(each, connector.pipe)
                connector.pipe.write(complete_line(stream.name, time.time()))
            except PipeClosedError:
                pass  # what the connector said decides below
            connector.pipe.close()
            exit_code = connector.wait()
        self._check(answers, exit_code)
        return answers.report

    def _feed(self, part: Slice, pipe: LinePipe) -> None:
        fed = 0
        for rows in part.rows:
            pipe.write(self._encoder.lines(rows))
            fed += len(rows)
            self._watcher.read(len(rows))
        self._states += 1
        state = {} if self._plan.stream.cursor is None else {SLICE_COLUMN: part.number}
        pipe.write(state_line(self._plan.stream.name, self._states, state, fed))

    def _take_state(self, state: Mapping[str, Any]) -> None:
        number = state.get(SLICE_COLUMN)
        if isinstance(number, int):
            self._on_slice(number)

    def _check(self, answers: ConnectorAnswers, exit_code: int) -> None:
        """Raises: ConnectorError if the connector has not done all of it."""
        failure = answers.failure
        if failure is None and exit_code != 0:
            failure = ended_silently(exit_code)
        if failure is None and answers.last_state_number < self._states:
            sentence = "The connector ended without confirming the last rows. Run the sync again."
            failure = Failure.because(Code.ROWS_UNCONFIRMED, sentence)
        if failure is not None:
            raise_failure(failure)


def raise_failure(failure: Failure) -> NoReturn:
    """Raises the error that a program tells apart by its class and its code."""
    code = next((each for each in Code if each == failure.code), Code.CONNECTOR_GAVE_NO_CODE)
    kind = _KINDS.get(failure.kind, InternalError)
    raise kind(code, failure.text.removeprefix(f"{failure.code}: "))
