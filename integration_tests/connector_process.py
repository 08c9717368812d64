"""The connector as a platform runs it: a process behind pipes whose every line is read as it comes, and timed.

What comes out must be Airbyte messages and nothing else, whatever happens; `finish` holds that for every run.
"""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from airbyte_cdk.models import AirbyteMessageSerializer

from integration_tests.airbyte_messages import config
from integration_tests.sandbox_process import without_buffer_setting
from integration_tests.warm_start import WarmProcess

PROGRAM = Path(sys.executable).with_name("destination-pinterest")
REPORT = "pinterest_sync_report: "
# No test waits longer than this for a process; a machine that is busy with other things takes its time.
WATCHDOG_S = 120.0


@dataclass(frozen=True)
class Line:
    """A line of standard output, and when it could be read (seconds since the epoch)."""

    at: float
    raw: bytes

    @property
    def message(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.raw)
        return message

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.message["state"]
        return state


@dataclass(frozen=True)
class Outcome:
    """A process that has ended."""

    exit_code: int
    lines: list[Line]
    stderr: bytes

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [line.message for line in self.lines if line.message["type"] == kind]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["state"] for message in self.of_type("STATE")]

    @property
    def state_ids(self) -> list[int]:
        return [state["id"] for state in self.states]

    @property
    def texts(self) -> list[str]:
        """What the log says."""
        return [message["log"]["message"] for message in self.of_type("LOG")]

    @property
    def controls(self) -> list[dict[str, Any]]:
        """The configs that the platform is asked to keep."""
        return [message["control"]["connectorConfig"]["config"] for message in self.of_type("CONTROL")]

    @property
    def stream_statuses(self) -> list[dict[str, Any]]:
        traces = [message["trace"] for message in self.of_type("TRACE")]
        return [trace["stream_status"] for trace in traces if trace["type"] == "STREAM_STATUS"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        traces = [message["trace"] for message in self.of_type("TRACE")]
        return [trace["error"] for trace in traces if trace["type"] == "ERROR"]

    @property
    def error(self) -> dict[str, Any]:
        """The one error of a run that failed, which must show in the exit code too."""
        (error,) = self.errors
        assert self.exit_code == 1
        return error

    @property
    def connection_status(self) -> dict[str, Any]:
        (message,) = self.of_type("CONNECTION_STATUS")
        status: dict[str, Any] = message["connectionStatus"]
        return status

    @property
    def report(self) -> dict[str, Any]:
        (text,) = (text for text in self.texts if text.startswith(REPORT))
        report: dict[str, Any] = json.loads(text.removeprefix(REPORT))
        return report

    def audience(self, name: str) -> dict[str, Any]:
        """The report's part on one audience."""
        (audience,) = (audience for audience in self.report["audiences"] if audience["audience"] == name)
        return audience

    def succeeded(self) -> Outcome:
        assert (self.exit_code, self.errors) == (0, []), self.texts
        return self


@dataclass
class Connector:
    """A running connector."""

    process: subprocess.Popen[bytes] | WarmProcess
    lines: list[Line] = field(default_factory=list)
    errors: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._heard = threading.Condition()
        self._is_deaf = False
        self._listeners = [
            threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True),
            threading.Thread(target=self._listen_to_errors, args=(self.process.stderr,), daemon=True),
        ]
        for listener in self._listeners:
            listener.start()
        self._watchdog = threading.Timer(WATCHDOG_S, self.process.kill)
        self._watchdog.daemon = True
        self._watchdog.start()

    def feed(self, *lines: bytes) -> Connector:
        with suppress(BrokenPipeError):  # It may have ended by itself, before it read anything; `finish` says how.
            self._stdin.write(b"".join(lines))
            self._stdin.flush()
        return self

    def wait_for(self, found: Callable[[dict[str, Any]], bool], times: int = 1, timeout_s: float = 60.0) -> Line:
        """The line that makes it `times` lines that are looked for."""
        give_up_at = time.monotonic() + timeout_s
        with self._heard:
            while True:
                matching = [line for line in self.lines if found(line.message)]
                if len(matching) >= times:
                    return matching[times - 1]
                assert self._heard.wait(give_up_at - time.monotonic()), f"{len(matching)} of {times} came"

    def wait_until_read(self, timeout_s: float = 60.0) -> Connector:
        """Until the process has taken everything out of the pipe."""
        give_up_at = time.monotonic() + timeout_s
        while int.from_bytes(fcntl.ioctl(self._stdin, termios.FIONREAD, bytes(4)), sys.byteorder):
            assert time.monotonic() < give_up_at
            time.sleep(0.01)
        return self

    def stop_listening_at_the_next_line(self) -> None:
        """That line is still read; then nobody holds the other end of standard output any more."""
        self._is_deaf = True

    def wait_for_state(self, state_id: int) -> Line:
        return self.wait_for(lambda message: message["type"] == "STATE" and message["state"]["id"] == state_id)

    def close(self) -> Connector:
        """The end of the input."""
        _close(self._stdin)
        return self

    def finish(self, *, stderr: bytes | None = b"") -> Outcome:
        """Ends the input and waits for the process. Checks what is true of every run, failed or not.

        `stderr` is what must have been written there; None where a test looks at it itself.
        """
        if not self._stdin.closed:
            self.close()
        self.process.wait(WATCHDOG_S)
        self.stop()
        outcome = Outcome(self.process.returncode, list(self.lines), bytes(self.errors))
        for line in outcome.lines:
            AirbyteMessageSerializer.load(line.message)
        if stderr is not None:
            assert outcome.stderr == stderr
        return outcome

    def stop(self) -> None:
        """Sees to it that the process has ended and that everything it said was read."""
        self._watchdog.cancel()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for listener in self._listeners:
            listener.join(timeout=10)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None and not pipe.closed:
                _close(pipe)

    @property
    def _stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def _listen(self, stdout: IO[bytes]) -> None:
        for raw in stdout:
            if self._is_deaf:
                stdout.close()
            with self._heard:
                self.lines.append(Line(time.time(), raw))
                self._heard.notify_all()
            if stdout.closed:
                return

    def _listen_to_errors(self, stderr: IO[bytes]) -> None:
        for raw in stderr:
            self.errors += raw


