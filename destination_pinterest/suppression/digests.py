"""Sorted files of 16-byte digests: written, merged and searched without holding them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

DIGEST_BYTES: Final = 16
# NumPy compares these as memcmp does, but for zeros at the end, which all have room for alike.
_DTYPE: Final = f"S{DIGEST_BYTES}"
_AT_ONCE: Final = 1 << 20
# Of the table that tells at once most of those who are not in a file: bits for each digest, and how many at most.
_BITS_EACH: Final = 32
_FEWEST_BITS: Final = 1 << 13
_MOST_BITS: Final = 1 << 29

Digests = npt.NDArray[Any]


def as_digests(content: bytes | bytearray) -> Digests:
    """Returns digests that stand one after the other, sorted and each once."""
    return np.unique(np.frombuffer(bytes(content), dtype=_DTYPE))


def write_with(source: Path | None, added: Digests, target: Path) -> int:
    """Writes the digests of a file together with others, sorted; returns how many."""
    rest, total = added, 0
    with target.open("wb") as file:
        for chunk in _chunks(source):
            cut = int(np.searchsorted(rest, chunk[-1:], side="right")[0])
            merged = np.union1d(chunk, rest[:cut])
            rest = rest[cut:]
            file.write(merged.tobytes())
            total += len(merged)
        file.write(rest.tobytes())
    return total + len(rest)


def write_without(source: Path | None, lifted: Digests, target: Path) -> int:
    """Writes the digests of a file without others; returns how many are left."""
    total = 0
    with target.open("wb") as file:
        for chunk in _chunks(source):
            kept = chunk[~np.isin(chunk, lifted)]
            file.write(kept.tobytes())
            total += len(kept)
    return total


class DigestFile:
    """The digests of a sorted file, to be asked whether they have one. The file may be deleted meanwhile.

    Args:
        path: the file; None if there are none.
        count: how many it has.
    """

    def __init__(self, path: Path | None, count: int) -> None:
        self.count = count if path is not None else 0
        self._sorted: Digests = np.empty(0, dtype=_DTYPE)
        if self.count and path is not None:
            self._sorted = np.memmap(path, dtype=_DTYPE, mode="r")
        size = min(_MOST_BITS, max(_FEWEST_BITS, 1 << (self.count * _BITS_EACH - 1).bit_length()))
        self._mask = size - 1
        self._bits = bytearray(size >> 3)
        self._set_bits(path if self.count else None)

    def has(self, digest: bytes) -> bool:
        """Whether a digest is in the file."""
        slot = int.from_bytes(digest[:8], "little") & self._mask
        if not self._bits[slot >> 3] & (1 << (slot & 7)):
            return False
        at = int(np.searchsorted(self._sorted, np.array([digest], dtype=_DTYPE))[0])
        return at < len(self._sorted) and bytes(self._sorted[at]) == digest.rstrip(b"\0")

    def _set_bits(self, path: Path | None) -> None:
        bits = np.frombuffer(self._bits, dtype=np.uint8)
        for chunk in _chunks(path):
            slots = np.frombuffer(chunk.tobytes(), dtype="<u8")[::2] & np.uint64(self._mask)
            np.bitwise_or.at(
                bits, (slots >> np.uint64(3)).astype(np.int64), 1 << (slots & np.uint64(7)).astype(np.uint8)
            )


def _chunks(path: Path | None) -> Iterator[Digests]:
    if path is None:
        return
    with path.open("rb") as file:
        while content := file.read(_AT_ONCE * DIGEST_BYTES):
            yield np.frombuffer(content, dtype=_DTYPE)


def joined(digests: Iterable[bytes]) -> Digests:
    """Returns digests sorted and each once."""
    return as_digests(b"".join(digests))
