"""One run of the connector's process, watched from outside: what crosses its border, and how it ends."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from integration_tests.chaos.canary import Canary
from integration_tests.chaos.far_end import ChaoticPinterest
from integration_tests.chaos.process import Link, ProcessClock, run
from integration_tests.chaos.stories import Trouble
from integration_tests.property.audiences import BrokenPromiseError

# Nothing takes that long but what hangs.
_PATIENCE_S = 60.0
_CODE = re.compile(r"PIN-[A-Z]+-\d{3}")


class Watch:
    """What the harness does while the process runs. Every method may raise BrokenPromiseError."""

    def read(self, timeout_s: float) -> bytes | None:
        """A portion of input."""
        raise NotImplementedError

    def on_state(self, content: bytes) -> None:
        """A state came back: the content of `state`."""

    def after_request(self) -> None:
        """A request has been answered, or not."""


class NoInput(Watch):
    """For commands without one."""

    def read(self, timeout_s: float) -> bytes | None:
        raise BrokenPromiseError("a command that has no input reads it")


class ProcessRun:
    """Runs the connector once.

    `lines`: what it printed; `exit_code`: negative for a signal; `moments`: how many there were at which it could have
    been ended; `broken`: the first promise that was broken.
    """

    def __init__(
        self,
        pinterest: ChaoticPinterest,
        clock: ProcessClock,
        folder: Path,
        trouble: Trouble,
        watch: Watch,
        canary: Canary,
        *,
        most_s: float,
        answers_in_s: float = 0.0,
        plant: Callable[[], object] = lambda: None,
    ) -> None:
        self._pinterest = pinterest
        self._clock = clock
        self._folder = folder
        self._trouble = trouble
        self._watch = watch
        self._canary = canary
        self._most_s = most_s
        self._answers_in_s = answers_in_s
        self._plant = plant
        self._jumps = dict(trouble.jumps)
        self._rest = b""
        self._pid = 0
        self._writes = 0
        self.moments = 0
        self.lines: list[bytes] = []
        self.exit_code = 0
        self.was_killed = False
        self._told_to_stop_at_s: float | None = None
        self.broken: BrokenPromiseError | None = None

    def go(self, arguments: Sequence[str], chance: random.Random) -> None:
        """To its end, whatever that is."""
        began_s = self._clock.monotonic_s
        ours, theirs = Pipe()
        self._pid = os.fork()
        if not self._pid:
            self._become_connector(ours, theirs, arguments, chance)
        theirs.close()
        try:
            self._serve(ours, began_s)
        finally:
            self._end()
            ours.close()

    def _become_connector(
        self, ours: Connection, theirs: Connection, arguments: Sequence[str], chance: random.Random
    ) -> NoReturn:
        try:
            ours.close()
            clock = ProcessClock(self._clock.monotonic_s, self._clock.ahead_s)
            run(Link(theirs, clock), arguments, self._folder, chance, self._plant)
        finally:  # Whatever it is, the harness's own life does not go on twice.
            sys.excepthook(*sys.exc_info())
            os._exit(70)

    def _serve(self, pipe: Connection, began_s: float) -> None:
        while True:
            if not pipe.poll(_PATIENCE_S):
                self._note(f"it does nothing for {_PATIENCE_S:.0f} seconds")
                return
            try:
                what, self._clock.monotonic_s, content = pipe.recv()
            except (EOFError, ConnectionResetError):
                return
            if self._clock.monotonic_s - began_s > self._most_s:
                self._note(f"it has not ended after {self._most_s / 3600:.0f} hours")
                return
            if self._moment():
                return
            answer = getattr(self, f"_{what}")(*content)
            if self._moment():
                return
            try:
                pipe.send((answer, self._clock.monotonic_s, self._clock.ahead_s, self._told_to_stop_at_s))
            except (BrokenPipeError, ConnectionResetError):
                return

    def _moment(self) -> bool:
        """Whether the process is no more."""
        self.moments += 1
        self._clock.ahead_s += self._jumps.get(self.moments, 0.0)
        if self.moments == self._trouble.stop_at:
            self._told_to_stop_at_s = self._clock.monotonic_s
            os.kill(self._pid, signal.SIGTERM)
        if self.moments == self._trouble.kill_at:
            self.was_killed = True
        return self.was_killed

    def _exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:
        changes = method != "GET" and not target.endswith("/oauth/token")
        if changes and self._writes + 1 == self._trouble.kill_before_write:
            self.was_killed = True
            return None
        self._clock.pass_by(self._answers_in_s)
        answered = self._pinterest.exchange(method, target, headers, body)
        if target.endswith("/oauth/token"):
            self._learn_secrets(answered[3])
        elif changes:
            self._writes += 1
            self.was_killed = self._writes == self._trouble.kill_at_write
        self._guarded(self._watch.after_request)
        return answered

    def _learn_secrets(self, body: bytes) -> None:
        try:
            content = json.loads(body)
        except ValueError:
            return
        if isinstance(content, dict):
            named = (content.get("access_token"), content.get("refresh_token"))
            self._canary.secrets |= {token.encode() for token in named if isinstance(token, str)}

    def _read(self, timeout_s: float) -> bytes | None:
        return self._watch.read(timeout_s)

    def _fsync(self) -> None:
        """Only a moment."""

    def _say(self, content: bytes) -> None:
        *whole, self._rest = (self._rest + content).split(b"\n")
        for line in whole:
            self.lines.append(line + b"\n")
            if found := self._canary.in_line(line):
                self._note(f"standard output holds {found}")
            if line.startswith(b'{"type":"STATE","state":'):
                state = line.removeprefix(b'{"type":"STATE","state":').removesuffix(b"}")
                self._guarded(lambda state=state: self._watch.on_state(state))

    def _guarded(self, look: Callable[[], None]) -> None:
        try:
            look()
        except BrokenPromiseError as broken:
            self.broken = self.broken or broken

    def _note(self, problem: str) -> None:
        self.broken = self.broken or BrokenPromiseError(problem)

    def _end(self) -> None:
        if self.was_killed or self.broken is not None:
            os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        self.exit_code = os.waitstatus_to_exitcode(status)
        if found := self._canary.in_file(self.stderr):
            self._note(f"standard error holds {found}")

    @property
    def was_told_to_stop(self) -> bool:
        return self._told_to_stop_at_s is not None

    @property
    def stderr(self) -> bytes:
        path = self._folder / "stderr"
        return path.read_bytes() if path.exists() else b""

    @property
    def failure_codes(self) -> list[str]:
        """The codes of its TRACE ERRORs."""
        errors = [json.loads(line)["trace"]["error"] for line in self.lines if b'"error":{"message"' in line]
        return [found[0] if (found := _CODE.findall(error["message"])) else "none" for error in errors]
