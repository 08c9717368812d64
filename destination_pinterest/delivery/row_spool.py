"""Keeps the rows of an epoch sorted by audience, in bounded memory: beyond that they go to the local disk, encrypted.

Rows of thousands of audiences come mixed, and each audience is settled by itself. So what comes is kept in a buffer for
each audience, and once all buffers together are too large, they are written behind each other into one file. To read an
audience is to read its piece of each of these writings, in order.

The key is random and never leaves the process: after it has ended, nobody can read the file.

Source: NIST SP 800-38D, 8.2.1: a counter as the nonce of AES-GCM, under a key that is used once (read 2026-11-27).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import orjson

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageFailedError

if TYPE_CHECKING:  # They import OpenSSL and more of the library, which few rows don't need.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from destination_pinterest.private_folder import PrivateFolder

DEFAULT_BUFFERED: Final = 24 << 20
"""Bytes of all buffers together. An audience's piece of one writing is read at once, which needs as much again."""

_LENGTH: Final = 4
_NONCE: Final = 12
_KEY_BITS: Final = 256
# What stands before a row: how it is to be decoded. orjson knows no integers beyond 64 bits and no halves of surrogate
# pairs, which keys may have.
_FAST: Final = b"f"
_EXACT: Final = b"e"


class RowSpool:
    """Rows by the numbers of their audiences. A row is a list of JSON values, and comes back as it was given.

    Every method raises:
        StorageFailedError: the local disk is too small.

    Args:
        buffered: see DEFAULT_BUFFERED.
        parent: where its folder is created, once it needs one.
    """

    def __init__(self, buffered: int = DEFAULT_BUFFERED, parent: Path | None = None) -> None:
        self._most = buffered
        self._parent = parent
        self._buffers: dict[int, bytearray] = {}
        self._bytes = 0
        self._pieces: dict[int, list[tuple[int, int, int]]] = {}
        self._cipher: AESGCM | None = None
        self._nonce = 0
        self._end = 0
        self._folder: PrivateFolder | None = None
        self._file: BinaryIO | None = None

    def add(self, audience: int, row: list[Any]) -> None:
        """Adds a row behind the others of its audience."""
        try:
            body = _FAST + orjson.dumps(row)
        except TypeError:
            body = _EXACT + json.dumps(row).encode()
        buffer = self._buffers.get(audience)
        if buffer is None:
            buffer = self._buffers[audience] = bytearray()
        buffer += len(body).to_bytes(_LENGTH, "little")
        buffer += body
        self._bytes += _LENGTH + len(body)
        if self._bytes >= self._most:
            self._write()

    def read(self, audience: int) -> Iterator[list[Any]]:
        """Yields the rows of an audience, in the order in which they were added."""
        for offset, length, nonce in self._pieces.get(audience, ()):
            yield from _rows(self._read(offset, length, nonce))
        yield from _rows(bytes(self._buffers.get(audience, b"")))

    @property
    def audiences(self) -> list[int]:
        """The numbers of the audiences that have rows, ascending."""
        return sorted(self._pieces.keys() | self._buffers.keys())

    def size_of(self, audience: int) -> int:
        """Returns about how many bytes the rows of an audience take."""
        on_disk = sum(length for _, length, _ in self._pieces.get(audience, ()))
        return on_disk + len(self._buffers.get(audience, b""))

    def clear(self) -> None:
        """Forgets every row."""
        self._buffers.clear()
        self._pieces.clear()
        self._bytes = self._end = 0
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()

    def close(self) -> None:
        """Deletes what is on the disk. May be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _write(self) -> None:
        try:
            file = self._opened()
            file.seek(self._end)
            for audience, buffer in self._buffers.items():
                self._nonce += 1
                sealed = self._sealing.encrypt(self._nonce.to_bytes(_NONCE, "little"), bytes(buffer), None)
                file.write(sealed)
                self._pieces.setdefault(audience, []).append((self._end, len(sealed), self._nonce))
                self._end += len(sealed)
            file.flush()
        except OSError as error:
            raise _too_small(error) from None
        self._buffers.clear()
        self._bytes = 0

    def _read(self, offset: int, length: int, nonce: int) -> bytes:
        try:
            file = self._opened()
            file.seek(offset)
            sealed = file.read(length)
        except OSError as error:
            raise _too_small(error) from None
        return self._sealing.decrypt(nonce.to_bytes(_NONCE, "little"), sealed, None)

    @property
    def _sealing(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see above

        if self._cipher is None:
            self._cipher = AESGCM(AESGCM.generate_key(_KEY_BITS))
        return self._cipher

    def _opened(self) -> BinaryIO:
        from destination_pinterest.private_folder import PrivateFolder  # noqa: PLC0415 - see above

        if self._file is None:
            self._folder = PrivateFolder(self._parent)
            descriptor = os.open(self._folder.path / "rows", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(descriptor, "w+b")
        return self._file


def _rows(content: bytes) -> Iterator[list[Any]]:
    at = 0
    while at < len(content):
        begin = at + _LENGTH
        at = begin + int.from_bytes(content[begin - _LENGTH : begin], "little")
        how, body = content[begin : begin + 1], content[begin + 1 : at]
        yield orjson.loads(body) if how == _FAST else json.loads(body)


def _too_small(error: OSError) -> StorageFailedError:
    return StorageFailedError(
        Code.LOCAL_DISK_FAILED,
        f"Rows of many audiences could not be kept on the local disk ({error.strerror}). Free about 200 bytes for each "
        "row of the sync, or name a folder on a larger disk in the environment variable TMPDIR.",
    )
