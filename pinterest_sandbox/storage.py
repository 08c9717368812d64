"""Keeps the world: nowhere (`Memory`), or in an SQLite file (`Sqlite`) from which a restart takes it up again.

Members are stored as the batches that changed them, not as rows: one insert a request, replayed at the start. What was
committed survives `kill -9` (write-ahead log; only a power cut could lose the newest requests).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import msgspec

from pinterest_sandbox.entities import UserListOperation
from pinterest_sandbox.members import Member, Records, member_text, parse_records, unpack_digests
from pinterest_sandbox.rows import Removal, RowBatch, Rows

# Members in one batch when a list's history is rewritten as one list of members.
_MEMBERS_PER_BATCH = 10_000
# What the column `operation` holds of a batch of rows, whose `records` are JSON. Adding asks for nothing.
_OF_ROWS: dict[str, tuple[UserListOperation, Removal]] = {
    "ADD_ROWS": ("ADD", "any"),
    "REMOVE_ROWS_BY_ANY": ("REMOVE", "any"),
    "REMOVE_ROWS_BY_ALL": ("REMOVE", "all"),
}
_ROWS = {change: stored for stored, change in _OF_ROWS.items()} | {("ADD", "all"): "ADD_ROWS"}
# Kept in the file as its user_version. 0: without rows, as version 0.1.0 wrote it; 1: batches of rows as well.
_FORMAT = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entity (kind TEXT, id TEXT, body BLOB NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch
    (seq INTEGER PRIMARY KEY, list_id TEXT NOT NULL, operation TEXT NOT NULL, records NOT NULL);
CREATE TABLE IF NOT EXISTS part
    (upload_id TEXT, number INTEGER, body BLOB NOT NULL, PRIMARY KEY (upload_id, number));
CREATE INDEX IF NOT EXISTS batch_of_list ON batch (list_id);
"""


class StorageError(Exception):
    """The file cannot be used; the message says which and why."""


class Store(Protocol):
    """What the world needs of a place to keep things."""

    def put(self, kind: str, key: str, entity: msgspec.Struct) -> None:
        """Write an entity, over an earlier one of that key."""

    def drop(self, kind: str, key: str) -> None:
        """Forget an entity."""

    def add_batch(self, list_id: str, operation: UserListOperation, batch: Records | RowBatch) -> None:
        """Add one change of a list's people."""

    def drop_batches(self, list_id: str) -> None:
        """Forget a list's members."""

    def put_part(self, upload_id: str, number: int, body: bytes) -> None:
        """Keep one part of an upload."""

    def drop_parts(self, upload_id: str) -> None:
        """Forget an upload's parts."""

    def clear(self) -> None:
        """Forget everything."""

    def commit(self) -> None:
        """Make everything since the last commit durable, all of it or nothing."""


class Memory:
    """Keeps nothing: the world itself is the memory."""

    def put(self, kind: str, key: str, entity: msgspec.Struct) -> None:
        """Nothing to do."""

    def drop(self, kind: str, key: str) -> None:
        """Nothing to do."""

    def add_batch(self, list_id: str, operation: UserListOperation, batch: Records | RowBatch) -> None:
        """Nothing to do."""

    def drop_batches(self, list_id: str) -> None:
        """Nothing to do."""

    def put_part(self, upload_id: str, number: int, body: bytes) -> None:
        """Nothing to do."""

    def drop_parts(self, upload_id: str) -> None:
        """Nothing to do."""

    def clear(self) -> None:
        """Nothing to do."""

    def commit(self) -> None:
        """Nothing to do."""


