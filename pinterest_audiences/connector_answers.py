"""Processes the connector's output line by line: states, logs, waits, errors, configs to keep, results.

Source: airbytehq/airbyte-protocol at 776eede (read 2026-11-22); hosts and connectors fill messages with nulls, so the
    type decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from destination_pinterest.error_codes import LEADING_CODE, Code
from destination_pinterest.markers import (
    ACCOUNTS_PREFIX,
    CREATION_PREFIX,
    FORGETTING_PREFIX,
    LISTING_PREFIX,
    LISTS_PREFIX,
    PREVIEW_PREFIX,
    PROBE_PREFIX,
    PROGRESS_PREFIX,
    REJECTED_PREFIX,
    REPORT_PREFIX,
    STORE_PREFIX,
)
from pinterest_audiences.config_file import CredentialsFromEnvironmentError
from pinterest_audiences.failures import Failure, UsageError

_KINDS: Final = {str(code): code.failure_kind for code in Code}


class Watcher(Protocol):
    """Shows a running sync. Called from several threads."""

    def read(self, rows: int) -> None:
        """Takes the number of further rows that were read from the source and given to the connector."""

    def progressed(self, progress: Mapping[str, Any]) -> None:
        """Takes the connector's progress: entered, synced, not_synced, requests, waited_s."""

    def waiting(self, until_s: float) -> None:
        """Takes the time until which Pinterest's quota is used up (seconds since 1970); 0 if it no longer is."""

    def log(self, level: str, text: str) -> None:
        """Takes a line that the connector logged for people."""


class _Log(msgspec.Struct):
    level: str = "INFO"
    message: str = ""


class _Line(msgspec.Struct):
    type: str
    log: _Log | None = None
    state: dict[str, Any] | None = None
    trace: dict[str, Any] | None = None
    control: dict[str, Any] | None = None
    connectionStatus: dict[str, Any] | None = None  # noqa: N815 - the protocol's name


