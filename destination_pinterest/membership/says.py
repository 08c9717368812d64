"""What a row says of an identifier, and how the files of a ledger tell it.

The files have one bit for it, from their first version on, which tells holdings from tombstones. An objection is
written as a tombstone whose column has a number that no column is given.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from destination_pinterest.membership.keys import KIND_BITS

OBJECTION_COLUMN: Final = (1 << (8 - KIND_BITS)) - 1
OBJECTION_KIND: Final = OBJECTION_COLUMN << KIND_BITS
"""Added to the kind of an identifier that a row objects to."""


class Says(IntEnum):
    """What a row says of an identifier."""

    REMOVES = 0  # it asks to remove it
    HOLDS = 1  # it adds it
    OBJECTS = 2  # it has no consent: nobody adds it as long as the row says so
    KEEPS = 3  # in the spool alone: the row can't be used and keeps what it has in a column


READ_SAYS: Final = (
    f"CASE WHEN holds THEN {Says.HOLDS:d} WHEN kind >> {KIND_BITS} = {OBJECTION_COLUMN} THEN {Says.OBJECTS:d} "
    f"ELSE {Says.REMOVES:d} END::UTINYINT AS says"
)
WRITE_SAYS: Final = f"says = {Says.HOLDS:d} AS holds"
