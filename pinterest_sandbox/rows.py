"""The people that `records_v2` describes: each row is one person, known by one identifier or by several.

A row with nothing but what `records` can carry as well (an address, a device ID, a pinner ID) is an ordinary member:
both forms mean the same person. Every other row is kept whole, as it was sent.

Source: models of API 5.28.0 (CustomerListRecordRow). What a removal with several fields does is not documented, and
therefore a setting: it takes out whoever has any of them, or only who has all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from pinterest_sandbox.entities import UserListOperation
from pinterest_sandbox.members import Member, as_member, matches, member_text

Removal = Literal["any", "all"]
Identifier = tuple[str, str]
Row = tuple[Identifier, ...]

# What a `records` string carries, which does not say which of them a value is.
_CARRIED_BY_RECORDS = ("email", "hashed_pinner_id", "maid")
# Shared by whole households and offices: alone they are nobody's.
_HINTS = frozenset({"ip_address", "user_agent"})
# Kinds of identifiers that are no digest, and mean somebody whatever they look like.
_FREE_FORM = frozenset({"external_id", "liveramp_envelope", "maid"})


@dataclass(frozen=True, slots=True)
class RowBatch:
    """One request's people in the order sent, and what a removal of them asks for."""

    rows: tuple[Row, ...]
    removal: Removal

    def __len__(self) -> int:
        """How many people."""
        return len(self.rows)

    def __repr__(self) -> str:
        return f"RowBatch(count={len(self.rows)})"

    @property
    def identifiers(self) -> int:
        """How many identifiers they have together."""
        return sum(map(len, self.rows))

    def first(self, count: int) -> RowBatch:
        """The first so many."""
        return RowBatch(self.rows[:count], self.removal)

    def encode(self) -> bytes:
        """The rows as JSON."""
        return msgspec.json.encode(self.rows)

    @classmethod
    def decode(cls, body: bytes, removal: Removal) -> RowBatch:
        """Read back what `encode` wrote."""
        return cls(msgspec.json.decode(body, type=tuple[Row, ...]), removal)


class Rows:
    """The people of one list who are not ordinary members."""

    def __init__(self) -> None:
        self._rows: dict[Row, None] = {}
        self._by_identifier: dict[Identifier, dict[Row, None]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def add(self, row: Row) -> None:
        """Add a person; the same row once more changes nothing."""
        self._rows[row] = None
        for identifier in row:
            self._by_identifier.setdefault(identifier, {})[row] = None

    def remove_who_has(self, identifier: Identifier) -> None:
        """Take out everybody with an identifier."""
        self._drop(tuple(self._by_identifier.get(identifier, ())))

    def remove_who_has_all(self, identifiers: Row) -> None:
        """Take out everybody with all of them."""
        self._drop(
            tuple(row for row in self._by_identifier.get(identifiers[0], ()) if all(one in row for one in identifiers))
        )

    def _drop(self, rows: Iterable[Row]) -> None:
        for row in rows:
            del self._rows[row]
            for identifier in row:
                of_identifier = self._by_identifier[identifier]
                del of_identifier[row]
                if not of_identifier:
                    del self._by_identifier[identifier]


def apply_rows(members: set[Member], rows: Rows, operation: UserListOperation, batch: RowBatch) -> None:
    """Apply one request in the form of `records_v2` to the people of a list."""
    change: Callable[[set[Member], Rows, Row], None]
    if operation == "ADD":
        change = _add
    elif batch.removal == "any":
        change = _remove_by_any
    else:
        change = _remove_by_all
    for row in batch.rows:
        change(members, rows, row)


def remove_by_records(rows: Rows, removed: Iterable[Member]) -> None:
    """Take out the rows that a `records` string means as well."""
    if not len(rows):
        return
    for member in removed:
        for field in _CARRIED_BY_RECORDS:
            rows.remove_who_has((field, member_text(member)))


def row_matches(row: Row, match_rate: float) -> bool:
    """Whether Pinterest would know this person by any of the identifiers."""
    return any(
        matches(as_member(value), "HASHED_PINNER_ID" if field in _FREE_FORM else "EMAIL", match_rate)
        for field, value in row
        if field not in _HINTS
    )


def _add(members: set[Member], rows: Rows, row: Row) -> None:
    (field, value), *others = row
    if not others and field in _CARRIED_BY_RECORDS and "," not in value:
        members.add(as_member(value))
    else:
        rows.add(row)


def _remove_by_any(members: set[Member], rows: Rows, row: Row) -> None:
    for field, value in row:
        if field in _HINTS:
            continue
        if field in _CARRIED_BY_RECORDS:
            members.discard(as_member(value))
        rows.remove_who_has((field, value))


def _remove_by_all(members: set[Member], rows: Rows, row: Row) -> None:
    if len(row) == 1:
        _remove_by_any(members, rows, row)
    else:
        rows.remove_who_has_all(row)
