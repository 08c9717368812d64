"""Runs the connector as a process: starts it, feeds it through a pipe, reads its output, and makes sure it ends.

It gets a session of its own, so that Ctrl-C reaches the command line alone, which then lets the connector send what it
has already read.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import PROGRESS_VARIABLE, REPORT_TEXT_VARIABLE
from pinterest_audiences.connector_answers import ConnectorAnswers, Watcher
from pinterest_audiences.failures import ConnectorProcessError, UsageError, no_temporary_folder
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import LinePipe

# "-P": a folder of the user's with the name of one of our packages is not imported instead.
OWN_CONNECTOR: Final = (sys.executable, "-P", "-m", "destination_pinterest")
# Progress for a bar, and no report in sentences: the command line shows the report as a table.
_VARIABLES: Final = {PROGRESS_VARIABLE: "0.5", REPORT_TEXT_VARIABLE: "0"}
DRAIN_GRACE_S: Final = 8.0
TERM_GRACE_S: Final = 8.0
_LOOK_UP_EVERY_S: Final = 0.2


class ConnectorProcess:
    """A running connector. Create it with `running`.

    `pipe` is its standard input.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], answers: ConnectorAnswers, watcher: Watcher, interruption: Interruption
    ) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ConnectorProcessError(Code.CONNECTOR_NOT_STARTED, "The connector was started without pipes.")
        self._process = process
        self._answers = answers
        self._watcher = watcher
        self._interruption = interruption
        self.pipe = LinePipe(process.stdin, interruption)
        self._listeners = [
            threading.Thread(target=self._listen, args=(process.stdout,), name="connector's messages", daemon=True),
            threading.Thread(
                target=self._listen_to_errors, args=(process.stderr,), name="connector's stderr", daemon=True
            ),
        ]
        for listener in self._listeners:
            listener.start()

    @classmethod
    @contextmanager
    def running(
        cls,
        connector: Sequence[str],
        command: str,
        *,
        files: Mapping[str, Mapping[str, Any]],
        answers: ConnectorAnswers,
        watcher: Watcher,
        interruption: Interruption,
        options: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Iterator[ConnectorProcess]:
        """Runs a command of the connector; on exit, the process has ended.

        `files` are the command's options, config and catalog. They become files without a name, so that not even a kill
        leaves secrets behind. `options` are further ones, as they are. `variables` are added to the environment.
        Raises: UsageError if there is no such program.
        """
        with ExitStack() as opened:
            descriptors = {
                option: opened.enter_context(_nameless_file(content)).fileno() for option, content in files.items()
            }
            arguments = [part for option, fd in descriptors.items() for part in (f"--{option}", f"/dev/fd/{fd}")]
            process = _start([*connector, command, *arguments, *options], list(descriptors.values()), variables or {})
            running = cls(process, answers, watcher, interruption)
            try:
                yield running
            finally:
                running.end()

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended and all that it said was taken."""
        return self._process.poll() is not None and not any(listener.is_alive() for listener in self._listeners)

    def wait(self) -> int:
        """Waits until the connector has sent everything, or a few seconds after a stop was requested.

        The pipe must be closed already. Returns the exit code, negative for a signal.
        """
        while not self._interruption.is_requested:
            with suppress(subprocess.TimeoutExpired):
                return self._ended(self._process.wait(_LOOK_UP_EVERY_S))
        return self.end()

    def end(self) -> int:
        """Ends the process: waits, then sends SIGTERM, then SIGKILL. May be repeated."""
        self.pipe.close()
        asked = self._interruption.times
        for grace_s, signal_number in ((DRAIN_GRACE_S, signal.SIGTERM), (TERM_GRACE_S, signal.SIGKILL)):
            code = self._wait_at_most(grace_s, asked)
            if code is not None:
                return self._ended(code)
            asked = self._interruption.times
            self._signal(signal_number)
        return self._ended(self._process.wait())

    def _wait_at_most(self, grace_s: float, asked: int) -> int | None:
        """Waits for its end; another stop request ends the wait."""
        for _ in range(round(grace_s / _LOOK_UP_EVERY_S)):
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(_LOOK_UP_EVERY_S)
            if self._interruption.times > asked:
                break
        return None

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _ended(self, code: int) -> int:
        for listener in self._listeners:
            listener.join(timeout=TERM_GRACE_S)
        return code

    def _listen(self, stdout: IO[bytes]) -> None:
        with stdout:
            for line in stdout:
                self._answers.take(line)

    def _listen_to_errors(self, stderr: IO[bytes]) -> None:
        with stderr:
            for line in stderr:
                self._watcher.log("ERROR", line.decode("utf-8", "replace").rstrip())


def _nameless_file(content: Mapping[str, Any]) -> IO[bytes]:
    """Raises: UsageError if there is no room for it."""
    with ExitStack() as unless_it_is_whole:
        try:
            file = unless_it_is_whole.enter_context(tempfile.TemporaryFile())
            rest = memoryview(json.dumps(content).encode())
            while rest:  # Nothing may be left in a buffer, which would be written again at the end.
                rest = rest[os.write(file.fileno(), rest) :]
            os.lseek(file.fileno(), 0, os.SEEK_SET)
        except OSError as error:
            raise no_temporary_folder(error) from None
        unless_it_is_whole.pop_all()
    return file


def _start(command: Sequence[str], descriptors: Sequence[int], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - the connector, or what the user named by --destination
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=descriptors,
            env={**_VARIABLES, **os.environ, **variables},
        )
    except FileNotFoundError:
        raise UsageError(
            Code.CONNECTOR_NOT_FOUND,
            f"There is no program {command[0]!r}. Give --destination a connector's executable.",
        ) from None
    except OSError as error:
        raise ConnectorProcessError(
            Code.CONNECTOR_NOT_STARTED,
            f"The connector {command[0]!r} can't be started: {error.strerror}. Make it "
            "executable, or give --destination another.",
        ) from error
