"""Writes whole lines to the connector's standard input, and can be stopped while the pipe is full.

The pipe provides backpressure: a connector that waits for quota stops reading, and then the source is not read either.
"""

from __future__ import annotations

import os
import select
import time
from typing import IO, Final

from pinterest_audiences.interruption import Interruption

_LOOK_UP_EVERY_S: Final = 0.2
_LAST_LINE_S: Final = 1.0


class PipeClosedError(Exception):
    """The connector no longer reads: it has ended, and its own messages say why."""


class InterruptedByUserError(Exception):
    """A stop was requested. The last line is whole if the connector read it."""


class LinePipe:
    """The connector's standard input.

    Args:
        pipe: closed by this object.
        interruption: checked between writes, and while the pipe is full.
    """

    def __init__(self, pipe: IO[bytes], interruption: Interruption) -> None:
        self._pipe = pipe
        self._interruption = interruption
        os.set_blocking(pipe.fileno(), False)

    def write(self, lines: bytes) -> None:
        """Writes whole lines. Raises: PipeClosedError, InterruptedByUserError."""
        written = 0
        while written < len(lines):
            if self._interruption.is_requested:
                self._finish_line(lines, written)
                raise InterruptedByUserError
            written += self._write_some(memoryview(lines)[written:], _LOOK_UP_EVERY_S)

    def close(self) -> None:
        """Closes the pipe: no more lines will come. May be repeated."""
        self._pipe.close()

    def _finish_line(self, lines: bytes, written: int) -> None:
        if written == 0 or lines[written - 1 : written] == b"\n":
            return
        rest = lines[written : lines.index(b"\n", written) + 1]
        until = time.monotonic() + _LAST_LINE_S
        while rest and time.monotonic() < until:
            rest = rest[self._write_some(memoryview(rest), _LOOK_UP_EVERY_S) :]

    def _write_some(self, data: memoryview, timeout_s: float) -> int:
        _, writable, _ = select.select([], [self._pipe], [], timeout_s)
        if not writable:
            return 0
        try:
            return os.write(self._pipe.fileno(), data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            raise PipeClosedError from None
