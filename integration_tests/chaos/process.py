"""The connector's process: forked, and real but for its clock, the order of its threads, and the network's far end.

Whatever crosses its border (requests, input, output, writes to a disk) is asked of the harness over a pipe, so that the
harness may end the process at any of these moments, as a real SIGKILL does: nothing unwinds.
"""

from __future__ import annotations

import faulthandler
import http.client
import io
import os
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

import destination_pinterest.membership.store  # noqa: F401 - so that not each process imports DuckDB
from destination_pinterest import connector
from destination_pinterest.api.watchdog import Watchdog
from destination_pinterest.api.wire import HttpWire, Wire
from destination_pinterest.assembly import Tuning
from destination_pinterest.config import connection_specification
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.workers import Event, WorkerPool
from destination_pinterest.delivery.writer import STOP_GRACE_S
from destination_pinterest.membership.lease import LeaseTiming
from destination_pinterest.membership.store_key import Scrypt
from destination_pinterest.system import System
from integration_tests.property.machine import Clock, Machine

connection_specification()  # So that not each process builds it.
# What is expensive about the store's key has no part in the promise. The lease is kept alive by a thread that no clock
# here moves.
CHEAP = Tuning(stretchings={1: Scrypt(n=2, r=8, p=1)}, lease_timing=LeaseTiming(believed_for_s=1e9))


@dataclass
class ProcessClock(Clock):
    """The clocks of the connector's machine. Somebody may set the wall clock; the monotonic one goes on."""

    ahead_s: float = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class Link:
    """The only way out of the process. `told_to_stop_at_s`: when it was sent a SIGTERM."""

    def __init__(self, pipe: Connection, clock: ProcessClock) -> None:
        self._pipe = pipe
        self._lock = threading.RLock()
        self.clock = clock
        self.told_to_stop_at_s: float | None = None

    def ask(self, what: str, *content: object) -> Any:
        """Tells the harness, with the time that has come, and waits for its answer."""
        with self._lock:
            self._pipe.send((what, self.clock.monotonic_s, content))
            answer, self.clock.monotonic_s, self.clock.ahead_s, self.told_to_stop_at_s = self._pipe.recv()
        return answer


class _StillWaiting(BaseException):
    """A thread sleeps on when the process ends."""


class _Machine(Machine):
    """As the property's, but a thread holds up the deciding one no longer than that waits after a SIGTERM."""

    def __init__(self, link: Link, chance: random.Random) -> None:
        super().__init__(link.clock, chance)
        self._link = link
        self._is_in_thread = False
        self.pause.sleep = self._sleep(self.pause.sleep)  # type: ignore[method-assign]

    def pool(self, most: int, *, wake: Callable[[], None], interrupt: Callable[[], None]) -> WorkerPool:
        made = super().pool(most, wake=wake, interrupt=interrupt)
        do = made.do

        def in_thread(job: Callable[[], Event], lane: AudienceLane | None) -> None:
            self._is_in_thread = True
            try:
                do(job, lane)
            except _StillWaiting:
                pass  # It is left alone, as a daemon is.
            finally:
                self._is_in_thread = False

        made.do = in_thread  # type: ignore[method-assign]
        return made

    def _sleep(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        def patient(seconds: float) -> None:
            told_s = self._link.told_to_stop_at_s
            if self._is_in_thread and told_s is not None:
                left_s = told_s + STOP_GRACE_S - self.clock.monotonic_s
                if seconds > left_s:
                    sleep(max(0.0, left_s))
                    raise _StillWaiting
            sleep(seconds)

        return patient


class _Lines:
    """Standard input: see protocol.lines.Lines."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def read(self, timeout_s: float) -> bytes | None:
        return self._link.ask("read", timeout_s)

    def wake(self) -> None:
        """Nobody waits here."""


class _Output(io.RawIOBase):
    """Standard output, as its buffer."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._link.ask("say", bytes(content))
        return len(content)


class FarEnd(BaseAdapter):
    """Pinterest, for requests' sessions: what it answers, and how a connection to it breaks."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        url = urlsplit(str(request.url))
        target = url.path + (f"?{url.query}" if url.query else "")
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        headers = {name.lower(): value for name, value in request.headers.items()}
        began = self._link.clock.monotonic_s
        kind, status, answered, content = self._link.ask("exchange", request.method, target, headers, body)
        patience_s = timeout[1] if isinstance(timeout, tuple) else timeout
        if patience_s is not None and self._link.clock.monotonic_s - began > patience_s:
            raise requests.ReadTimeout
        if kind == "reset":
            raise requests.ConnectionError(ConnectionResetError())
        if kind == "cut":
            raise requests.ConnectionError(http.client.IncompleteRead(b""))
        response = urllib3.HTTPResponse(
            body=io.BytesIO(content), headers=answered, status=status, preload_content=False
        )
        return HTTPAdapter().build_response(request, response)

    def close(self) -> None:
        """Nothing is open."""


def run(link: Link, arguments: Sequence[str], folder: Path, chance: random.Random, plant: Callable[[], object]) -> None:
    """Runs the connector in this process, which it ends."""
    machine = _Machine(link, chance)
    tempfile.tempdir = str(folder / "tmp")
    errors = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(errors, descriptor)
    faulthandler.enable(file=2)

    def open_wire(base_url: str, system: System) -> Wire:
        session = requests.Session()
        session.mount("http://", FarEnd(link))
        return HttpWire(base_url, session, system.clock, Watchdog())

    with ExitStack() as stack:
        for owner, name, value in (
            (os, "fsync", lambda _: link.ask("fsync")),
            (connector, "LineReader", lambda _: _Lines(link)),
            (
                connector,
                "assemble",
                partial(connector.assemble, pause=machine.pause, make_pool=machine.pool, tuning=CHEAP),
            ),
            (connector, "open_session", partial(connector.open_session, pause=machine.pause)),
            (sys, "stdout", io.TextIOWrapper(_Output(link), write_through=True)),
        ):
            stack.enter_context(mock.patch.object(owner, name, value))
        plant()
        code = 0
        try:
            connector.Connector(machine.system, open_wire=open_wire).run(list(arguments))
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        except BaseException:  # noqa: BLE001 - whatever it is, it is the connector's own end
            sys.excepthook(*sys.exc_info())
            code = 1
        os._exit(code)
