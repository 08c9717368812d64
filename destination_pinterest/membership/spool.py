"""The spool: the rows of an epoch in order, encrypted and inserted into DuckDB in batches.

A row costs one append, and no SQL statement of its own. Until its batch is full, its identifier waits in memory as it
is, as it does before it is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import is_
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InternalError
from destination_pinterest.membership.key_values import KeyForm, key_form
from destination_pinterest.membership.keys import KIND_BITS, TAG_BYTES, AudienceKeys, Kind
from destination_pinterest.membership.manifest import Manifest
from destination_pinterest.membership.says import OBJECTION_COLUMN, OBJECTION_KIND, Says
from destination_pinterest.membership.sealing import BatchSeals
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.membership.spooled_rows import SpooledRows
from destination_pinterest.membership.workspace import Workspace, as_columns
from destination_pinterest.vocabulary import ColumnType, Operation

_SEALED: Final = ("t1", "t2", "c1", "c2", "c3", "c4")
_ROW_BIT: Final = 32
_META_BYTES: Final = 8
_NO_HOLDER: Final = bytes(TAG_BYTES)
# `meta` is the row's number in the upper half, then 16 bits of stream number, 8 of what it says, 8 of stored kind.
_SAYS_BITS: Final = 8
_HOLDS: Final = Says.HOLDS << _SAYS_BITS
_OBJECTS: Final = Says.OBJECTS << _SAYS_BITS
_KEEPS: Final = Says.KEEPS << _SAYS_BITS
# A column with a greater number has none: the stored kind has no room for it, or means an objection by it.
_MOST_COLUMNS: Final = OBJECTION_COLUMN - 1
_ALL_BITS: Final = (1 << 8 * TAG_BYTES) - 1
_NO_COLUMN: Final = 0
# Used as the stream number when identifiers are removed from all streams.
EVERYWHERE: Final = (1 << 16) - 1
HOLDER: Final = "stream, h1, h2"
# The holders as version 0.1.0 digested them.
FORMER_HOLDERS: Final = "SELECT stream, f1 AS h1, f2 AS h2 FROM former"
_FORMER_WORDS: Final = ("stream", "f1", "f2", "h1", "h2")
_SELECT: Final = (
    "SELECT meta >> 32, (meta >> 16) & 65535, (meta >> 8) & 255, meta & 255, "
    "h1, h2, t1, t2, c1, c2, c3, c4, {long} FROM batch"
)


class Spool:
    """Records rows in the table `spool`, until `clear`.

    Its columns: `row` counts rows; `stream` is an index into `streams`, or EVERYWHERE; `says` is what the row says of
    its identifiers, see says.py; `h1`, `h2` is the holder: the row, or the identifier itself if the row has no key (but
    an objection that lasts has one of its own); `t1`, `t2` is the tag and `c1` to `c4` or `long` the body of the
    encrypted identifier; `kind` is its Kind and, above KIND_BITS, the number of its column, 0 if that is not known.

    The table `former` has, for holders that version 0.1.0 digested differently, that digest as `f1`, `f2`.

    Args:
        workspace: where the tables are.
        keys: the keys of the audience.
        manifest: the ledger's; it numbers streams and columns.
        sizes: see Sizes.
    """

    def __init__(self, workspace: Workspace, keys: AudienceKeys, manifest: Manifest, sizes: Sizes) -> None:
        self._workspace = workspace
        self._rows = SpooledRows(workspace, sizes.in_memory)
        self._sizes = sizes
        self._keys = keys
        self._numbers = {name: number for number, name in enumerate(manifest.streams)}
        self._column_numbers = {digest: number for number, digest in enumerate(manifest.columns, start=1)}
        self._column_bits: dict[str, int] = {}
        self._key_forms: dict[str, KeyForm] = {}
        self._has_former_keys = manifest.has_former_keys
        self._seals = BatchSeals(keys)
        # Of each record its meta, holder (None: the identifier is its own) and identifier (None: there is none).
        self._metas = bytearray()
        self._holders: list[bytes | None] = []
        self._identifiers: list[str | None] = []
        self._former = bytearray()
        self._row = 0
        self.unresolvable = 0
        self.has_unchanged = False
        self.clear()

    @property
    def streams(self) -> tuple[str, ...]:
        """The names behind the stream numbers: those given at first and those recorded since."""
        return tuple(self._numbers)

    @property
    def columns(self) -> tuple[str, ...]:
        """The digests behind the column numbers: those given at first and those recorded since."""
        return tuple(self._column_numbers)

    def describe_key(self, stream: str, types: Sequence[ColumnType]) -> None:
        """See MembershipLedger.describe_key."""
        self._key_forms[stream] = key_form(types)

    def numbers_of(self, columns: Collection[str]) -> dict[int, str]:
        """See MembershipLedger.column_numbers."""
        numbers = {self._bits_of(column) >> KIND_BITS: column for column in columns}
        numbers.pop(_NO_COLUMN, None)
        return numbers

    def number_of(self, stream: str) -> int:
        """Returns the number of a stream."""
        number = self._numbers.setdefault(stream, len(self._numbers))
        if number >= self._sizes.streams:
            raise InternalError(
                Code.TOO_MANY_STREAMS,
                f"More than {self._sizes.streams} streams were written to one audience. Give some of them an audience "
                "of their own.",
            )
        return number

    def record(
        self,
        stream: str,
        key: Sequence[Any] | None,
        operation: Operation,
        identifiers: Sequence[str],
        columns: Sequence[str] = (),
    ) -> None:
        """See MembershipLedger.record."""
        number = self._numbers.get(stream)
        if number is None:
            number = self.number_of(stream)
        self._row += 1
        meta = (self._row << 32) | (number << 16) | (_HOLDS if operation is Operation.ADD else 0)
        holder = None if key is None else self._holder(stream, key)
        if identifiers:
            self._append(meta, holder, identifiers, columns)
        elif holder is not None:
            self._append_bare(meta | Kind.NOBODY, holder)
        elif operation is Operation.REMOVE:
            self.unresolvable += 1

    def record_all(
        self,
        stream: str,
        keys: Sequence[Sequence[Any]],
        operation: Operation,
        identifiers: Sequence[str],
        column: str,
    ) -> None:
        """See MembershipLedger.record_all."""
        bits = self._bits_of(column) if column else 0
        meta = (self.number_of(stream) << 16) | (_HOLDS if operation is Operation.ADD else 0) | bits
        rows = np.arange(self._row + 1, self._row + 1 + len(keys), dtype="<u8") << _ROW_BIT
        self._row += len(keys)
        self._metas += (rows | meta).tobytes()
        self._holders += self._holders_of(stream, keys)
        self._identifiers += identifiers
        self._flush_full()

    def record_partly(
        self,
        stream: str,
        key: Sequence[Any],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        """See MembershipLedger.record_partly."""
        self._row += 1
        meta = (self._row << 32) | (self.number_of(stream) << 16) | _HOLDS
        holder = self._holder(stream, key)
        self._append(meta, holder, identifiers, columns)
        self._mark_unchanged(meta, holder, unchanged)

    def record_kept(self, stream: str, key: Sequence[Any], unchanged: Sequence[str]) -> None:
        """See MembershipLedger.record_kept."""
        self._row += 1
        meta = (self._row << 32) | (self.number_of(stream) << 16) | _KEEPS
        self._mark_unchanged(meta, self._holder(stream, key), unchanged)

    def object_to(
        self,
        stream: str,
        key: Sequence[Any] | None,
        identifiers: Sequence[str],
        unchanged: Sequence[str] = (),
        *,
        lasts: bool = False,
    ) -> None:
        """See MembershipLedger.object_to."""
        self._row += 1
        meta = (self._row << 32) | (self.number_of(stream) << 16) | _OBJECTS
        if key is not None:
            holder = self._holder(stream, key)
            self._append(meta | OBJECTION_KIND, holder, identifiers, ())
            self._mark_unchanged(meta, holder, unchanged)
            if not identifiers and not unchanged:
                self._append_bare(meta | Kind.NOBODY, holder)
            return
        for identifier in identifiers if lasts else ():
            _, sealed = self._keys.seal(identifier)
            tag = int.from_bytes(sealed[:TAG_BYTES], "little") ^ _ALL_BITS
            self._append(meta | OBJECTION_KIND, tag.to_bytes(TAG_BYTES, "little"), (identifier,), ())
        if not lasts:
            self._append(meta | OBJECTION_KIND, None, identifiers, ())

    def _mark_unchanged(self, meta: int, holder: bytes, unchanged: Sequence[str]) -> None:
        for column in unchanged:
            self._append_bare(meta | Kind.UNCHANGED | self._bits_of(column), holder)
            self.has_unchanged = True

    def remove_everywhere(self, identifiers: Sequence[str]) -> None:
        """See MembershipLedger.remove_everywhere."""
        self._row += 1
        self._append((self._row << 32) | (EVERYWHERE << 16), None, identifiers, ())

    def flush(self) -> None:
        """Inserts the recorded rows into the table."""
        self._insert()
        self._rows.settle()

    def _insert(self) -> None:
        if self._former:
            former = as_columns(bytes(self._former), _FORMER_WORDS)
            self._workspace.insert("INSERT INTO former SELECT DISTINCT * FROM batch", former)
            self._former = bytearray()
        if not self._metas:
            return
        sealed = self._seals.seal(self._identifiers)
        words = sealed.words
        # Bytes alone are compared here, so a batch takes a few calls and not a few for each row.
        holders = words[:, :2]
        if None not in self._holders:
            holders = np.frombuffer(b"".join(cast("list[bytes]", self._holders)), dtype="<u8").reshape(-1, 2)
        elif any(holder is not None for holder in self._holders):
            has_none = np.array([holder is None for holder in self._holders])
            given = np.frombuffer(b"".join([holder or _NO_HOLDER for holder in self._holders]), dtype="<u8")
            holders = np.where(has_none[:, None], holders, given.reshape(-1, 2))
        batch: dict[str, npt.NDArray[Any]] = {
            "meta": np.frombuffer(bytes(self._metas), dtype="<u8") | sealed.kinds,
            **{name: np.ascontiguousarray(holders[:, at]) for at, name in enumerate(("h1", "h2"))},
            **{name: np.ascontiguousarray(words[:, at]) for at, name in enumerate(_SEALED)},
        }
        if sealed.long:
            bodies = np.full(len(words), None, dtype=object)
            for at, body in sealed.long.items():
                bodies[at] = body
            self._rows.insert(_SELECT.format(long="long"), {**batch, "long": bodies})
        else:
            self._rows.insert(_SELECT.format(long="NULL"), batch)
        self._forget_batch()

    def _forget_batch(self) -> None:
        self._metas = bytearray()
        self._holders = []
        self._identifiers = []

    def _flush_full(self) -> None:
        if len(self._identifiers) >= self._sizes.batch:
            self._insert()

    def clear(self) -> None:
        """Forgets every row."""
        self._forget_batch()
        self._former = bytearray()
        self._row = 0
        self.unresolvable = 0
        self.has_unchanged = False
        self._workspace.execute(
            "CREATE OR REPLACE TABLE former (stream USMALLINT, f1 UBIGINT, f2 UBIGINT, h1 UBIGINT, h2 UBIGINT)"
        )
        self._rows.clear()

    def _holder(self, stream: str, key: Sequence[Any]) -> bytes:
        form = self._key_forms.get(stream)
        if form is None:
            form = self._key_forms[stream] = key_form((ColumnType.ANY,) * len(key))
        values = form(key)
        holder = self._keys.row_key(stream, values)
        if values is not key and self._has_former_keys:
            former = self._keys.row_key(stream, key)
            if former != holder:
                self._former += self._numbers[stream].to_bytes(8, "little") + former + holder
        return holder

    def _holders_of(self, stream: str, keys: Sequence[Sequence[Any]]) -> list[bytes]:
        form = self._key_forms.get(stream)
        if form is None:
            form = self._key_forms[stream] = key_form((ColumnType.ANY,) * len(keys[0]))
        if all(map(is_, map(form, keys), keys)):
            return self._keys.row_keys(stream, keys)
        return [self._holder(stream, key) for key in keys]

    def _bits_of(self, column: str) -> int:
        """Returns a column's number, in its place above the kind."""
        bits = self._column_bits.get(column)
        if bits is None:
            digest = self._keys.column_digest(column)
            number = self._column_numbers.get(digest, len(self._column_numbers) + 1)
            if number > _MOST_COLUMNS:
                number = _NO_COLUMN
            else:
                self._column_numbers[digest] = number
            bits = self._column_bits[column] = number << KIND_BITS
        return bits

    def _append(self, meta: int, holder: bytes | None, identifiers: Sequence[str], columns: Sequence[str]) -> None:
        """Appends a row's identifiers. `columns`: of each identifier, which then are distinct; "" where not known."""
        each_once = identifiers if columns or len(identifiers) == 1 else dict.fromkeys(identifiers)
        for place, identifier in enumerate(each_once):
            bits = 0
            if columns and (column := columns[place]):
                bits = self._column_bits.get(column) or self._bits_of(column)
            self._metas += (meta | bits).to_bytes(_META_BYTES, "little")
            self._holders.append(holder)
            self._identifiers.append(identifier)
        self._flush_full()

    def _append_bare(self, meta: int, holder: bytes) -> None:
        self._metas += meta.to_bytes(_META_BYTES, "little")
        self._holders.append(holder)
        self._identifiers.append(None)
        self._flush_full()
