"""Maps the rows of Arrow batches to what may leave the executors: digests, and counts of what is rejected.

It runs on the executors, which import this module and what it imports, and nothing else of the project. Rows become
keys, so that the cluster drops duplicates and adds up counts by one aggregation: the same key is the same row. A key is
the JSON of a row's identifiers, one column after the other, or the key of a count. Counts travel with the rows rather
than in accumulators, since Spark counts a task that it repeats twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pyarrow as pa

from destination_pinterest.identity.identifiers import IDENTIFIERS
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.identity.row_field import TAGS
from destination_pinterest.vocabulary import TAG, LetterCase, ValueFormat
from pinterest_audiences.json_values import jsonable

KEY: Final = "key"
ROWS: Final = "rows"
SCHEMA: Final = f"{KEY} string, {ROWS} bigint"
_ARROW_SCHEMA: Final = pa.schema([(KEY, pa.string()), (ROWS, pa.int64())])

# What the key of an identifier, or of a count, begins with; that of a row is JSON, so a quotation mark or a bracket.
IDENTIFIER: Final = "i"
READ: Final = "n"
REJECTED: Final = "r"
REFUSED: Final = "v"
SEPARATOR: Final = "\t"
_BEGINS_ROW: Final = ('"', "[")

_ENCODE: Final = msgspec.json.Encoder(decimal_format="number").encode
_DECODE: Final = msgspec.json.Decoder().decode
_HASHES: Final = frozenset({ValueFormat.SHA1, ValueFormat.MD5})


@dataclass(frozen=True, slots=True)
class RowMapping:
    """Maps batches that have the identity columns in order; for `mapInArrow`.

    With `by_identifier`, each identifier has a key of its own, which says its kind too.
    """

    columns: tuple[IdentityColumn, ...]
    maid_case: LetterCase
    by_identifier: bool = False

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yields the keys of each batch, with the number of rows that have them."""
        keys_of = self._one_column() if len(self.columns) == 1 else self._several_columns()
        for batch in batches:
            found = keys_of([column.to_pylist() for column in batch.columns])
            found[READ] += batch.num_rows
            counts = pa.array(list(found.values()), pa.int64())
            yield pa.RecordBatch.from_arrays([pa.array(list(found), pa.string()), counts], schema=_ARROW_SCHEMA)

    def _one_column(self) -> Callable[[Sequence[list[Any]]], Counter[str]]:
        mapper = IdentityMapper(self.columns, maid_case=self.maid_case)
        keys = self._keys()

        def keys_of(values: Sequence[list[Any]]) -> Counter[str]:
            identifiers, others = mapper.map_column(map(_as_decoded, values[0]))
            found = Counter({key: rows for each, rows in Counter(identifiers).items() for key in keys([(each,)])})
            for row in others:
                if row.identifiers:
                    found.update(keys([row.identifiers]))
                    found.update(_count(REFUSED, rejection) for rejection in row.rejections)
                else:
                    found[_count(REJECTED, row.rejections[0])] += 1
            return found

        return keys_of

    def _several_columns(self) -> Callable[[Sequence[list[Any]]], Counter[str]]:
        maps = [IdentityMapper((column,), maid_case=self.maid_case).map for column in self.columns]
        keys = self._keys()

        def keys_of(values: Sequence[list[Any]]) -> Counter[str]:
            found: Counter[str] = Counter()
            for row in zip(*values, strict=True):
                mapped = [each((_as_decoded(value),)) for each, value in zip(maps, row, strict=True)]
                refused = [
                    rejection
                    for each in mapped
                    for rejection in each.rejections
                    if rejection.reason is not RejectionReason.NO_IDENTITY
                ]
                if any(each.identifiers for each in mapped):
                    found.update(keys([each.identifiers for each in mapped]))
                    found.update(_count(REFUSED, rejection) for rejection in refused)
                else:
                    found[_count(REJECTED, refused[0] if refused else _NO_IDENTITY)] += 1
            return found

        return keys_of

    def _keys(self) -> Callable[[Sequence[tuple[str, ...]]], Iterable[str]]:
        """Returns what gives the keys of a row, of which these identifiers were found in each column."""
        kinds = [kind_of(column) for column in self.columns]
        bares = [without_tag if column.identifier in TAGS else _as_it_is for column in self.columns]

        def by_identifier(found: Sequence[tuple[str, ...]]) -> Iterable[str]:
            return [
                identifier_key(kind, each)
                for kind, identifiers in zip(kinds, found, strict=True)
                for each in identifiers
            ]

        def by_row(found: Sequence[tuple[str, ...]]) -> Iterable[str]:
            cells = [_cell(tuple(map(bare, identifiers))) for bare, identifiers in zip(bares, found, strict=True)]
            return (_ENCODE(cells[0] if len(cells) == 1 else cells).decode(),)

        return by_identifier if self.by_identifier else by_row


_NO_IDENTITY: Final = Rejection(None, None, RejectionReason.NO_IDENTITY)


def fed_format(column: IdentityColumn) -> ValueFormat:
    """Returns the format in which a column's identifiers are after the mapping, for the connector's settings."""
    if ValueFormat.SHA256 not in IDENTIFIERS[column.identifier].formats:
        return ValueFormat.AUTO
    return column.format if column.format in _HASHES else ValueFormat.SHA256


def kind_of(column: IdentityColumn) -> str:
    """Returns the kind of a column's identifiers after the mapping, as it is written down: `EMAIL/sha256`."""
    return f"{column.identifier.value}/{fed_format(column).value}"


def identifier_key(kind: str, identifier: str) -> str:
    """Returns the key of an identifier as it is named inside the process: one that needs `records_v2` has its tag."""
    return SEPARATOR.join((IDENTIFIER, kind, identifier))


def without_tag(identifier: str) -> str:
    """Returns an identifier as a column would have it."""
    return identifier[len(TAG) + 1 :] if identifier.startswith(TAG) else identifier


def is_row(key: str) -> bool:
    """Whether a key is that of a row, not of a count."""
    return key.startswith(_BEGINS_ROW)


def count_of(key: str) -> tuple[str, str | None, RejectionReason]:
    """Returns which count of rejections a key is of: its sort, the column, the reason."""
    sort, column, reason = key.split(SEPARATOR)
    return sort, column or None, RejectionReason(reason)


def _count(sort: str, rejection: Rejection) -> str:
    # A column with a tab or a line break in its name is refused before.
    return SEPARATOR.join((sort, rejection.column or "", rejection.reason.value))


def _cell(identifiers: tuple[str, ...]) -> str | list[str] | None:
    if not identifiers:
        return None
    return identifiers[0] if len(identifiers) == 1 else sorted(identifiers)


def _as_it_is(identifier: str) -> str:
    return identifier


def _as_decoded(value: Any) -> Any:
    """Returns a value as the connector would read it from a message."""
    if value is None or type(value) is str or type(value) is int or type(value) is bool:
        return value
    return _DECODE(_ENCODE(jsonable(value)))
