"""Standard input as chunks of whole lines, or silence, or the end; woken early when something else happens.

One thread reads, maps and decides. It must neither miss a timer while the source is silent nor hand every chunk from
thread to thread (under the interpreter's lock that costs more than the parsing), so it waits on the pipe and on a
wake-up pipe at once, as event loops do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
from collections.abc import Iterable
from typing import Final, Protocol

CHUNK_BYTES: Final = 1 << 18
# VersionedAirbyteStreamFactory.kt refuses lines beyond 20,000,000 characters; four bytes a character at the most.
MAX_LINE_BYTES: Final = 80_000_000


class Lines(Protocol):
    """Where lines come from."""

    def read(self, timeout_s: float) -> bytes | None:
        """Whole lines; b"" after a silence of `timeout_s` or a wake-up; None at the end of the input."""

    def wake(self) -> None:
        """Ends a `read` that waits, from any thread or signal handler."""


class LineReader:
    """Lines of a file descriptor."""

    def __init__(self, descriptor: int) -> None:
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
        with contextlib.suppress(BlockingIOError):  # The pipe is full of wake-ups already.
            os.write(self._waker, b"!")

    def close(self) -> None:
        """Gives back the wake-up pipe; the input belongs to the caller."""
        os.close(self._woken)
        os.close(self._waker)

    def _whole_lines(self, chunk: bytes) -> bytes:
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._rest += chunk
            if len(self._rest) > MAX_LINE_BYTES:
                # Handed on as it is: the decoder refuses it with its number.
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
    """A pipe holds 64 kB by default; one that holds a chunk halves the switches between the source and this process."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # Not a pipe, or beyond what the system grants: then it stays as it is.
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, CHUNK_BYTES)


class MessageLines:
    """Lines that a caller in the same process hands over one by one. There is no pipe, so nothing is awaited."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)

    def read(self, timeout_s: float) -> bytes | None:  # noqa: ARG002 - the caller's iterator decides how long it takes
        """See `Lines.read`."""
        line = next(self._lines, None)
        return None if line is None else line + b"\n"

    def wake(self) -> None:
        """See `Lines.wake`. Nothing waits here but the caller's own iterator."""
