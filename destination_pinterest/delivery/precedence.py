"""Remembers within a sync which identifiers its rows have spoken for, so that other rows don't overrule them.

Where rows are sent as they come, the last word on an identifier wins. Two words must win whatever comes later: that a
person does not consent, and, on an exclusion audience, that a person is to be excluded. Only a later version of the
row that said so takes it back, and so does its deletion.

It keeps a hash of each identifier and of its row, about 50 bytes for both. Two identifiers of one hash would be taken
for one, which happens once in a hundred thousand syncs of ten million, and errs to the safe side.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from destination_pinterest.config import Config
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.vocabulary import Operation

_SMALLEST: Final = 1 << 10
_64_BITS: Final = (1 << 64) - 1
# In place of an identifier's hash: the slot is free.
_FREE: Final = 0
# In place of a row's hash: several rows, or one without a key, which no later row can be told to be.
_ANYBODY: Final = 0
_TAKEN_BACK: Final = 1


class Precedence:
    """A set of claims: identifiers, each with the row that claimed it.

    It is a hash table with open addressing, since a dictionary of as many numbers takes several times the memory.

    Args:
        over: the operation that a claim overrules.
    """

    def __init__(self, over: Operation) -> None:
        self.over = over
        self._allocate(_SMALLEST)

    def claim(self, identifiers: Iterable[str], row: int) -> None:
        """Claims identifiers for a row, given by `row_hash`."""
        for identifier in identifiers:
            wanted = _hash_of(identifier)
            slot = self._slot(wanted)
            if self._identifiers[slot] == _FREE:
                self._identifiers[slot], self._rows[slot] = wanted, row
                self._used += 1
                if self._used * 3 > len(self._rows) * 2:
                    self._grow()
            elif self._rows[slot] != row:
                self._rows[slot] = row if self._rows[slot] == _TAKEN_BACK else _ANYBODY

    def left_to(self, identifiers: Iterable[str], row: int) -> list[str]:
        """Returns those that no other row has claimed, and takes back what this one has."""
        left = []
        for identifier in identifiers:
            slot = self._slot(_hash_of(identifier))
            if self._identifiers[slot] != _FREE and self._rows[slot] != _TAKEN_BACK:
                if row == _ANYBODY or self._rows[slot] != row:
                    continue
                self._rows[slot] = _TAKEN_BACK
            left.append(identifier)
        return left

    def take_back(self, identifiers: Iterable[str], row: int) -> None:
        """Takes back what this row has claimed, for it is gone. What others claim, and rows without a key, stays."""
        self.left_to(identifiers, row)

    def _slot(self, wanted: int) -> int:
        """The slot that has the hash, or the free one where it would be."""
        identifiers, mask = self._identifiers, len(self._identifiers) - 1
        slot = wanted & mask
        while identifiers[slot] != _FREE and identifiers[slot] != wanted:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        before = zip(self._identifiers, self._rows, strict=True)
        self._allocate(2 * len(self._rows))
        for wanted, row in before:
            if wanted != _FREE:
                slot = self._slot(wanted)
                self._identifiers[slot], self._rows[slot] = wanted, row
                self._used += 1

    def _allocate(self, slots: int) -> None:
        self._identifiers = array("Q", bytes(8 * slots))
        self._rows = array("Q", bytes(8 * slots))
        self._used = 0


def precedence_of(plans: Iterable[StreamPlan], config: Config) -> Precedence | None:
    """Returns what takes the claims of an audience's rows; None if no row can overrule another."""
    if config.used_for == "targeting":
        return Precedence(Operation.ADD) if any(plan.consent_column is not None for plan in plans) else None
    removes = any(plan.only_removes or plan.deciding_columns for plan in plans)
    return Precedence(Operation.REMOVE) if removes and config.mode != "remove" else None


def row_hash(stream: str, key: Sequence[object] | None) -> int:
    """Returns what tells a row from others, by its primary key; the same for all rows without one."""
    if key is None:
        return _ANYBODY
    return max(hash((stream, repr(key))) & _64_BITS, _TAKEN_BACK + 1)


def _hash_of(identifier: str) -> int:
    return max(hash(identifier) & _64_BITS, _FREE + 1)


def columns_left(identifiers: Sequence[str], columns: Sequence[str], left: Sequence[str]) -> Sequence[str]:
    """Returns the columns of those identifiers of a row that are left to it; none if they are not known."""
    if not columns or len(left) == len(identifiers):
        return columns
    column_of = dict(zip(identifiers, columns, strict=True))
    return [column_of[one] for one in left]
