"""The identifiers of the people to forget, each once, in little memory: digests as bytes, not as texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# The hexadecimal digits of the digests that are sent: SHA-256, SHA-1, MD5.
_DIGITS: Final = (64, 40, 32)


class People:
    """Identifiers as they are sent to Pinterest. They come out sorted, the same each time."""

    def __init__(self) -> None:
        self._digests = {digits: bytearray() for digits in _DIGITS}
        self._others: set[str] = set()
        self._sorted: dict[int, npt.NDArray[Any]] = {}

    def add(self, identifiers: Iterable[str]) -> None:
        """Takes identifiers, before they are looked at."""
        for identifier in identifiers:
            raw = _as_bytes(identifier)
            if raw is None:
                self._others.add(identifier)
            else:
                self._digests[2 * len(raw)] += raw

    def __len__(self) -> int:
        return len(self._others) + sum(len(self._once(digits)) for digits in _DIGITS)

    def __iter__(self) -> Iterator[str]:
        for digits in _DIGITS:
            content, size = self._once(digits).tobytes(), digits // 2
            for at in range(0, len(content), size):
                yield content[at : at + size].hex()
        yield from sorted(self._others)

    def pieces(self, size: int) -> Iterator[dict[str, None]]:
        """Yields all of them, at most `size` at a time."""
        rest = iter(self)
        while piece := dict.fromkeys(islice(rest, size)):
            yield piece

    def _once(self, digits: int) -> npt.NDArray[Any]:
        if digits not in self._sorted:
            self._sorted[digits] = np.unique(np.frombuffer(bytes(self._digests[digits]), dtype=f"S{digits // 2}"))
            self._digests[digits].clear()
        return self._sorted[digits]


def _as_bytes(identifier: str) -> bytes | None:
    if len(identifier) not in _DIGITS:
        return None
    try:
        raw = bytes.fromhex(identifier)
    except ValueError:
        return None
    return raw if raw.hex() == identifier else None
