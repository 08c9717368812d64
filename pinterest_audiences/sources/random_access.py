"""Gives formats that are read from their end, such as Parquet and ZIP, a file in which they can seek."""

from __future__ import annotations

import io
from contextlib import closing
from typing import BinaryIO, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.data_file import DataFile

MOST_BYTES: Final = 1 << 30
_READ_BYTES: Final = 1 << 20


class RandomAccess:
    """Opens a file for seeking. One that can only be read forwards is read into memory, once.

    Args:
        file: the file.
        most_bytes: how much is read into memory at most.
    """

    def __init__(self, file: DataFile, most_bytes: int = MOST_BYTES) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._content: bytes | None = None

    def open(self) -> BinaryIO:
        """Opens the file at its beginning; the caller closes it.

        Raises: UsageError if it is too large for memory; SourceError if it can't be read to its end; see DataFile.
        """
        if self._content is not None:
            return io.BytesIO(self._content)
        stream = self._file.open()
        if stream.seekable():
            return stream
        with closing(stream):
            self._content = self._read(stream)
        return io.BytesIO(self._content)

    def _read(self, stream: BinaryIO) -> bytes:
        content = bytearray()
        try:
            while chunk := stream.read(_READ_BYTES):
                content += chunk
                if len(content) > self._most_bytes:
                    raise UsageError(
                        Code.SOURCE_TOO_LARGE,
                        f"{self._file.label} would have to be read into memory, and is larger than "
                        f"{self._most_bytes >> 20} MB. Decompress it, or store it where it can be read in parts.",
                    )
        except (OSError, EOFError):
            raise cut_off(self._file.label) from None
        return bytes(content)


def cut_off(label: str) -> SourceError:
    """Returns the error for a file that ends in its middle, or whose bytes are damaged."""
    return SourceError(
        Code.SOURCE_CUT_OFF,
        f"{label} is damaged or ends in its middle, so its rows are incomplete. Write or download it again.",
    )
