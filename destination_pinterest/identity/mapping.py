"""Maps a row's values to the identifiers that are sent and the rejections that are counted.

A bad value is never an exception, and its content does not leave this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IdentityColumnsError
from destination_pinterest.identity.cell import take_apart
from destination_pinterest.identity.digest import BulkConversion, Conversion
from destination_pinterest.identity.identifiers import IDENTIFIERS
from destination_pinterest.identity.placeholder import is_placeholder
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat


class IdentityColumn(msgspec.Struct, frozen=True):
    """A column that identifies people: the kind of identifier, and how its values are written.

    `country` is the one whose phone numbers need no country code; "" if there is none.
    """

    column: str
    identifier: Identifier
    format: ValueFormat = ValueFormat.AUTO
    country: str = ""


class MappedRow(msgspec.Struct, frozen=True, gc=False):
    """The result of mapping a row.

    `identifiers` are as sent to Pinterest (lower-case hexadecimal digests, or IDs as given), each once, in order; those
    that only `records_v2` can carry are tagged with their kind (row_field.py). A row without any is rejected, for the
    reasons in `rejections`; a row with some may have rejections too, one for each refused value.
    """

    identifiers: tuple[str, ...]
    rejections: tuple[Rejection, ...]

    def __repr__(self) -> str:
        # Digests identify people, so they are counted, not shown.
        return f"MappedRow(identifiers=<{len(self.identifiers)} hidden>, rejections={self.rejections!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        # msgspec's own shows all fields, and rich would print them.
        return [("identifiers", f"<{len(self.identifiers)} hidden>"), ("rejections", self.rejections)]


RowMapping = Callable[[Sequence[object]], MappedRow]
Cell = str | MappedRow | None
"""What a value is mapped to: an identifier; nothing; or more than that."""


class MappedRows(NamedTuple):
    """The result of mapping rows in bulk.

    `cells` are those of each column; `rows` has each row's identifiers, in order, one perhaps twice. A row that has
    none, or refused values, is in `odd` by its number instead, and what `rows` has in its place means nothing.
    """

    cells: Sequence[Sequence[Cell]]
    rows: Sequence[tuple[str, ...]]
    odd: Mapping[int, MappedRow]


_ONLY_TEXTS = frozenset({str})
_NO_REJECTIONS: tuple[Rejection, ...] = ()
_NO_IDENTITY = MappedRow((), (Rejection(None, None, RejectionReason.NO_IDENTITY),))


class IdentityMapper:
    """Maps rows of one stream. Keeps no state between rows, so any thread may use it.

    `map` takes a row's values in the order of `columns`, as decoded from JSON (None for null or missing), and returns
    its MappedRow. Each element of an array counts, and each value in a text that has several; null, blank text and an
    empty array are ignored. It never raises.

    Raises: IdentityColumnsError if the columns are not valid (see check_columns).
    """

    __slots__ = ("_only_reader", "_readers", "columns", "map")

    def __init__(self, columns: Sequence[IdentityColumn], *, maid_case: LetterCase = LetterCase.LOWER) -> None:
        check_columns(columns)
        self.columns = tuple(columns)
        readers = tuple(_ColumnReader(column, maid_case) for column in columns)
        # An attribute instead of a method: at a million rows a second, a call less matters.
        self.map: RowMapping = _map_one_column(readers[0]) if len(readers) == 1 else _map_columns(readers)
        self._readers = readers
        self._only_reader = readers[0] if len(readers) == 1 else None

    def map_column(self, values: Iterable[object]) -> tuple[list[str], list[MappedRow]]:
        """Maps the rows of a stream with one identity column in bulk, each given as its value in that column.

        Returns the identifiers of rows whose value is a text that gave one, and all other rows, each group in order.
        The result is the same as with `map` row by row, at about half the cost.

        Raises: ValueError if the stream has several identity columns.
        """
        if self._only_reader is None:
            raise ValueError("A stream with several identity columns is mapped row by row.")
        cells = self._only_reader.cells(list(values))
        if _ONLY_TEXTS.issuperset(map(type, cells)):
            return cast("list[str]", cells), []
        others = [_NO_IDENTITY if cell is None else cell for cell in cells if not isinstance(cell, str)]
        return [cell for cell in cells if isinstance(cell, str)], others

    def map_cells(self, values: list[object]) -> list[Cell]:
        """Maps rows in bulk as `map_columns` does, and returns the cells of their only identity column.

        Raises: ValueError if the stream has several identity columns.
        """
        if self._only_reader is None:
            raise ValueError("A stream with several identity columns has no only one.")
        return self._only_reader.cells(values)

    def map_columns(self, columns: Sequence[list[object]]) -> MappedRows:
        """Maps rows in bulk, given as the values of each column, in order. The same as with `map` row by row."""
        cells = [reader.cells(values) for reader, values in zip(self._readers, columns, strict=True)]
        odd = {at for column in cells for at, cell in enumerate(column) if type(cell) is MappedRow}
        rows: list[tuple[Any, ...]]
        if len(cells) == 1:
            rows = list(zip(cells[0], strict=True))
            odd.update(at for at, cell in enumerate(cells[0]) if cell is None)
        else:
            rows = [tuple(filter(None, row)) for row in zip(*cells, strict=True)]
            if not all(rows):
                odd.update(at for at, row in enumerate(rows) if not row)
        return MappedRows(cells, rows, {at: _joined(rows[at]) for at in sorted(odd)})


def gives_any(cell: Cell) -> bool:
    """Whether a cell has an identifier."""
    return cell is not None and (type(cell) is str or bool(cell.identifiers))  # type: ignore[union-attr]


def _joined(cells: Iterable[Cell]) -> MappedRow:
    """Returns the result for a row of such cells."""
    identifiers: dict[str, None] = {}
    rejections: list[Rejection] = []
    for cell in cells:
        if isinstance(cell, MappedRow):
            identifiers.update(dict.fromkeys(cell.identifiers))
            rejections += cell.rejections
        elif cell is not None:
            identifiers[cell] = None
    if not identifiers and not rejections:
        return _NO_IDENTITY
    return MappedRow(tuple(identifiers), tuple(rejections))


def check_columns(columns: Sequence[IdentityColumn]) -> None:
    """Refuses identity columns that can't be read as declared.

    Raises: IdentityColumnsError if there is none, one has no name, one is named twice, or one has a format that its
        kind of identifier does not have.
    """
    if not columns:
        raise IdentityColumnsError(
            Code.IDENTITY_COLUMN_MISDECLARED,
            "No identity column is given. Name at least one column of identifiers, such as an e-mail column.",
        )
    seen: set[str] = set()
    for column in columns:
        if not column.column.strip():
            raise IdentityColumnsError(
                Code.IDENTITY_COLUMN_MISDECLARED,
                f"An identity column for {column.identifier} has no name. Enter the column's name or remove the entry.",
            )
        if column.column in seen:
            raise IdentityColumnsError(
                Code.IDENTITY_COLUMN_MISDECLARED,
                f"The identity column {column.column!r} is given twice. Keep one entry: a column holds one kind of "
                f"identifier (advertising IDs of Android and iOS together are {Identifier.MAID}).",
            )
        seen.add(column.column)
        formats = IDENTIFIERS[column.identifier].formats
        if column.format not in formats:
            raise IdentityColumnsError(
                Code.IDENTITY_FORMAT_UNKNOWN,
                f"The identity column {column.column!r} is declared as {column.identifier} in the format "
                f"{column.format}, which does not exist. Choose {' or '.join(formats)}.",
            )


class _ColumnReader:
    """Reads the values of one column; its rejections are built once and shared by all rows."""

    __slots__ = ("_rejected_rows", "_rejections", "_takes_apart", "_takes_integers", "convert", "convert_in_bulk")

    def __init__(self, column: IdentityColumn, maid_case: LetterCase) -> None:
        rule = IDENTIFIERS[column.identifier]
        self.convert: Conversion = rule.conversion(column.format, maid_case, column.country)
        self.convert_in_bulk: BulkConversion = rule.bulk_conversion(column.format, maid_case)
        self._rejections = {reason: Rejection(column.column, column.identifier, reason) for reason in RejectionReason}
        # IDs that are sent as given may have any sign in them.
        self._takes_apart = rule.may_be_hashed
        self._takes_integers = rule.takes_integers
        # For each reason, the result for a row whose only value is refused for it.
        self._rejected_rows = {reason: MappedRow((), (rejection,)) for reason, rejection in self._rejections.items()}

    def read(self, value: object, identifiers: list[str], rejections: list[Rejection]) -> None:
        """Adds the result for a value, or for each element of an array or of a text that has several values."""
        if isinstance(value, str):
            outcome = self.convert(value)
            if type(outcome) is RejectionReason:  # for an enumeration, isinstance would take twice as long
                self._read_apart(value, outcome, identifiers, rejections)
            elif outcome is not None:
                identifiers.append(outcome)
        elif isinstance(value, list):
            for element in value:
                if isinstance(element, list):
                    rejections.append(self._rejections[RejectionReason.NOT_TEXT])
                else:
                    self.read(element, identifiers, rejections)
        elif type(value) is int and self._takes_integers:  # True and False are of another type.
            self.read(str(value), identifiers, rejections)
        elif value is not None:
            rejections.append(self._rejections[RejectionReason.NOT_TEXT])

    def cells(self, values: list[object]) -> list[Cell]:
        """Returns what each of many values is mapped to."""
        if _ONLY_TEXTS.issuperset(map(type, values)):
            cells = cast("list[Cell]", self.convert_in_bulk(cast("list[str]", values)))
        else:  # Many columns are empty in most rows, and to convert what is empty takes time as well.
            converted = iter(self.convert_in_bulk([value for value in values if type(value) is str]))
            cells = [next(converted) if type(value) is str else None for value in values]
        if all(cells):  # Nearly every chunk: each is an identifier.
            return cells
        for at in [at for at, cell in enumerate(cells) if cell is None]:
            if (value := values[at]) is not None:
                cells[at] = self._cell(value)
        return cells

    def _cell(self, value: object) -> Cell:
        identifiers: list[str] = []
        rejections: list[Rejection] = []
        if type(value) is str:
            outcome = self.convert(value)
            if type(outcome) is not RejectionReason:
                return outcome
            self._read_apart(value, outcome, identifiers, rejections)
        else:
            self.read(value, identifiers, rejections)
        if not identifiers and len(rejections) < 2:
            return self._rejected_rows[rejections[0].reason] if rejections else None
        return MappedRow(tuple(dict.fromkeys(identifiers)), tuple(rejections))

    def refused(self, value: str, reason: RejectionReason) -> MappedRow:
        """Returns the result for a row whose only value is refused as it is, but may have usable values in it."""
        identifiers: list[str] = []
        rejections: list[Rejection] = []
        self._read_apart(value, reason, identifiers, rejections)
        if not identifiers and len(rejections) < 2:
            return self._rejected_rows[rejections[0].reason] if rejections else _NO_IDENTITY
        return MappedRow(tuple(dict.fromkeys(identifiers)), tuple(rejections))

    def _read_apart(
        self, value: str, reason: RejectionReason, identifiers: list[str], rejections: list[Rejection]
    ) -> None:
        """Adds the results for the values in a text that is refused as it is."""
        values = take_apart(value) if self._takes_apart else None
        if values is None:
            rejections.append(self._rejections[_reason(reason, value)])
            return
        for each in values:
            if each is None:
                continue
            if not isinstance(each, str):
                rejections.append(self._rejections[RejectionReason.NOT_TEXT])
                continue
            outcome = self.convert(each)
            if isinstance(outcome, RejectionReason):
                rejections.append(self._rejections[_reason(outcome, each)])
            elif outcome is not None:
                identifiers.append(outcome)


def _reason(refused_as: RejectionReason, value: str) -> RejectionReason:
    """Returns why a value is refused. Every kind refuses a change log's placeholder, so it is looked for only here."""
    return RejectionReason.VALUE_UNCHANGED if is_placeholder(value) else refused_as