class Sqlite:
    """Keeps the world in one SQLite file, which belongs to this process while it is open.

    A list's history of more than `smallest_history` records is rewritten at the start, if it is far longer than its
    outcome.

    Raises:
        StorageError: the file is not a database, cannot be written, is open in another sandbox, or is of a newer
            version.
    """

    def __init__(self, path: str, *, smallest_history: int = 100_000) -> None:
        self.smallest_history = smallest_history
        with ExitStack() as unless_it_opens:
            try:
                self._db = sqlite3.connect(path, timeout=0.5, isolation_level=None)
                unless_it_opens.callback(self._db.close)
                self._db.executescript(
                    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _SCHEMA
                )
                (form,) = self._db.execute("PRAGMA user_version").fetchone()
                if form > _FORMAT:
                    raise StorageError(f"the database {path!r} was written by a newer version of the sandbox")
                self._db.execute(f"PRAGMA user_version={_FORMAT}")
                self._db.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                raise StorageError(f"the database {path!r} cannot be used: {error}") from error
            unless_it_opens.pop_all()

    def entities(self) -> Iterator[tuple[str, str, bytes]]:
        """Every entity as (kind, key, JSON)."""
        yield from self._db.execute("SELECT kind, id, body FROM entity ORDER BY kind, length(id), id")

    def batches(self) -> Iterator[tuple[str, UserListOperation, Records | RowBatch]]:
        """Every change of people in the order in which it was made."""
        for list_id, stored, body in self._db.execute("SELECT list_id, operation, records FROM batch ORDER BY seq"):
            if stored in _OF_ROWS:
                operation, removal = _OF_ROWS[stored]
                yield list_id, operation, RowBatch.decode(body, removal)
            else:
                yield list_id, stored, unpack_digests(body) if isinstance(body, bytes) else parse_records(body)

    def parts(self) -> Iterator[tuple[str, int, bytes]]:
        """Every part of every upload as (upload id, number, body)."""
        yield from self._db.execute("SELECT upload_id, number, body FROM part")

    def stored_records(self, list_id: str) -> int:
        """How many records the stored changes of a list hold, roughly: by their size."""
        (size,) = self._db.execute(
            "SELECT coalesce(sum(length(records)), 0) FROM batch WHERE list_id = ?", (list_id,)
        ).fetchone()
        return int(size) // 32

    def rewrite_batches(self, list_id: str, members: set[Member], rows: Rows) -> None:
        """Replace a list's history by its outcome, so that the file does not grow with every change."""
        self.drop_batches(list_id)
        digests = [member for member in members if isinstance(member, bytes) and len(member) == 32]
        others = [member_text(member) for member in members if not (isinstance(member, bytes) and len(member) == 32)]
        for start in range(0, len(digests), _MEMBERS_PER_BATCH):
            self._insert(list_id, "ADD", b"".join(digests[start : start + _MEMBERS_PER_BATCH]))
        for start in range(0, len(others), _MEMBERS_PER_BATCH):
            self._insert(list_id, "ADD", ",".join(others[start : start + _MEMBERS_PER_BATCH]))
        if len(rows):
            self.add_batch(list_id, "ADD", RowBatch(tuple(rows), "any"))

    def put(self, kind: str, key: str, entity: msgspec.Struct) -> None:
        """Write an entity, over an earlier one of that key."""
        self._db.execute("INSERT OR REPLACE INTO entity VALUES (?, ?, ?)", (kind, key, msgspec.json.encode(entity)))

    def drop(self, kind: str, key: str) -> None:
        """Forget an entity."""
        self._db.execute("DELETE FROM entity WHERE kind = ? AND id = ?", (kind, key))

    def add_batch(self, list_id: str, operation: UserListOperation, batch: Records | RowBatch) -> None:
        """Add one change of a list's people."""
        if isinstance(batch, RowBatch):
            self._insert(list_id, _ROWS[operation, batch.removal], batch.encode())
            return
        body = batch.digests or ",".join(member_text(member) for member in batch.members)
        self._insert(list_id, operation, body)

    def drop_batches(self, list_id: str) -> None:
        """Forget a list's members."""
        self._db.execute("DELETE FROM batch WHERE list_id = ?", (list_id,))

    def put_part(self, upload_id: str, number: int, body: bytes) -> None:
        """Keep one part of an upload."""
        self._db.execute("INSERT OR REPLACE INTO part VALUES (?, ?, ?)", (upload_id, number, body))

    def drop_parts(self, upload_id: str) -> None:
        """Forget an upload's parts."""
        self._db.execute("DELETE FROM part WHERE upload_id = ?", (upload_id,))

    def clear(self) -> None:
        """Forget everything."""
        for table in ("entity", "batch", "part"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are ours

    def commit(self) -> None:
        """Make everything since the last commit durable, all of it or nothing."""
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Let go of the file; what was not committed is given up."""
        self._db.close()

    def _insert(self, list_id: str, operation: str, body: bytes | str) -> None:
        self._db.execute("INSERT INTO batch (list_id, operation, records) VALUES (?, ?, ?)", (list_id, operation, body))
