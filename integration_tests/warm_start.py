"""The connector's process, without the seconds that its start takes.

Most of a start is importing the CDK. Python's fork server does that once per run of the tests; each process is then a
fork of it, with pipes, environment, folder and arguments of its own, and dies of signals as any other does. What a
start and an ordinary end do themselves is tested where the console script is run: with `cold_connector`, by the command
line, in the image, by the hosts and by the CDK's suite.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from multiprocessing import connection, forkserver, reduction
from multiprocessing.context import ForkServerContext
from pathlib import Path

from destination_pinterest.config import connection_specification

# DuckDB, which only some of them need, is a fifth of a second more for each that does.
_PRELOADED = ["destination_pinterest.connector", "destination_pinterest.membership.store", __name__]
connection_specification()  # Built here, it is built in each process.


# Whoever starts a process of multiprocessing looks after all others too, and none of that is made for several threads.
_ONE_AT_A_TIME = threading.RLock()


class WarmProcess:
    """What tests use of a `subprocess.Popen`, for `destination-pinterest` with these arguments."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        ours_err, theirs_err = os.pipe()
        theirs = (theirs_in, theirs_out, theirs_err)
        given = ([_Inherited(pipe) for pipe in theirs], list(arguments), dict(environment), str(folder))
        with _ONE_AT_A_TIME:
            self._process = _context().Process(target=_run, args=given)
            self._process.start()
        for pipe in theirs:
            os.close(pipe)
        self.stdin = os.fdopen(ours_in, "wb")
        self.stdout = os.fdopen(ours_out, "rb")
        self.stderr = os.fdopen(ours_err, "rb")

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        with _ONE_AT_A_TIME:
            return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        connection.wait([self._process.sentinel], timeout)
        if (exit_code := self.returncode) is None:
            raise subprocess.TimeoutExpired("destination-pinterest", timeout or 0.0)
        return exit_code

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):  # It has just ended by itself.
            if self.poll() is None:
                os.kill(self.pid, number)


class _Inherited:
    """A file descriptor on its way to another process, which gets its own number for it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Callable[..., int], tuple[object]]:
        return _received, (reduction.DupFd(self._descriptor),)


def _received(duplicate: object) -> int:
    descriptor: int = duplicate.detach()  # type: ignore[attr-defined]
    return descriptor


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    forkserver.ensure_running()
    return context


def _run(pipes: Sequence[int], arguments: list[str], environment: dict[str, str], folder: str) -> None:
    """In the process: becomes what a start would have made of it, and runs the console script's function."""
    for number, pipe in enumerate(pipes):
        os.dup2(pipe, number)
        os.close(pipe)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as a start leaves them
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["destination-pinterest", *arguments]
    from destination_pinterest.__main__ import main  # noqa: PLC0415 - by now it is loaded in the server

    main()