class ConnectorAnswers:
    """Takes the connector's lines in order; in the end it has what the command was to find out or to do.

    Args:
        watcher: is shown what happens.
        on_state: called with each returned state; its failure fails the sync.
        on_config: called with each config that the connector asks to keep; its failure fails the sync.
        on_rejected: called with each rejected row that the connector announces; its failure fails the sync, and the
            states after it are not kept.
        on_probe: called with each event of a probe.
    """

    def __init__(
        self,
        watcher: Watcher,
        on_state: Callable[[Mapping[str, Any]], None],
        on_config: Callable[[Mapping[str, Any]], None],
        on_rejected: Callable[[Mapping[str, Any]], None] | None = None,
        on_probe: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._watcher = watcher
        self._on_state = on_state
        self._on_config = on_config
        self._on_rejected = on_rejected
        self._on_probe = on_probe
        self._lost_rejected = False
        self._decoder = msgspec.json.Decoder(_Line)
        self.report: dict[str, Any] | None = None
        self.listing: dict[str, Any] | None = None
        self.preview: dict[str, Any] | None = None
        self.store: dict[str, Any] | None = None
        self.lists: dict[str, Any] | None = None
        self.certificate: dict[str, Any] | None = None
        self.creation: dict[str, Any] | None = None
        self.accounts: dict[str, Any] | None = None
        self.connection: str | None = None
        self.last_state_number = 0
        self.failure: Failure | None = None
        self.strange_lines = 0

    def take(self, line: bytes) -> None:
        """Takes a line of the connector's standard output."""
        try:
            message = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.strange_lines += 1
            return
        try:
            self._handle(message)
        except Exception as error:  # noqa: BLE001 - it may be anybody's, and the pipe must be read to its end
            sentence = (
                f"The command line failed on a message of the connector ({type(error).__name__}). Please report this."
            )
            self.fail(Failure.because(Code.ANSWER_NOT_TAKEN, sentence))

    def fail(self, failure: Failure) -> None:
        """The first failure is the one that decided."""
        self.failure = self.failure or failure

    def _handle(self, message: _Line) -> None:
        match message.type:
            case "LOG" if message.log is not None:
                self._log(message.log)
            case "STATE" if message.state is not None:
                self._state(message.state)
            case "TRACE" if message.trace is not None:
                self._trace(message.trace)
            case "CONTROL" if message.control is not None:
                self._control(message.control)
            case "CONNECTION_STATUS" if message.connectionStatus is not None:
                self._connection(message.connectionStatus)
            case _:
                pass

    def _log(self, log: _Log) -> None:
        if log.message.startswith(PROGRESS_PREFIX):
            self._watcher.progressed(msgspec.json.decode(log.message.removeprefix(PROGRESS_PREFIX)))
        elif log.message.startswith(REJECTED_PREFIX):
            self._rejected(msgspec.json.decode(log.message.removeprefix(REJECTED_PREFIX)))
        elif log.message.startswith(REPORT_PREFIX):
            self.report = msgspec.json.decode(log.message.removeprefix(REPORT_PREFIX))
            self._watcher.progressed(_progress_at_the_end(self.report or {}))
        elif log.message.startswith(LISTING_PREFIX):
            self.listing = msgspec.json.decode(log.message.removeprefix(LISTING_PREFIX))
        elif log.message.startswith(PREVIEW_PREFIX):
            self.preview = msgspec.json.decode(log.message.removeprefix(PREVIEW_PREFIX))
        elif log.message.startswith(PROBE_PREFIX) and self._on_probe is not None:
            self._on_probe(msgspec.json.decode(log.message.removeprefix(PROBE_PREFIX)))
        elif log.message.startswith(CREATION_PREFIX):
            self.creation = msgspec.json.decode(log.message.removeprefix(CREATION_PREFIX))
        elif log.message.startswith(ACCOUNTS_PREFIX):
            self.accounts = msgspec.json.decode(log.message.removeprefix(ACCOUNTS_PREFIX))
        elif log.message.startswith(STORE_PREFIX):
            self.store = msgspec.json.decode(log.message.removeprefix(STORE_PREFIX))
        elif log.message.startswith(LISTS_PREFIX):
            self.lists = msgspec.json.decode(log.message.removeprefix(LISTS_PREFIX))
        elif log.message.startswith(FORGETTING_PREFIX):
            self.certificate = msgspec.json.decode(log.message.removeprefix(FORGETTING_PREFIX))
        else:
            self._watcher.log(log.level, log.message)

    def _rejected(self, row: Mapping[str, Any]) -> None:
        if self._on_rejected is None or self._lost_rejected:
            return
        try:
            self._on_rejected(row)
        except UsageError as error:
            self._lost_rejected = True
            self.fail(Failure.of(error))

    def _state(self, state: dict[str, Any]) -> None:
        stream_state = (state.get("stream") or {}).get("stream_state")
        # A connector that drops the number still returns its states in order.
        self.last_state_number = max(self.last_state_number, int(state.get("id") or self.last_state_number + 1))
        if isinstance(stream_state, dict) and not self._lost_rejected:
            try:
                self._on_state(stream_state)
            except OSError as error:
                sentence = (
                    f"The state file could not be written ({error.strerror}). Make it writable; the next sync reads "
                    "those rows again."
                )
                self.fail(Failure.because(Code.STATE_NOT_KEPT, sentence))
            except UsageError as error:
                self._lost_rejected = True
                self.fail(Failure.of(error))

    def _trace(self, trace: dict[str, Any]) -> None:
        if trace.get("type") == "ERROR":
            error = trace.get("error") or {}
            self.fail(Failure.reported(error.get("message"), error.get("failure_type")))
            return
        status = trace.get("stream_status") or {}
        if status.get("status") == "RUNNING":
            resets_ms = [
                (reason.get("rate_limited") or {}).get("quota_reset") or 0
                for reason in status.get("reasons") or ()
                if reason.get("type") == "RATE_LIMITED"
            ]
            self._watcher.waiting(max(resets_ms, default=0) / 1000)

    def _connection(self, status: dict[str, Any]) -> None:
        message = str(status.get("message") or "")
        if status.get("status") == "SUCCEEDED":
            self.connection = message
            return
        found = LEADING_CODE.match(message)
        self.fail(Failure.reported(message, _KINDS.get(found[0]) if found else None))

    def _control(self, control: dict[str, Any]) -> None:
        config = (control.get("connectorConfig") or {}).get("config")
        if control.get("type") != "CONNECTOR_CONFIG" or not isinstance(config, dict):
            return
        try:
            self._on_config(config)
        except CredentialsFromEnvironmentError:
            sentence = (
                "Pinterest has replaced the refresh token, which came from the environment or a program, so the new "
                "one could not be kept. Sign in again, and put the new token into a config file."
            )
            self.fail(Failure.because(Code.CREDENTIALS_NOT_KEPT, sentence))
        except UsageError as error:
            self.fail(Failure.of(error))
        except (OSError, ValueError) as error:
            sentence = (
                f"The new refresh token could not be written into the config file ({_cause(error)}); the file is as it "
                "was, and the token in it may be dead now. Make the file writable, and sign in again."
            )
            self.fail(Failure.because(Code.CREDENTIALS_NOT_KEPT, sentence))


def _cause(error: OSError | ValueError) -> str:
    """Words what went wrong with a file, without its content."""
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _progress_at_the_end(report: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the report's counts as a last progress line, which the connector itself does not write."""
    audiences = [each for each in report.get("audiences", ()) if not each.get("repeats_rows")]
    return {
        "entered": sum(audience["entered"] for audience in audiences),
        "synced": sum(audience["synced"] for audience in audiences),
        "not_synced": sum(sum(audience["not_synced"].values()) for audience in audiences),
        "requests": report.get("requests", 0),
        "waited_s": report.get("waited_s", 0),
    }
