"""The spool: the rows of an epoch in order, encrypted at once and inserted into DuckDB in batches.

A row costs one encryption and one append, and no SQL statement of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import numpy as np

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InternalError
from destination_pinterest.membership.key_values import KeyForm, key_form
from destination_pinterest.membership.keys import BODY_BYTES, KIND_BITS, TAG_BYTES, AudienceKeys, Kind
from destination_pinterest.membership.manifest import Manifest
from destination_pinterest.membership.says import OBJECTION_COLUMN, OBJECTION_KIND, Says
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.membership.workspace import Workspace, as_columns
from destination_pinterest.vocabulary import ColumnType, Operation

_WORDS: Final = ("meta", "h1", "h2", "t1", "t2", "c1", "c2", "c3", "c4")
_RECORD_BYTES: Final = 8 * len(_WORDS)
_SEALED_BYTES: Final = TAG_BYTES + BODY_BYTES
_NO_BODY: Final = bytes(BODY_BYTES)
_NO_IDENTIFIER: Final = bytes(TAG_BYTES + BODY_BYTES)
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
_INSERT: Final = (
    "INSERT INTO spool SELECT meta >> 32, (meta >> 16) & 65535, (meta >> 8) & 255, meta & 255, "
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
        self._sizes = sizes
        self._keys = keys
        self._numbers = {name: number for number, name in enumerate(manifest.streams)}
        self._column_numbers = {digest: number for number, digest in enumerate(manifest.columns, start=1)}
        self._column_bits: dict[str, int] = {}
        self._key_forms: dict[str, KeyForm] = {}
        self._has_former_keys = manifest.has_former_keys
        self._records = bytearray()
        self._former = bytearray()
        self._long: dict[int, bytes] = {}
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
        if self._former:
            former = as_columns(bytes(self._former), _FORMER_WORDS)
            self._workspace.insert("INSERT INTO former SELECT DISTINCT * FROM batch", former)
            self._former = bytearray()
        if not self._records:
            return
        batch = as_columns(bytes(self._records), _WORDS)
        if self._long:
            bodies = np.full(len(batch["meta"]), None, dtype=object)
            for at, body in self._long.items():
                bodies[at] = body
            self._workspace.insert(_INSERT.format(long="long"), {**batch, "long": bodies})
        else:
            self._workspace.insert(_INSERT.format(long="NULL"), batch)
        self._records = bytearray()
        self._long = {}

    def clear(self) -> None:
        """Forgets every row."""
        self._records = bytearray()
        self._former = bytearray()
        self._long = {}
        self._row = 0
        self.unresolvable = 0
        self.has_unchanged = False
        self._workspace.execute(
            "CREATE OR REPLACE TABLE former (stream USMALLINT, f1 UBIGINT, f2 UBIGINT, h1 UBIGINT, h2 UBIGINT)"
        )
        self._workspace.execute(
            "CREATE OR REPLACE TABLE spool (row UINTEGER, stream USMALLINT, says UTINYINT, kind UTINYINT, "
            "h1 UBIGINT, h2 UBIGINT, t1 UBIGINT, t2 UBIGINT, c1 UBIGINT, c2 UBIGINT, c3 UBIGINT, c4 UBIGINT, long BLOB)"
        )

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
        records = self._records
        seal = self._keys.seal
        each_once = identifiers if columns or len(identifiers) == 1 else dict.fromkeys(identifiers)
        place = 0
        for identifier in each_once:
            kind, sealed = seal(identifier)
            if len(sealed) > _SEALED_BYTES:
                self._long[len(records) // _RECORD_BYTES] = sealed[TAG_BYTES:]
                sealed = sealed[:TAG_BYTES] + _NO_BODY
            if columns:
                if column := columns[place]:
                    kind |= self._column_bits.get(column) or self._bits_of(column)
                place += 1
            records += (meta | kind).to_bytes(8, "little")
            records += holder or sealed[:TAG_BYTES]
            records += sealed
        if len(records) >= self._sizes.batch * _RECORD_BYTES:
            self.flush()

    def _append_bare(self, meta: int, holder: bytes) -> None:
        self._records += meta.to_bytes(8, "little")
        self._records += holder
        self._records += _NO_IDENTIFIER
        if len(self._records) >= self._sizes.batch * _RECORD_BYTES:
            self.flush()
