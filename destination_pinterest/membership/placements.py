"""Where one table's rows are: which row is in which of the audiences that a column names.

Each audience has a ledger of its own, and none of them knows that a row has moved to another. This index does: by keyed
digests of the rows' keys. It also names every audience that the column has ever named, so that one that no row names
any more is settled too, and its lease guards all of them together.

Removals must survive a crash at any point. So what the rows say is written ahead as a union: a row is then known to be
where it was and where it is going. Only once the audiences are settled is it forgotten where it was, and not in those
that failed. Too many placements cost a look into a ledger, and one that is missing would keep a person in an audience.
"""

# ruff: noqa: S608 - statements are built from this module's constants; data comes in files and batches.

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

import msgspec

from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.holdings import rows_of
from destination_pinterest.membership.key_values import KeyForm, key_form
from destination_pinterest.membership.keys import AudienceKeys
from destination_pinterest.membership.lease import LeasedManifest, ViewedManifest, busy
from destination_pinterest.membership.ledger import delete_leftovers, fetched, file_digest
from destination_pinterest.membership.manifest import DataFile, KeySlot, NamedAudience
from destination_pinterest.membership.workspace import Workspace, as_columns
from destination_pinterest.vocabulary import ColumnType

_HOLDER: Final = "stream, h1, h2"
_WORDS: Final = ("row", "stream", "h1", "h2", "audience")
# In place of an audience's number: the row is in none, or stays where it is.
_NOWHERE: Final = (1 << 32) - 1
_KEPT: Final = (1 << 32) - 2
_AT_ONCE: Final = 100_000
_CHUNK: Final = 10_000

# Of a row, counted from 1, the numbers of audiences.
OfRow = tuple[int, list[int]]
# Of a row, by number of an audience that it left, whether an earlier row of its key was there since the last commit.
Leaving = tuple[int, dict[int, bool]]


