"""Remembers in fixed memory who may have been added: whoever surely was not needs no request to be taken out again.

A Bloom filter: it takes some for added who were not (one in 250 after ten million), and never the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_BYTES: Final = 1 << 24
_MASK: Final = 8 * _BYTES - 1
# Parts of one hash, which has 64 bits.
_SHIFTS: Final = (0, 12, 24, 36)


class PossiblyAdded:
    """Identifiers that were added, and perhaps a few more."""

    def __init__(self) -> None:
        self._bits = bytearray(_BYTES)

    def add(self, identifiers: Iterable[str]) -> None:
        """Notes identifiers that are added."""
        for identifier in identifiers:
            for place in _places(identifier):
                self._bits[place >> 3] |= 1 << (place & 7)

    def among(self, identifiers: Iterable[str]) -> Sequence[str]:
        """Returns those that may have been added."""
        return [
            identifier
            for identifier in identifiers
            if all(self._bits[place >> 3] >> (place & 7) & 1 for place in _places(identifier))
        ]


def _places(identifier: str) -> Iterator[int]:
    hashed = hash(identifier)
    for shift in _SHIFTS:
        yield hashed >> shift & _MASK
