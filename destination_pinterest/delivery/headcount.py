"""Counts how many different identifiers and people a sync puts into a customer list, in little memory.

Pinterest's counters and a sync's own count repeats: a person who is sent twice counts twice. The identifiers are
digests, so those that begin with the lowest digits are a fair sample of all: a sample that would grow too large is
halved by halving the bound. The count is exact until then and within about one percent afterwards, and of the same
identifiers it is always the same.

Source: Wegman's adaptive sampling, in P. Flajolet, "On adaptive sampling", Computing 43 (1990).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain, islice
from typing import Final, Self

from destination_pinterest.audiences.remembered import EXACT_UP_TO
from destination_pinterest.vocabulary import Identifier

# Enough to tell digests apart, and as many as fit into 64 bytes with what a text takes by itself. Only these are kept:
# whole digests would stay scattered over the memory in which those of the next rows are made, which makes all slower.
_DIGITS: Final = 15
_AT_ONCE: Final = 2_000
# The others are sent as they were given, so their first characters are no fair sample.
_DIGESTS: Final = frozenset({Identifier.EMAIL, Identifier.GAID, Identifier.IDFA, Identifier.MAID})


class DistinctCount:
    """Counts different digests, of which some may leave again.

    Args:
        most: how many are kept at most.
    """

    def __init__(self, most: int = EXACT_UP_TO) -> None:
        self._most = most
        self._halvings = 0
        # None as long as nothing is left out.
        self._bound: str | None = None
        # As texts: to make numbers of them would cost more than all the rest. A set of them takes twice the memory.
        self._kept: dict[str, None] = {}
        self._frozen: int | None = None

    def add(self, digests: Iterable[str]) -> None:
        """Counts digests that are in now."""
        bound = self._bound
        if bound is None:
            self._kept.update(dict.fromkeys([digest[:_DIGITS] for digest in digests]))
        else:
            self._kept.update(dict.fromkeys([digest[:_DIGITS] for digest in digests if digest < bound]))
        while len(self._kept) > self._most:
            self._halvings += 1
            self._bound = bound = f"{(1 << 4 * _DIGITS) >> self._halvings:0{_DIGITS}x}"
            self._kept = dict.fromkeys([digest for digest in self._kept if digest < bound])

    def remove(self, digests: Iterable[str]) -> None:
        """Takes back digests that are not in any more."""
        for digest in digests:
            self._kept.pop(digest[:_DIGITS], None)

    def copy(self) -> Self:
        """Returns a count that goes its own way from here on."""
        other = type(self)(self._most)
        other._halvings, other._bound, other._kept = self._halvings, self._bound, dict(self._kept)
        return other

    def freeze(self) -> None:
        """Keeps the count alone; nothing is counted any more."""
        self._frozen = int(self)
        self._kept = {}

    def __int__(self) -> int:
        return len(self._kept) << self._halvings if self._frozen is None else self._frozen


class Headcount:
    """Counts what one audience is sent: different identifiers, and people.

    A row is one person, however many identifiers it has, and rows with the same first identifier are the same person.

    Args:
        kinds: the kinds of identifiers that the audience's streams have.
        most: see `DistinctCount`.
    """

    def __init__(self, kinds: Iterable[Identifier], most: int = EXACT_UP_TO) -> None:
        self._members = DistinctCount(most)
        # The same as the members until a row has two identifiers.
        self._people = self._members
        are_digests = _DIGESTS.issuperset(kinds)
        self._digests: Callable[[Sequence[str]], Sequence[str]] = _as_they_are if are_digests else _digested
        # Rows wait to be counted together, which costs a fifth of counting them one by one.
        self._identifiers: list[str] = []
        # Where the rows begin in them.
        self._begins: list[int] = []

    def add_rows(self, identifiers: Sequence[str]) -> None:
        """Counts rows of one identifier each."""
        self._count_waiting()
        digests = self._digests(identifiers)
        self._members.add(digests)
        if self._people is not self._members:
            self._people.add(digests)

    def add_row(self, identifiers: Sequence[str]) -> None:
        """Counts a row with its identifiers."""
        self._begins.append(len(self._identifiers))
        self._identifiers += identifiers
        if len(self._begins) >= _AT_ONCE:
            self._count_waiting()

    def add_rows_of_several(self, rows: Sequence[Sequence[str]]) -> None:
        """Counts rows of one identifier or several each."""
        begins = accumulate(map(len, rows), initial=len(self._identifiers))
        self._begins.extend(islice(begins, len(rows)))
        self._identifiers.extend(chain.from_iterable(rows))
        if len(self._begins) >= _AT_ONCE:
            self._count_waiting()

    def remove_row(self, identifiers: Sequence[str]) -> None:
        """Takes back a row's identifiers."""
        self._count_waiting()
        digests = self._digests(identifiers)
        self._members.remove(digests)
        if self._people is not self._members:
            self._people.remove(digests)

    @property
    def members(self) -> int:
        """Different identifiers that are in now, if the list was empty at first."""
        self._count_waiting()
        return int(self._members)

    @property
    def people(self) -> int:
        """People who are in now, likewise."""
        self._count_waiting()
        return int(self._people)

    def freeze(self) -> None:
        """Keeps the counts alone, once everybody was counted: thousands of audiences can't each keep a sample."""
        self._count_waiting()
        for count in {id(self._members): self._members, id(self._people): self._people}.values():
            count.freeze()

    def _count_waiting(self) -> None:
        if not self._begins:
            return
        if self._people is self._members and len(self._identifiers) > len(self._begins):
            self._people = self._members.copy()
        digests = self._digests(self._identifiers)
        self._members.add(digests)
        if self._people is not self._members:
            self._people.add([digests[begin] for begin in self._begins])
        self._identifiers, self._begins = [], []


def _as_they_are(identifiers: Sequence[str]) -> Sequence[str]:
    return identifiers


def _digested(identifiers: Sequence[str]) -> Sequence[str]:
    return [hashlib.blake2s(one.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() for one in identifiers]
