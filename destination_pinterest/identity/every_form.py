"""Finds every form in which this connector may have sent a value, so that a person can be taken out in each.

A plain address or advertising ID may have come from other tables as a digest of another kind, or under another setting
of `advertising_id_case`; version 0.1.0 hashed an address with the apostrophe that a spreadsheet had put before it. From
a digest nothing else can be derived, so it is its only form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.cell import take_apart
from destination_pinterest.identity.digest import HEX_DIGITS, UUID
from destination_pinterest.identity.email_address import normalise_email
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper, MappedRow
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, LetterCase

_ADVERTISING_IDS: Final = frozenset({Identifier.GAID, Identifier.IDFA, Identifier.MAID})
_APOSTROPHE: Final = "'"


class EveryForm:
    """Maps the values of one column to all of their forms.

    Args:
        column: the column.
        maid_case: the case of advertising IDs by the settings.
    """

    def __init__(self, column: IdentityColumn, maid_case: LetterCase) -> None:
        self._kind = column.identifier
        self._map = IdentityMapper([column], maid_case=maid_case).map

    def of(self, value: object) -> MappedRow:
        """Returns the forms of a value, that of a sync first, and what is wrong with it, as a sync says it."""
        mapped = self._map((value,))
        if not mapped.identifiers:
            return mapped
        others = (form for text in _texts(value) for form in self._derived(text))
        return MappedRow(tuple(dict.fromkeys((*mapped.identifiers, *others))), mapped.rejections)

    def _derived(self, text: str) -> Iterator[str]:
        """Yields the forms of a plain value; none of a digest."""
        if self._kind is Identifier.EMAIL:
            address = normalise_email(text)
            if address and not isinstance(address, RejectionReason):
                yield from _digests(address)
                yield hashlib.sha256(f"{_APOSTROPHE}{address}".encode()).hexdigest()
        elif self._kind in _ADVERTISING_IDS and UUID.fullmatch(bare := strip_blanks(text)):
            for spelled in dict.fromkeys((bare, bare.lower(), bare.upper())):
                yield from _digests(spelled)


def _digests(text: str) -> Iterator[str]:
    for algorithm in HEX_DIGITS:
        yield hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()


def _texts(value: object) -> Iterator[str]:
    """Yields the bare texts of a value: of arrays, and of a cell that holds several."""
    if isinstance(value, list):
        for element in value:
            yield from _texts(element)
    elif isinstance(value, str):
        yield from (each for each in take_apart(value) or [value] if isinstance(each, str))
