"""Identifiers that are nobody's: digests of random bytes, which no address and no device has."""

from __future__ import annotations

import secrets
from hashlib import sha256

_BYTES = 32


def nobodies(count: int) -> list[str]:
    """Returns so many, all different, as Pinterest takes them."""
    return [sha256(secrets.token_bytes(_BYTES)).hexdigest() for _ in range(count)]