class PlacementIndex:
    """The index of a column's audiences, which this sync has leased until `close`. Use it from one thread.

    Rows are recorded, compared, written ahead and, once the audiences are settled, committed. Then a new epoch begins.

    Every method raises, besides what it names:
        StorageRefusedError, StorageFailedError: the store or the local disk fails.

    Args:
        blobs, folder: where it is.
        leased: its manifest.
        keys: its keys.
        workspace: DuckDB for the index, which closes it.

    Raises:
        StoreMismatchError: a file of it is missing or is not what the manifest says.
    """

    def __init__(
        self,
        blobs: Blobs,
        folder: str,
        leased: LeasedManifest | ViewedManifest,
        keys: AudienceKeys,
        workspace: Workspace,
    ) -> None:
        self._blobs = blobs
        self._folder = folder
        self._leased = leased
        self._keys = keys
        self._workspace = workspace
        self._streams = {name: number for number, name in enumerate(leased.manifest.streams)}
        self._forms: dict[str, KeyForm] = {}
        self._records = bytearray()
        self._read(fetched(blobs, folder, leased.manifest.base, workspace.folder))
        self._begin()

    @property
    def audiences(self) -> tuple[NamedAudience, ...]:
        """Every audience that the column has ever named; others go by their places here."""
        return self._leased.manifest.audiences

    @property
    def is_view(self) -> bool:
        """Whether it is only looked at, and nothing is written."""
        return isinstance(self._leased, ViewedManifest)

    @property
    def marks(self) -> Mapping[str, str]:
        """What earlier syncs left to be compared with."""
        return self._leased.manifest.marks

    def keep_mark(self, name: str, word: str) -> None:
        """See `MembershipLedger.keep_mark`."""
        self._leased.amend(lambda m: msgspec.structs.replace(m, marks={**m.marks, name: word}))

    @property
    def key_slot(self) -> KeySlot:
        """The store key that opens it."""
        return self._leased.manifest.key_slots[0]

    @property
    def holds_lease(self) -> bool:
        """Whether no other sync can have taken the index over; from any thread."""
        return self._leased.holds_lease

    def describe_key(self, stream: str, types: Sequence[ColumnType]) -> None:
        """See `MembershipLedger.describe_key`."""
        self._forms[stream] = key_form(types)

    def record(self, row: int, stream: str, key: Sequence[Any], audiences: Sequence[int]) -> None:
        """Records the next row: which audiences it is in, perhaps none."""
        self._append(row, stream, key, audiences or (_NOWHERE,))

    def record_kept(self, row: int, stream: str, key: Sequence[Any]) -> None:
        """Records a row that stays where it is."""
        self._append(row, stream, key, (_KEPT,))

    def compare(self) -> None:
        """Compares what was recorded with where the rows were."""
        self._flush()
        self._workspace.take_room()
        execute = self._workspace.execute
        execute(
            f"""
            CREATE OR REPLACE TABLE heads AS
            SELECT {_HOLDER}, max(row) AS row FROM placed WHERE audience <> {_KEPT} GROUP BY {_HOLDER}
            """
        )
        execute(
            f"""
            CREATE OR REPLACE TABLE now AS
            SELECT DISTINCT {_HOLDER}, audience FROM placed SEMI JOIN heads USING ({_HOLDER}, row)
            WHERE audience NOT IN ({_KEPT}, {_NOWHERE})
            """
        )
        execute(
            f"""
            CREATE OR REPLACE TABLE vacated AS
            SELECT {_HOLDER}, audience, heads.row, bool_or(was_there) AS was_there FROM (
                SELECT {_HOLDER}, audience, coalesce(was_kept, false) AS was_there FROM was
                SEMI JOIN heads USING ({_HOLDER})
                LEFT JOIN (SELECT DISTINCT {_HOLDER}, true AS was_kept FROM placed WHERE audience = {_KEPT})
                USING ({_HOLDER})
                UNION ALL
                SELECT {_HOLDER}, audience, true FROM placed WHERE audience NOT IN ({_KEPT}, {_NOWHERE})
            )
            ANTI JOIN now USING ({_HOLDER}, audience) JOIN heads USING ({_HOLDER})
            GROUP BY ALL
            """
        )

    def vacated(self) -> Iterator[Leaving]:
        """Yields, in order, the rows that left audiences: of each key the last row, and where the key is no more."""
        query = "SELECT row, audience, was_there FROM vacated ORDER BY row, audience"
        left = chain.from_iterable(self._workspace.chunks(query, _CHUNK))
        for row, audiences in groupby(left, key=itemgetter(0)):
            yield row, {audience: was_there for _, audience, was_there in audiences}

    def kept(self) -> Iterator[OfRow]:
        """Yields, in order, the rows that stayed where they were, and where that is: nowhere if it is not known."""
        query = f"""
            WITH kept AS (
                SELECT k.row, k.stream, k.h1, k.h2, s.row AS said FROM (
                    SELECT row, {_HOLDER} FROM placed WHERE audience = {_KEPT}
                ) k
                ASOF LEFT JOIN (SELECT DISTINCT {_HOLDER}, row FROM placed WHERE audience <> {_KEPT}) s
                ON k.stream = s.stream AND k.h1 = s.h1 AND k.h2 = s.h2 AND k.row > s.row
            )
            SELECT kept.row, coalesce(p.audience, w.audience, {_NOWHERE}) AS audience FROM kept
            LEFT JOIN placed p
            ON kept.said = p.row AND kept.stream = p.stream AND kept.h1 = p.h1 AND kept.h2 = p.h2
            LEFT JOIN was w
            ON kept.said IS NULL AND kept.stream = w.stream AND kept.h1 = w.h1 AND kept.h2 = w.h2
            ORDER BY 1, 2
        """
        for row, audiences in _by_row(self._workspace.chunks(query, _CHUNK)):
            yield row, [audience for audience in audiences if audience != _NOWHERE]

    def write_ahead(self, audiences: Sequence[NamedAudience]) -> None:
        """Writes where rows are going, besides where they were. Call it before anything is sent.

        Args:
            audiences: every audience by now; those that were known keep their places.

        Raises:
            StoreBusyError: another sync has taken the index over.
        """
        news = self._workspace.number(f"SELECT count(*) FROM now ANTI JOIN was USING ({_HOLDER}, audience)")
        if news or tuple(audiences) != self.audiences:
            both = f"SELECT {_HOLDER}, audience FROM was UNION SELECT {_HOLDER}, audience FROM now"
            self._store(both if news else None, audiences)

    def generation_of(self, stream: str) -> str | None:
        """Returns the caller's name for the rows that last replaced the stream in all audiences."""
        return self._leased.manifest.generations.get(stream)

    def commit(
        self,
        audiences: Sequence[NamedAudience],
        unsettled: Collection[int] = (),
        replaced: Mapping[str, str | None] = MappingProxyType({}),
    ) -> None:
        """Forgets where rows were, once their audiences are settled. A new epoch begins.

        Args:
            audiences: as for `write_ahead`.
            unsettled: the numbers of audiences that may still have what they had.
            replaced: streams whose rows were all recorded: others of them are nowhere. With each the name of its rows,
                which counts if every audience is settled.

        Raises:
            StoreBusyError: another sync has taken the index over.
        """
        numbers = ", ".join(str(self._streams[stream]) for stream in replaced if stream in self._streams) or "NULL"
        left = ", ".join(map(str, sorted(unsettled))) or "NULL"
        query = f"""
            SELECT {_HOLDER}, audience FROM now
            UNION
            SELECT {_HOLDER}, audience FROM was ANTI JOIN heads USING ({_HOLDER})
            WHERE stream IN ({numbers}) IS NOT TRUE
                OR ({_HOLDER}) IN (SELECT ({_HOLDER}) FROM placed WHERE audience = {_KEPT})
            UNION
            SELECT {_HOLDER}, audience FROM was WHERE audience IN ({left})
            UNION
            SELECT {_HOLDER}, audience FROM vacated WHERE audience IN ({left})
        """
        execute = self._workspace.execute
        execute(f"CREATE OR REPLACE TABLE next AS {query}")
        is_same = not self._workspace.number(
            f"""
            SELECT (SELECT count(*) FROM (SELECT * FROM next EXCEPT SELECT {_HOLDER}, audience FROM was))
                + (SELECT count(*) FROM (SELECT {_HOLDER}, audience FROM was EXCEPT SELECT * FROM next))
            """
        )
        names = {} if unsettled else {stream: name for stream, name in replaced.items() if name is not None}
        generations = {**self._leased.manifest.generations, **names}
        if not is_same or tuple(audiences) != self.audiences or generations != self._leased.manifest.generations:
            self._store(None if is_same else f"SELECT {_HOLDER}, audience FROM next", audiences, generations)
        execute("DROP TABLE next")
        self._begin()
        self._workspace.leave_room()

    def close(self) -> None:
        """Releases the index as it was last committed. May be called twice, and after any failure."""
        self._leased.release()
        self._workspace.close()

    def _append(self, row: int, stream: str, key: Sequence[Any], audiences: Sequence[int]) -> None:
        number = self._streams.setdefault(stream, len(self._streams))
        form = self._forms.get(stream)
        if form is None:
            form = self._forms[stream] = key_form((ColumnType.ANY,) * len(key))
        head = row.to_bytes(8, "little") + number.to_bytes(8, "little") + self._keys.row_key(stream, form(key))
        for audience in audiences:
            self._records += head
            self._records += audience.to_bytes(8, "little")
        if len(self._records) >= _AT_ONCE * 8 * len(_WORDS):
            self._flush()

    def _flush(self) -> None:
        if self._records:
            self._workspace.insert("INSERT INTO placed SELECT * FROM batch", as_columns(bytes(self._records), _WORDS))
            self._records = bytearray()

    def _begin(self) -> None:
        self._records = bytearray()
        for table in ("heads (stream USMALLINT, h1 UBIGINT, h2 UBIGINT, row UBIGINT)", *_PLACES):
            self._workspace.execute(f"CREATE OR REPLACE TABLE {table}")

    def _read(self, path: Path | None) -> None:
        source = "(SELECT 0 AS stream, 0 AS h1, 0 AS h2, 0 AS audience WHERE false)"
        if path is not None:
            quoted = str(path).replace("'", "''")
            source = f"read_parquet('{quoted}')"
        # A table, since the file may be replaced while it is compared.
        self._workspace.execute(
            f"""
            CREATE OR REPLACE TABLE was AS
            SELECT stream::USMALLINT AS stream, h1::UBIGINT AS h1, h2::UBIGINT AS h2, audience::UINTEGER AS audience
            FROM {source}
            """
        )

    def _store(
        self, query: str | None, audiences: Sequence[NamedAudience], generations: Mapping[str, str] | None = None
    ) -> None:
        """Replaces the placements by those of a query, if any, and the names."""
        if not self.holds_lease:
            raise busy(self._leased.manifest)
        file, path = self._leased.manifest.base, None
        if query is not None:
            path = self._workspace.folder / f"base-{self._leased.manifest.sequence + 1}-{uuid4().hex}.parquet"
            quoted = str(path).replace("'", "''")
            self._workspace.execute(f"COPY ({query}) TO '{quoted}' (FORMAT parquet, COMPRESSION uncompressed)")
            file = DataFile(path.name, file_digest(path), rows_of(self._workspace, path))
            self._blobs.add(path, f"{self._folder}/{path.name}")
        self._leased.update(
            lambda m: msgspec.structs.replace(
                m,
                sequence=m.sequence + 1,
                base=file,
                streams=tuple(self._streams),
                audiences=tuple(audiences),
                generations=m.generations if generations is None else dict(generations),
            )
        )
        if path is not None:
            self._read(path)
            path.unlink(missing_ok=True)
        delete_leftovers(self._blobs, self._folder, self._leased.manifest)


_PLACES: Final = (
    "placed (row UBIGINT, stream USMALLINT, h1 UBIGINT, h2 UBIGINT, audience UINTEGER)",
    "now (stream USMALLINT, h1 UBIGINT, h2 UBIGINT, audience UINTEGER)",
    "vacated (stream USMALLINT, h1 UBIGINT, h2 UBIGINT, audience UINTEGER, row UBIGINT)",
)


def _by_row(chunks: Iterator[list[tuple[Any, ...]]]) -> Iterator[OfRow]:
    """Puts together what belongs to one row."""
    row, audiences = 0, list[int]()
    for chunk in chunks:
        for number, audience in chunk:
            if number != row and audiences:
                yield row, audiences
                audiences = []
            row = number
            audiences.append(audience)
    if audiences:
        yield row, audiences
