"""A destination's process behind pipes: what it says is read as it comes, and it never makes its host wait for ever."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO

from integration_tests.sandbox_process import without_buffer_setting
from integration_tests.warm_start import WarmProcess

# No attempt lasts longer, whatever the destination does; a machine that is busy with other things takes its time.
WATCHDOG_S = 120.0
_LOOK_AGAIN_S = 0.02


# WarmProcess is for this project's own destination.
StartedProcess = subprocess.Popen[bytes] | WarmProcess


def start_executable(argv: Sequence[str], environment: Mapping[str, str]) -> StartedProcess:
    """Any destination."""
    pipe = subprocess.PIPE
    environment = {**without_buffer_setting(), **environment}
    return subprocess.Popen(list(argv), stdin=pipe, stdout=pipe, stderr=pipe, env=environment)


class DestinationProcess:
    """A running destination, buffered as a pipe makes it."""

    def __init__(self, process: StartedProcess) -> None:
        self._process = process
        self.lines: list[bytes] = []
        self.states_returned = 0
        self.was_overdue = False
        self.stderr = bytearray()
        self._heard = threading.Condition()
        self._stdin, stdout, stderr = _pipes(self._process)
        os.set_blocking(self._stdin.fileno(), False)
        self._listeners = [
            threading.Thread(target=self._listen, args=(stdout,), daemon=True),
            threading.Thread(target=self._listen_to_errors, args=(stderr,), daemon=True),
        ]
        for listener in self._listeners:
            listener.start()
        self._watchdog = threading.Timer(WATCHDOG_S, self._give_up)
        self._watchdog.daemon = True
        self._watchdog.start()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def has_read_everything(self) -> bool:
        """Whether the process has taken out of the pipe what was written."""
        return self._stdin.closed or not int.from_bytes(
            fcntl.ioctl(self._stdin, termios.FIONREAD, bytes(4)), sys.byteorder
        )

    def write(self, content: bytes, unless: Callable[[], bool]) -> bool:
        """False if not all of it went out: nobody reads any more, or `unless` came true while the pipe was full."""
        rest = memoryview(content)
        while rest:
            try:
                rest = rest[os.write(self._stdin.fileno(), rest) :]
            except BlockingIOError:
                select.select([], [self._stdin], [], _LOOK_AGAIN_S)
                if unless():
                    return False
            except BrokenPipeError:
                return False
        return True

    def end_input(self) -> None:
        self._stdin.close()

    def wait_until(self, happened: Callable[[], bool], timeout_s: float) -> bool:
        """Whether it happened before the timeout and the process's end."""
        give_up_at = time.monotonic() + timeout_s
        while not happened():
            if time.monotonic() >= give_up_at or not self.is_running:
                return happened()
            with self._heard:
                self._heard.wait(_LOOK_AGAIN_S)
        return True

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether it has ended in that time."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return not self.is_running

    def close(self) -> int:
        """Sees to it that it has ended and that everything it said was read. Gives the exit code."""
        if self.is_running:
            self.kill()
        exit_code = self._process.wait()
        self._watchdog.cancel()
        for listener in self._listeners:
            listener.join(timeout=10)
        for pipe in _pipes(self._process):
            with suppress(BrokenPipeError):
                pipe.close()
        return exit_code

    def _give_up(self) -> None:
        self.was_overdue = True
        self._process.kill()

    def _listen(self, stdout: IO[bytes]) -> None:
        for line in stdout:
            with self._heard:
                self.lines.append(line)
                self.states_returned += _is_state(line)
                self._heard.notify_all()

    def _listen_to_errors(self, stderr: IO[bytes]) -> None:
        for line in stderr:
            self.stderr += line


def _pipes(process: StartedProcess) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdin, process.stdout, process.stderr


def _is_state(line: bytes) -> bool:
    try:
        message = json.loads(line)
    except ValueError:
        return False
    return isinstance(message, dict) and message.get("type") == "STATE"
