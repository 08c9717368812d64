"""Looks at the values of a table's first rows: which columns hold identifiers and are not used, and the reverse.

Feed it with rows until it is full, then ask for its findings. It keeps counts, never a value. A finding names a column,
what it seems to hold and how often.

Advertising IDs look like any other UUID, and digests of addresses like any other digest, so that these count only if
the column's name or a value (the all-zero advertising ID) points to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import msgspec

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.cell import take_apart
from destination_pinterest.identity.column_vocabulary import AFTER, BEFORE, EMAIL_WORDS, HASH_ALGORITHMS, HASH_WORDS
from destination_pinterest.identity.consent import Consent, ConsentRule
from destination_pinterest.identity.digest import (
    HEX_DIGITS,
    SHORTEST_DIGEST,
    UUID,
    ZERO_UUID,
    as_hexadecimal,
    looks_hashed,
)
from destination_pinterest.identity.email_address import hash_any_email
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.operation import Mark, mark_of
from destination_pinterest.identity.recognition import is_about_somebody_else, name_words
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, ValueFormat

SAMPLE_ROWS: Final = 500
# A column of free text may have an address now and then; a column of identifiers has them in every fifth row at least.
_LEAST_SHARE: Final = 5
_GOOGLES: Final = frozenset({"google", "android", "gps", "gaid", "aaid", "aifa"})
_APPLES: Final = frozenset({"apple", "ios", "iphone", "idfa"})
_OF_A_DEVICE: Final = (
    _GOOGLES | _APPLES | {"adid", "aid", "maid", "madid", "ad", "advertising", "advertiser", "device", "mobile"}
)
# The vendor's, the app's or the session's ID of a device is no advertising ID.
_OF_NO_DEVICE: Final = frozenset({"idfv", "vendor", "session", "event", "campaign", "creative", "group", "set"})
_OWN_COLUMNS: Final = "_airbyte_"


class FindingKind(Enum):
    """What was found about a column."""

    NOT_USED = "it holds identifiers and is not used"
    USELESS = "it is used and holds none"
    DOUBTFUL_MARKS = "it says who left, and some of its marks may mean that nobody did"
    UNCLEAR_CONSENT = "it says who consents, and some of its values are neither a yes nor a no"
    NO_CONSENT = "it says who consents, and nobody does"


class Finding(msgspec.Struct, frozen=True):
    """What the sample shows about a column.

    Args:
        kind: what was found.
        column: the column's name.
        found: how many rows show it.
        rows: how many rows have a value in the column.
        seems: what the column seems to hold, if that can be said.
        reason: why a column is useless, by most of its values.
    """

    kind: FindingKind
    column: str
    found: int
    rows: int
    seems: IdentityColumn | None = None
    reason: RejectionReason | None = None


@dataclass(slots=True)
class _Counts:
    """What was seen in one column, in rows."""

    rows: int = 0
    usable: int = 0
    addresses: int = 0
    advertising_ids: int = 0
    zeros: int = 0
    doubtful: int = 0
    consents: Counter[Consent] = field(default_factory=Counter)
    digests: Counter[ValueFormat] = field(default_factory=Counter)
    reasons: Counter[RejectionReason] = field(default_factory=Counter)


class ColumnSample:
    """Counts what the columns of a table hold.

    Args:
        columns: the names of all columns, in the order of a row's values.
        used_columns: those that are used as identities.
        marks: those that say who left by being set, such as times of deletion.
        consent: the column that says who consents, and how it is read.
    """

    def __init__(
        self,
        columns: Sequence[str],
        used_columns: Sequence[IdentityColumn],
        marks: Sequence[str] = (),
        *,
        consent: tuple[str, ConsentRule] | None = None,
    ) -> None:
        self._rows_left = SAMPLE_ROWS
        self._counts = {column: _Counts() for column in columns}
        used = {each.column: each for each in used_columns}
        self._used = [
            (place, used[column], IdentityMapper([used[column]]).map)
            for place, column in enumerate(columns)
            if column in used
        ]
        self._marks = [(place, column) for place, column in enumerate(columns) if column in marks]
        consent_column = None if consent is None else consent[0]
        self._consent_rule = None if consent is None else consent[1]
        deciding = {*marks, consent_column}
        self._consent = next(((place, each) for place, each in enumerate(columns) if each == consent_column), None)
        self._others = [
            (place, column)
            for place, column in enumerate(columns)
            if column not in used and column not in deciding and not column.startswith(_OWN_COLUMNS)
        ]

    @property
    def is_full(self) -> bool:
        """Whether more rows would change nothing."""
        return self._rows_left == 0

    def take(self, rows: Iterable[Sequence[object]]) -> None:
        """Counts rows, each given as its values in the order of the columns; ignores them once the sample is full."""
        for row in rows:
            if self.is_full:
                return
            self._rows_left -= 1
            used_here = frozenset(self._take_used(row))
            for place, column in self._others:
                _count_unused(self._counts[column], row[place], used_here)
            for place, column in self._marks:
                counts = self._counts[column]
                counts.rows += row[place] is not None
                counts.doubtful += mark_of(row[place]) is Mark.DOUBTFUL
            if self._consent is not None and self._consent_rule is not None:
                place, column = self._consent
                self._counts[column].rows += 1
                self._counts[column].consents[self._consent_rule.read(row[place])] += 1

    def findings(self) -> tuple[Finding, ...]:
        """Returns what there is to say, in the order of the columns within each kind; nothing of a good table."""
        return (*self._useless(), *self._not_used(), *self._doubtful(), *self._unclear_consent())

    def _take_used(self, row: Sequence[object]) -> Iterator[str]:
        for place, used, map_row in self._used:
            mapped = map_row((row[place],))
            counts = self._counts[used.column]
            refused = [one.reason for one in mapped.rejections if one.reason is not RejectionReason.NO_IDENTITY]
            if mapped.identifiers or refused:
                counts.rows += 1
                counts.usable += bool(mapped.identifiers)
                counts.reasons.update(refused)
                counts.digests.update(frozenset(_formats_in(row[place])))
            yield from mapped.identifiers

    def _useless(self) -> Iterator[Finding]:
        for _, used, _ in self._used:
            counts = self._counts[used.column]
            # Zeros are what phones send that refuse to be tracked: the column is right.
            if counts.rows and not counts.usable and RejectionReason.ZERO_MAID not in counts.reasons:
                seems = _another_format(used, counts)
                reason = counts.reasons.most_common(1)[0][0]
                yield Finding(FindingKind.USELESS, used.column, counts.rows, counts.rows, seems, reason)

    def _not_used(self) -> Iterator[Finding]:
        for _, column in self._others:
            counts = self._counts[column]
            if is_about_somebody_else(column) or _is_a_value(column):
                continue
            for found, seems in _candidates(column, counts):
                if found * _LEAST_SHARE >= counts.rows and found:
                    yield Finding(FindingKind.NOT_USED, column, found, counts.rows, seems)
                    break

    def _doubtful(self) -> Iterator[Finding]:
        for _, column in self._marks:
            counts = self._counts[column]
            if counts.doubtful:
                yield Finding(FindingKind.DOUBTFUL_MARKS, column, counts.doubtful, counts.rows)

    def _unclear_consent(self) -> Iterator[Finding]:
        if self._consent is None:
            return
        column = self._consent[1]
        rows, consents = self._counts[column].rows, self._counts[column].consents
        if unclear := consents[Consent.UNCLEAR]:
            yield Finding(FindingKind.UNCLEAR_CONSENT, column, unclear, rows)
        if rows and not consents[Consent.GIVEN]:
            yield Finding(FindingKind.NO_CONSENT, column, rows, rows)


def _count_unused(counts: _Counts, value: object, used_here: frozenset[str]) -> None:
    if isinstance(value, str) and len(value) < SHORTEST_DIGEST and "@" not in value:
        counts.rows += bool(strip_blanks(value))  # Most values are short texts, which are no identifiers.
        return
    texts = list(_texts_in(value))
    counts.rows += bool(texts) or (value is not None and not isinstance(value, str | list))
    if not texts:
        return
    counts.addresses += any(_is_new_address(text, used_here) for text in texts)
    uuids = [text for text in texts if UUID.fullmatch(text)]
    counts.advertising_ids += bool(uuids)
    counts.zeros += ZERO_UUID in uuids
    counts.digests.update(frozenset(_formats_in(value)))


def _is_new_address(text: str, used_here: frozenset[str]) -> bool:
    """Whether a text is an address that no used column of the row has: a second copy adds nobody."""
    digest = hash_any_email(text) if "@" in text else None
    return isinstance(digest, str) and not isinstance(digest, RejectionReason) and digest not in used_here


def _texts_in(value: object) -> Iterator[str]:
    """Yields the bare texts in a value: its own, those of an array, and those of a cell that has several."""
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, str):
            for text in take_apart(each) or (each,):
                if isinstance(text, str) and (bare := strip_blanks(text)):
                    yield bare


def _formats_in(value: object) -> Iterator[ValueFormat]:
    for text in _texts_in(value):
        for hash_format, digits in HEX_DIGITS.items():
            if as_hexadecimal(text, digits) is not None:
                yield hash_format


def _candidates(column: str, counts: _Counts) -> Iterator[tuple[int, IdentityColumn]]:
    """Yields what an unused column may hold, each with the number of rows that show it."""
    words = frozenset(name_words(column))
    yield counts.addresses, IdentityColumn(column, Identifier.EMAIL)
    if counts.zeros or (words & _OF_A_DEVICE and not words & _OF_NO_DEVICE):
        yield counts.advertising_ids, IdentityColumn(column, _kind_of_device(words))
    if _names_digests(words):
        for hash_format, found in counts.digests.most_common(1):
            yield found, IdentityColumn(column, Identifier.EMAIL, hash_format)


def _kind_of_device(words: frozenset[str]) -> Identifier:
    if words & _GOOGLES and not words & _APPLES:
        return Identifier.GAID
    return Identifier.IDFA if words & _APPLES and not words & _GOOGLES else Identifier.MAID


def _names_digests(words: frozenset[str]) -> bool:
    """Whether a name points to digests of addresses: it speaks of e-mail, or of a hash and nothing else known."""
    hashes = words & (HASH_WORDS | HASH_ALGORITHMS)
    return bool(words & EMAIL_WORDS) or (bool(hashes) and words - hashes <= BEFORE | AFTER)


def _another_format(used: IdentityColumn, counts: _Counts) -> IdentityColumn | None:
    """Returns how a useless column should be declared, if all its values are digests of one other kind.

    In a column of advertising IDs, 32 digits may as well be IDs without their hyphens.
    """
    for hash_format, found in counts.digests.most_common(1):
        is_sure = used.identifier is Identifier.EMAIL or hash_format is not ValueFormat.MD5
        if found == counts.rows and hash_format is not used.format and is_sure:
            return IdentityColumn(used.column, used.identifier, hash_format)
    return None


def _is_a_value(column: str) -> bool:
    """Whether a column's name is an identifier itself, which must not be shown."""
    return "@" in column or looks_hashed(strip_blanks(column)) or UUID.fullmatch(strip_blanks(column)) is not None
