"""Standard input as a file: what was read of it is kept in memory, so that it can be read from the beginning again.

Nothing is written to disk, because it is people's data.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, BinaryIO, Final, cast

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError

# A reader that looks at the first rows before it reads all needs little of it; one that reads everything twice, all.
KEPT_BYTES: Final = 256 << 20
_READ_BYTES: Final = 1 << 18


class StandardInput:
    """Standard input. After more than `kept_bytes` have been read, it can't be opened again.

    Args:
        stream: the program's standard input.
        extension: the format that the user named, as a file name's extension.
        kept_bytes: how much is kept to be read again.
    """

    label = "standard input"
    size_bytes: int | None = None
    remarks: Sequence[str] = ()

    def __init__(self, stream: BinaryIO, extension: str, kept_bytes: int = KEPT_BYTES) -> None:
        self._stream = stream
        self._kept_bytes = kept_bytes
        self._kept: bytearray | None = bytearray()
        self._read = 0
        self.name = f"stdin.{extension}"

    def open(self) -> BinaryIO:
        """See DataFile. Raises: UsageError if more has been read than is kept."""
        if self._kept is None:
            raise UsageError(
                Code.SOURCE_TOO_LARGE,
                f"Standard input is longer than {self._kept_bytes >> 20} MB, and this format has to be read twice. "
                "Save it to a file, or convert it to CSV.",
            )
        return cast("BinaryIO", io.BufferedReader(_Replay(self), _READ_BYTES))

    def read_from(self, position: int, most: int) -> bytes:
        """Reads at a position that is kept, or at the end of what was read. Raises: OSError at another."""
        if self._kept is not None and position < len(self._kept):
            return bytes(self._kept[position : position + most])
        if position != self._read:
            raise OSError("this part of standard input has been read already")
        chunk = self._stream.read(most)
        self._read += len(chunk)
        if self._kept is not None:
            self._kept += chunk
            if len(self._kept) > self._kept_bytes:
                self._kept = None
        return chunk


class _Replay(io.RawIOBase):
    """Reads standard input from its beginning."""

    def __init__(self, source: StandardInput) -> None:
        self._source = source
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        chunk = self._source.read_from(self._position, len(view))
        view[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)
