"""Reads standard input as chunks of whole lines; a read ends early when something else happens.

One thread reads, maps and decides. It must not miss a timer while the source is silent, and passing every chunk between
threads would cost more than parsing it (because of the interpreter's lock). So it waits on the input and on a wake-up
pipe at once, as event loops do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
from collections.abc import Iterable
from typing import Final, Protocol

CHUNK_BYTES: Final = 1 << 18
# VersionedAirbyteStreamFactory.kt refuses lines of more than 20,000,000 characters, of at most four bytes each.
MAX_LINE_BYTES: Final = 80_000_000


class Lines(Protocol):
    """A source of lines."""

    def read(self, timeout_s: float) -> bytes | None:
        """Returns whole lines; b"" after `timeout_s` of silence or a wake-up; None at the end of the input."""

    def wake(self) -> None:
        """Ends a waiting `read`, from any thread or signal handler."""


class LineReader:
    """Reads lines from a file descriptor."""

    def __init__(self, descriptor: int, *, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_line_bytes = max_line_bytes
        self._input = descriptor
        _widen_pipe(descriptor)
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waker, False)
        self._rest = bytearray()
        self._ended = False

    def read(self, timeout_s: float) -> bytes | None:
        """See `Lines.read`. The last line may lack its newline."""
        if self._ended:
            return None
        readable, _, _ = select.select([self._input, self._woken], [], [], max(timeout_s, 0.0))
        if self._woken in readable:
            self._forget_wake_ups()
        if self._input not in readable:
            return b""
        chunk = os.read(self._input, CHUNK_BYTES)
        if not chunk:
            self._ended = True
            return bytes(self._rest) + b"\n" if self._rest.strip() else None
        return self._whole_lines(chunk)

    def wake(self) -> None:
        """See `Lines.wake`."""
        with contextlib.suppress(BlockingIOError):  # The pipe is already full of wake-ups.
            os.write(self._waker, b"!")

    def close(self) -> None:
        """Closes the wake-up pipe; the input belongs to the caller."""
        os.close(self._woken)
        os.close(self._waker)

    def _whole_lines(self, chunk: bytes) -> bytes:
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._rest += chunk
            if len(self._rest) > self._max_line_bytes:
                # Passed on without its end: by that the decoder knows it, and names its number.
                lines, self._rest = bytes(self._rest), bytearray()
                return lines
            return b""
        lines = b"".join((self._rest, memoryview(chunk)[:end]))  # one copy, not three
        self._rest = bytearray(chunk[end:])
        return lines

    def _forget_wake_ups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._woken, 4096):
                pass


def _widen_pipe(descriptor: int) -> None:
    """Lets the pipe hold a chunk instead of 64 kB: that halves the switches between the source and this process."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # Not a pipe, or more than the system allows: then it stays as it is.
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, CHUNK_BYTES)


class MessageLines:
    """Lines from a caller in the same process. There is no pipe to wait for."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)

    def read(self, timeout_s: float) -> bytes | None:  # noqa: ARG002 - the caller's iterator decides how long it takes
        """See `Lines.read`."""
        line = next(self._lines, None)
        return None if line is None else line + b"\n"

    def wake(self) -> None:
        """See `Lines.wake`. Does nothing: only the caller's iterator waits here."""
