"""Counts what a sync takes in for one audience: how full the identity columns are, and how many members come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from destination_pinterest.audiences.drift import IdentityFill
from destination_pinterest.audiences.remembered import EXACT_UP_TO, Intake
from destination_pinterest.delivery.headcount import Headcount
from destination_pinterest.identity.mapping import Cell, IdentityColumn, IdentityMapper, MappedRow, gives_any
from destination_pinterest.vocabulary import Identifier, LetterCase

# Rows with several kinds of identifiers are mapped again, kind by kind, to see which they have: the first ones, then
# one in so many. A prime, since tables repeat themselves in round numbers.
ROWS_IN_FULL: Final = 2_000
ONE_IN: Final = 13


class StreamFill:
    """Counts the rows of one stream that join, and which kinds of identifiers they have.

    Args:
        columns: the stream's identity columns.
        maid_case: the case of advertising IDs.
    """

    def __init__(self, columns: Sequence[IdentityColumn], maid_case: LetterCase) -> None:
        by_kind: dict[Identifier, list[int]] = {}
        for position, column in enumerate(columns):
            by_kind.setdefault(column.identifier, []).append(position)
        self.rows = 0
        self.looked_at = 0
        self.filled: Counter[Identifier] = Counter()
        self._only_kind = columns[0].identifier if len(by_kind) == 1 else None
        self._kinds = [
            (kind, positions, IdentityMapper([columns[position] for position in positions], maid_case=maid_case).map)
            for kind, positions in by_kind.items()
            if self._only_kind is None
        ]

    def add_rows(self, rows: int, usable: int) -> None:
        """Counts rows of a stream with one kind of identifier."""
        self.rows += rows
        self.looked_at += rows
        if self._only_kind is not None:
            self.filled[self._only_kind] += usable

    def add_row(self, values: Sequence[Any], mapped: MappedRow) -> None:
        """Counts a row: the values of its identity columns, and what they were mapped to."""
        if self._only_kind is not None:
            self.add_rows(1, bool(mapped.identifiers))
            return
        self.rows += 1
        if self.rows > ROWS_IN_FULL and self.rows % ONE_IN:
            return
        self.looked_at += 1
        for kind, positions, to_identifiers in self._kinds:
            if to_identifiers([values[position] for position in positions]).identifiers:
                self.filled[kind] += 1

    def add_cells(self, cells: Sequence[Sequence[Cell]], usable: int) -> None:
        """Counts rows as `add_row` does one by one."""
        rows = len(cells[0])
        if self._only_kind is not None:
            self.add_rows(rows, usable)
            return
        first = self.rows + 1
        self.rows += rows
        in_full = min(max(ROWS_IN_FULL + 1 - first, 0), rows)
        looked_at = [*range(in_full), *range(in_full + -(first + in_full) % ONE_IN, rows, ONE_IN)]
        self.looked_at += len(looked_at)
        for kind, positions, _ in self._kinds:
            columns = [cells[position] for position in positions]
            self.filled[kind] += sum(any(gives_any(column[at]) for column in columns) for at in looked_at)


class IntakeCount:
    """Counts what one audience is sent.

    Args:
        kinds: the kinds of identifiers that its streams have.
        is_whole: whether the rows are whole passes over the tables.
        day: the date on which they are counted.
        most: how many are counted exactly; see `Headcount`.
    """

    def __init__(self, kinds: Iterable[Identifier], *, is_whole: bool, day: date, most: int = EXACT_UP_TO) -> None:
        self.headcount = Headcount(kinds, most)
        self._is_whole = is_whole
        self._is_rest = False
        self.day = day
        self._fills: list[StreamFill] = []
        self._has_rows_of_several = False

    def new_stream(self, columns: Sequence[IdentityColumn], maid_case: LetterCase) -> StreamFill:
        """Returns the counter of a further stream."""
        fill = StreamFill(columns, maid_case)
        self._fills.append(fill)
        self._has_rows_of_several |= len(columns) > 1
        return fill

    def take_rest(self) -> None:
        """Takes the rows for the rest of a table, of which an earlier attempt brought the most."""
        self._is_whole, self._is_rest = False, True

    @property
    def has_rows_of_several(self) -> bool:
        """Whether rows may have several identifiers: some stream has several identity columns."""
        return self._has_rows_of_several

    @property
    def intake(self) -> Intake:
        """What was taken in so far."""
        headcount = self.headcount
        return Intake(
            self._is_whole, self._fill(), headcount.members, headcount.people, self.day, is_rest=self._is_rest
        )

    def _fill(self) -> IdentityFill:
        rows = sum(fill.rows for fill in self._fills)
        filled: dict[Identifier, float] = {}
        for fill in self._fills:
            for kind, count in fill.filled.items():
                filled[kind] = filled.get(kind, 0.0) + count * fill.rows / fill.looked_at
        shares = {kind: count / rows for kind, count in filled.items() if count}
        return IdentityFill(rows, shares, sum(fill.looked_at for fill in self._fills))
