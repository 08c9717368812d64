"""Turns a `records` string into members and back, fast enough not to be what a benchmark measures.

A member that is the lower-case hex of an MD5, SHA-1 or SHA-256 digest is kept as its bytes (half the memory, one C
call for a whole request of SHA-256 values); everything else is kept as the text that was sent. Nothing is trimmed,
lowered or hashed here: what a client sends is what it gets, faults included.

Source: Pinterest OpenAPI 5.23.0, CustomerListRequest.records: one comma-separated string; its example ends in a comma,
so blank pieces are passed over.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

Member = bytes | str

_SHA256_HEX = 64
_SHA256_BYTES = 32
_DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_HASH_SPACE = 2**32
# List types whose identifiers are neither e-mail addresses nor digests.
_FREE_FORM_LIST_TYPES = frozenset({"LR_ID", "DLX_ID", "HASHED_PINNER_ID"})


@dataclass(frozen=True, slots=True)
class Records:
    """One request's members in the order sent; `digests` holds them end to end where all are SHA-256 values."""

    members: tuple[Member, ...]
    digests: bytes | None

    def __len__(self) -> int:
        """How many members."""
        return len(self.members)

    def __repr__(self) -> str:
        return f"Records(count={len(self.members)})"

    @property
    def identifiers(self) -> int:
        """How many identifiers: one for each member."""
        return len(self.members)

    def first(self, count: int) -> Records:
        """The first so many."""
        return Records(self.members[:count], self.digests and self.digests[: count * _SHA256_BYTES])


def parse_records(text: str) -> Records:
    """Split a `records` string; blank pieces do not count."""
    return _all_sha256(text) or Records(tuple(as_member(piece) for piece in text.split(",") if piece.strip()), None)


def as_member(piece: str) -> Member:
    """One identifier as it is kept."""
    return bytes.fromhex(piece) if _DIGEST.fullmatch(piece) else piece


def unpack_digests(digests: bytes) -> Records:
    """Read back what `Records.digests` held."""
    return Records(struct.unpack("32s" * (len(digests) // _SHA256_BYTES), digests), digests)


def member_text(member: Member) -> str:
    """The identifier as it was sent."""
    return member.hex() if isinstance(member, bytes) else member


def matches(member: Member, list_type: str, match_rate: float) -> bool:
    """Whether Pinterest would know this person: always the same answer for the same identifier.

    Digests and lower-case e-mail addresses are known at `match_rate`; on lists of partner IDs everything is. What no
    matching can recognise (upper-case hex, plain device IDs, upper-case addresses) is never matched.
    """
    if isinstance(member, str):
        is_address = "@" in member and member == member.lower().strip()
        if not is_address and list_type not in _FREE_FORM_LIST_TYPES:
            return False
        member = member.encode()
    return zlib.crc32(member) < match_rate * _HASH_SPACE


def count_matches(members: Iterable[Member], list_type: str, match_rate: float, at_most: int | None = None) -> int:
    """How many members are matched, counting no further than `at_most`."""
    if match_rate <= 0:
        return 0
    matched = (True for member in members if matches(member, list_type, match_rate))
    return sum(islice(matched, at_most))


def member_lines(members: Iterable[Member], lines_per_chunk: int = 10_000) -> Iterator[str]:
    """The members one a line, in chunks that a response can stream."""
    texts = (member_text(member) + "\n" for member in members)
    while chunk := "".join(islice(texts, lines_per_chunk)):
        yield chunk


def _all_sha256(text: str) -> Records | None:
    count, rest = divmod(len(text) + 1, _SHA256_HEX + 1)
    if rest or not count or text[_SHA256_HEX :: _SHA256_HEX + 1] != "," * (count - 1):
        return None
    if any(letter in text for letter in "ABCDEF"):
        return None
    try:
        digests = bytes.fromhex(text.replace(",", " "))
    except ValueError:
        return None
    # Blanks inside a value would be skipped by fromhex as well; then bytes are missing.
    return unpack_digests(digests) if len(digests) == _SHA256_BYTES * count else None
