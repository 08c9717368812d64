"""Writes everything that goes to standard output: one Airbyte message per line, whole and flushed.

Messages come from the thread that reads rows and from those that send requests (a rotated token must be written before
it is used), so one writer serialises them. Each is flushed: a state in a buffer is a state that the platform does not
have. Nothing else may print.

Source: airbytehq/airbyte-protocol at 776eede (read 2026-11-22); with PYTHONUNBUFFERED unset, what print() writes into a
pipe arrives at exit (measured).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

import msgspec

from destination_pinterest.error_codes import FailureKind
from destination_pinterest.foreign_text import shown, shown_json, shown_lines
from destination_pinterest.protocol.catalog import StreamKey

_LEVELS: Final = {
    logging.CRITICAL: "FATAL",
    logging.ERROR: "ERROR",
    logging.WARNING: "WARN",
    logging.INFO: "INFO",
    logging.DEBUG: "DEBUG",
}


class MessageWriter:
    """Writes whole messages, flushed, from any thread.

    When the host stops reading, the first message after that raises BrokenPipeError; later ones are dropped.

    Args:
        output: where lines go, usually `sys.stdout.buffer`.
        now: seconds since the epoch.
        scrub: removes secrets from texts for people; the last guard, not the first.
    """

    def __init__(self, output: BinaryIO, *, now: Callable[[], float], scrub: Callable[[str], str]) -> None:
        self._output = output
        self._now = now
        self._scrub = scrub
        self._lock = threading.Lock()

    def message(self, content: Mapping[str, Any]) -> None:
        """Writes any message, given as an object. What a terminal would obey, or nobody see, is escaped in it."""
        self._line(shown_json(_encoded(content)).encode())

    def state(self, state: bytes) -> None:
        """Writes a STATE, whose content is given as JSON."""
        self._line(b'{"type":"STATE","state":' + state + b"}")

    def log(self, level: str, text: str) -> None:
        """Writes a LOG line for people."""
        self._log(level, shown(text, self._scrub))

    def figures(self, level: str, text: str) -> None:
        """Writes a LOG line for programs, a marker with JSON. It is not scrubbed: a count may look like an app ID."""
        self._log(level, shown_json(text))

    def control(self, config: Mapping[str, Any]) -> None:
        """Writes a CONTROL that asks the platform to keep `config`, which must be complete."""
        connector_config = {"connectorConfig": {"config": config}}
        self.message(
            {
                "type": "CONTROL",
                "control": {"type": "CONNECTOR_CONFIG", "emitted_at": self._now_ms(), **connector_config},
            }
        )

    def error(
        self,
        message: str,
        kind: FailureKind,
        *,
        internal: str = "",
        stack_trace: str = "",
        stream: StreamKey | None = None,
    ) -> None:
        """Writes a TRACE ERROR: `message` is for the user, the rest for developers."""
        error: dict[str, Any] = {"message": shown(message, self._scrub), "failure_type": kind}
        if internal:
            error["internal_message"] = shown(internal, self._scrub)
        if stack_trace:
            error["stack_trace"] = shown_lines(stack_trace, self._scrub)
        if stream is not None:
            error["stream_descriptor"] = _descriptor(stream)
        self._trace("ERROR", {"error": error})

    def stream_status(self, stream: StreamKey, status: str, *, rate_limited_until: float | None = None) -> None:
        """Writes a TRACE STREAM_STATUS; `rate_limited_until` (epoch seconds) adds the reason RATE_LIMITED."""
        content: dict[str, Any] = {"stream_descriptor": _descriptor(stream), "status": status}
        if rate_limited_until is not None:
            quota_reset = {"quota_reset": int(rate_limited_until * 1000)}
            content["reasons"] = [{"type": "RATE_LIMITED", "rate_limited": quota_reset}]
        self._trace("STREAM_STATUS", {"stream_status": content})

    def _log(self, level: str, text: str) -> None:
        self.message({"type": "LOG", "log": {"level": level, "message": text}})

    def _trace(self, kind: str, content: Mapping[str, Any]) -> None:
        self.message({"type": "TRACE", "trace": {"type": kind, "emitted_at": float(self._now_ms()), **content}})

    def _now_ms(self) -> int:
        return int(self._now() * 1000)

    def _line(self, line: bytes) -> None:
        with self._lock:
            try:
                self._output.write(line + b"\n")
                self._output.flush()
            except BrokenPipeError:
                _discard_output(self._output)
                raise


class LogHandler(logging.Handler):
    """Writes Python's log records as LOG messages, without tracebacks: exceptions may quote the data they failed on."""

    def __init__(self, writer: MessageWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one log record."""
        # A failure to log must not fail the program, and logging's own handler of it would print what was to be logged.
        with contextlib.suppress(Exception):
            self._writer.log(_LEVELS.get(record.levelno, "INFO"), record.getMessage())


def _discard_output(output: BinaryIO) -> None:
    """Discards further output: nothing reads it any more, and the rest of the buffer must not fail repeatedly."""
    with contextlib.suppress(OSError):  # It has no file descriptor.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, output.fileno())
        finally:
            os.close(nowhere)


def _encoded(content: Mapping[str, Any]) -> str:
    try:
        return msgspec.json.encode(content).decode()
    except UnicodeEncodeError:  # Half of a surrogate pair: no text, but a legal escape.
        return json.dumps(content)


def _descriptor(stream: StreamKey) -> dict[str, str]:
    descriptor = {"name": stream.name}
    if stream.namespace is not None:
        descriptor["namespace"] = stream.namespace
    return descriptor