class Connectors:
    """Starts connectors that end with the test.

    `folder` is theirs: what they write into their working, home and temporary folders can be looked through. Configs
    and catalogs lie elsewhere, as a platform's do.
    """

    def __init__(self, folder: Path, api_base_url: str, *, cold: bool = False) -> None:
        self.api_base_url = api_base_url
        self._cold = cold
        self.own_files = folder / "own"
        self._given = folder / "given"
        for path in (self._given, self.own_files / "cwd", self.own_files / "home", self.own_files / "tmp"):
            path.mkdir(parents=True)
        self._started: list[Connector] = []

    def write(self, *streams: dict[str, Any], **settings: Any) -> Connector:
        return self.start(*self.write_arguments(*streams, **settings))

    def write_arguments(self, *streams: dict[str, Any], **settings: Any) -> list[str]:
        return ["write", "--config", self.given(self._config(settings)), "--catalog", self.given({"streams": streams})]

    def check(self, **settings: Any) -> Outcome:
        return self.start(*self.check_arguments(**settings)).finish()

    def check_arguments(self, **settings: Any) -> list[str]:
        return ["check", "--config", self.given(self._config(settings))]

    def start(
        self, *arguments: str, program: Iterable[str] = (), environment: Mapping[str, str] | None = None
    ) -> Connector:
        """Starts it warm; with `program` or more `environment`, or where all are `cold`, from the very beginning."""
        folder = self.own_files / "cwd"
        theirs = {**self._environment(), **(environment or {})}
        if self._cold or program or environment:
            process = _start_cold([*(program or (str(PROGRAM),)), *arguments], theirs, folder)
        else:
            process = WarmProcess(arguments, theirs, folder)
        self._started.append(Connector(process))
        return self._started[-1]

    def stop(self) -> None:
        for connector in self._started:
            connector.stop()

    def given(self, content: object) -> str:
        """A file that the platform hands over: text as it is, anything else as JSON."""
        path = self._given / f"{len(list(self._given.iterdir()))}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def given_module(self, name: str, code: str) -> Path:
        """The folder of a module that Python finds there."""
        folder = self._given / "modules"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
        return folder

    def _config(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return config(**{"api_base_url": self.api_base_url, **settings})

    def _environment(self) -> dict[str, str]:
        return {
            **without_buffer_setting(),
            "HOME": str(self.own_files / "home"),
            "TMPDIR": str(self.own_files / "tmp"),
        }


def _start_cold(argv: list[str], environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder, env=dict(environment))


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):  # What was not sent is not wanted any more.
        pipe.close()
