"""The spool: the rows of an epoch in order, encrypted at once and inserted into DuckDB in batches.

A row costs one encryption and one append, and no SQL statement of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InternalError
from destination_pinterest.membership.keys import BODY_BYTES, TAG_BYTES, AudienceKeys, Kind
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.membership.workspace import Workspace, as_columns
from destination_pinterest.vocabulary import Operation

_WORDS: Final = ("meta", "h1", "h2", "t1", "t2", "c1", "c2", "c3", "c4")
_RECORD_BYTES: Final = 8 * len(_WORDS)
_NO_BODY: Final = bytes(BODY_BYTES)
_NO_IDENTIFIER: Final = bytes(TAG_BYTES + BODY_BYTES)
# `meta` is the row's number in the upper half, then 16 bits of stream number, 8 of whether it holds, 8 of kind.
_HOLDS: Final = 1 << 8
# Used as the stream number when identifiers are removed from all streams.
EVERYWHERE: Final = (1 << 16) - 1
_INSERT: Final = (
    "INSERT INTO spool SELECT meta >> 32, (meta >> 16) & 65535, ((meta >> 8) & 1) = 1, meta & 255, "
    "h1, h2, t1, t2, c1, c2, c3, c4, {long} FROM batch"
)


class Spool:
    """Records rows in the table `spool`, until `clear`.

    Its columns: `row` counts rows; `stream` is an index into `streams`, or EVERYWHERE; `holds` is whether the row adds
    its identifiers; `h1`, `h2` is the holder: the row, or the identifier itself if the row has no key; `t1`, `t2` is
    the tag and `c1` to `c4` or `long` the body of the encrypted identifier.
    """

    def __init__(self, workspace: Workspace, keys: AudienceKeys, streams: Sequence[str], sizes: Sizes) -> None:
        self._workspace = workspace
        self._sizes = sizes
        self._keys = keys
        self._numbers = {name: number for number, name in enumerate(streams)}
        self._records = bytearray()
        self._long: dict[int, bytes] = {}
        self._row = 0
        self.unresolvable = 0
        self.clear()

    @property
    def streams(self) -> tuple[str, ...]:
        """The names behind the stream numbers: those given at first and those recorded since."""
        return tuple(self._numbers)

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

    def record(self, stream: str, key: Sequence[Any] | None, operation: Operation, identifiers: Sequence[str]) -> None:
        """See MembershipLedger.record."""
        number = self._numbers.get(stream)
        if number is None:
            number = self.number_of(stream)
        self._row += 1
        meta = (self._row << 32) | (number << 16) | (_HOLDS if operation is Operation.ADD else 0)
        holder = None if key is None else self._keys.row_key(stream, key)
        if identifiers:
            self._append(meta, holder, identifiers)
        else:
            self._append_bare_key(meta, holder, operation)

    def remove_everywhere(self, identifiers: Sequence[str]) -> None:
        """See MembershipLedger.remove_everywhere."""
        self._row += 1
        self._append((self._row << 32) | (EVERYWHERE << 16), None, identifiers)

    def flush(self) -> None:
        """Inserts the recorded rows into the table."""
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
        self._long = {}
        self._row = 0
        self.unresolvable = 0
        self._workspace.execute(
            "CREATE OR REPLACE TABLE spool (row UINTEGER, stream USMALLINT, holds BOOLEAN, kind UTINYINT, "
            "h1 UBIGINT, h2 UBIGINT, t1 UBIGINT, t2 UBIGINT, c1 UBIGINT, c2 UBIGINT, c3 UBIGINT, c4 UBIGINT, long BLOB)"
        )

    def _append(self, meta: int, holder: bytes | None, identifiers: Sequence[str]) -> None:
        records = self._records
        seal = self._keys.seal
        for identifier in identifiers if len(identifiers) == 1 else dict.fromkeys(identifiers):
            kind, sealed = seal(identifier)
            if kind == Kind.LONG:
                self._long[len(records) // _RECORD_BYTES] = sealed[TAG_BYTES:]
                sealed = sealed[:TAG_BYTES] + _NO_BODY
            records += (meta | kind).to_bytes(8, "little")
            records += holder or sealed[:TAG_BYTES]
            records += sealed
        if len(records) >= self._sizes.batch * _RECORD_BYTES:
            self.flush()

    def _append_bare_key(self, meta: int, holder: bytes | None, operation: Operation) -> None:
        if holder is not None:
            self._records += (meta | Kind.NOBODY).to_bytes(8, "little")
            self._records += holder
            self._records += _NO_IDENTIFIER
            if len(self._records) >= self._sizes.batch * _RECORD_BYTES:
                self.flush()
        elif operation is Operation.REMOVE:
            self.unresolvable += 1