def _map_columns(readers: tuple[_ColumnReader, ...]) -> RowMapping:
    reads = tuple((position, reader.read) for position, reader in enumerate(readers))

    def map_row(values: Sequence[object]) -> MappedRow:
        identifiers: list[str] = []
        rejections: list[Rejection] = []
        for position, read in reads:
            read(values[position], identifiers, rejections)
        if len(identifiers) > 1:
            identifiers = list(dict.fromkeys(identifiers))
        elif not identifiers and not rejections:
            return _NO_IDENTITY
        return MappedRow(tuple(identifiers), tuple(rejections) if rejections else _NO_REJECTIONS)

    return map_row


def _map_one_column(reader: _ColumnReader) -> RowMapping:
    """Returns the same as `_map_columns`, faster, for the most frequent case: one column with one text."""
    convert = reader.convert
    refused = reader.refused
    map_row_in_full = _map_columns((reader,))

    def map_row(values: Sequence[object]) -> MappedRow:
        value = values[0]
        if not isinstance(value, str):
            return _NO_IDENTITY if value is None else map_row_in_full(values)
        outcome = convert(value)
        if outcome is None:
            return _NO_IDENTITY
        if type(outcome) is RejectionReason:
            return refused(value, outcome)
        return MappedRow((outcome,), _NO_REJECTIONS)

    return map_row
