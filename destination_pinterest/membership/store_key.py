"""Makes the setting `store_key` expensive to brute-force: a person chose it, and a thief has time.

Every guess costs a scrypt: 0.11 s of one processor and 32 MiB with these parameters (median of 5, x86-64, Python 3.11),
where HKDF alone would cost microseconds. A sync pays it once for each ledger.

Source: RFC 7914 (scrypt); pkg.go.dev/golang.org/x/crypto/scrypt (N = 32768, r = 8, p = 1, or as large an N as 100 ms
permit); docs.python.org/3/library/hashlib.html; cheatsheetseries.owasp.org, "Password Storage", which asks for p = 3
with this N where passwords may be short, while this key has 16 characters or more (read 2026-11-22).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from destination_pinterest.membership.keys import AudienceKeys

_MOST_BYTES: Final = 64 << 20
_STRETCHED_BYTES: Final = 32


class Scrypt(msgspec.Struct, frozen=True):
    """Parameters of scrypt: n is the cost, a power of two; r the block size; p repeats it. Needs 128 * n * r bytes."""

    n: int
    r: int
    p: int


# By version. A new ledger uses the newest; each keeps the one it was created with, so none may be dropped.
STRETCHINGS: Final[Mapping[int, Scrypt]] = MappingProxyType({1: Scrypt(n=1 << 15, r=8, p=1)})


class UnknownStretchingError(Exception):
    """This version of the connector does not know the version of the parameters."""


class StoreKey:
    """The store key, and the keys derived from it so far. Any thread may use it.

    Args:
        typed: the setting.
        stretchings: the cost of a derivation, by version.
    """

    def __init__(self, typed: str, stretchings: Mapping[int, Scrypt] = STRETCHINGS) -> None:
        self._typed = typed.encode()
        self._stretchings = stretchings
        self._keys: dict[tuple[bytes, int], AudienceKeys] = {}

    @property
    def newest(self) -> int:
        """The version of the parameters for a new ledger."""
        return max(self._stretchings)

    def keys(self, salt: bytes, stretching: int) -> AudienceKeys:
        """Returns the keys of an audience, by its salt and the version of the parameters. Slow only the first time.

        Raises:
            UnknownStretchingError: there is no such version.
        """
        if stretching not in self._stretchings:
            raise UnknownStretchingError
        found = self._keys.get((salt, stretching))
        if found is None:
            found = self._keys[salt, stretching] = AudienceKeys(self._stretched(salt, stretching), salt)
        return found

    def _stretched(self, salt: bytes, stretching: int) -> bytes:
        scrypt = self._stretchings[stretching]
        return hashlib.scrypt(
            self._typed, salt=salt, n=scrypt.n, r=scrypt.r, p=scrypt.p, maxmem=_MOST_BYTES, dklen=_STRETCHED_BYTES
        )
