"""The table of the spool's rows: in memory while they are few, and in a file of their own once they are many.

A table in memory goes to the disk as well when there is no room, but DuckDB keeps something of every part of it where
it was: 1.5 MiB for a million rows, so that some forty million fill the memory that a sync has. What is in a file leaves
nothing behind. Small pieces are collected before they are written there, since each writing waits for the disk.

Read the rows from the view `spool`; what changes them has to name ROWS.
Source: measured with duckdb 2.0.0 by its duckdb_memory() (2026-11-27).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from destination_pinterest.membership.workspace import Columns, Workspace

_DATABASE: Final = "spooled"
ROWS: Final = f"{_DATABASE}.rows"
_COLUMNS: Final = (
    "row UINTEGER, stream USMALLINT, says UTINYINT, kind UTINYINT, h1 UBIGINT, h2 UBIGINT, t1 UBIGINT, t2 UBIGINT, "
    "c1 UBIGINT, c2 UBIGINT, c3 UBIGINT, c4 UBIGINT, long BLOB"
)
# Two groups of rows, as DuckDB writes them.
_WRITTEN_AT_ONCE: Final = 245_760


class SpooledRows:
    """The table. Every method raises what `Workspace` does.

    Args:
        workspace: where it is.
        most_in_memory: how many rows stay in memory.
    """

    def __init__(self, workspace: Workspace, most_in_memory: int) -> None:
        self._workspace = workspace
        self._most_in_memory = most_in_memory
        self._file: Path | None = None
        self._rows = 0
        self._waiting = 0
        self._workspace.attach(_DATABASE, None)
        self._workspace.execute(f"CREATE TABLE {ROWS} ({_COLUMNS})")
        self._workspace.execute(f"CREATE VIEW spool AS SELECT * FROM {ROWS}")

    def insert(self, select: str, batch: Columns) -> None:
        """Adds what a query makes of the table `batch`; on the disk, it may wait for `settle`."""
        rows = len(next(iter(batch.values())))
        self._rows += rows
        if self._file is None and self._rows > self._most_in_memory:
            self._go_to_the_disk()
        if self._file is None:
            self._workspace.insert(f"INSERT INTO {ROWS} {select}", batch)
            return
        self._workspace.insert(f"INSERT INTO waiting {select}", batch)
        self._waiting += rows
        if self._waiting >= _WRITTEN_AT_ONCE:
            self.settle()

    def settle(self) -> None:
        """Sees to it that all rows are in the table."""
        if self._waiting:
            self._workspace.execute(f"INSERT INTO {ROWS} SELECT * FROM waiting")
            self._begin_waiting()

    def clear(self) -> None:
        """Forgets every row, and the file."""
        self._rows = self._waiting = 0
        if self._file is not None:
            self._workspace.detach(_DATABASE, self._file)
            self._file = None
            self._workspace.attach(_DATABASE, None)
        self._workspace.execute(f"CREATE OR REPLACE TABLE {ROWS} ({_COLUMNS})")

    def _go_to_the_disk(self) -> None:
        self._file = self._workspace.folder / "rows.duckdb"
        self._workspace.attach("on_disk", self._file)
        self._workspace.execute(f"CREATE TABLE on_disk.rows AS SELECT * FROM {ROWS}")
        self._workspace.detach(_DATABASE, None)
        self._workspace.detach("on_disk", None)
        self._workspace.attach(_DATABASE, self._file)
        self._begin_waiting()

    def _begin_waiting(self) -> None:
        self._waiting = 0
        self._workspace.execute(f"CREATE OR REPLACE TABLE waiting ({_COLUMNS})")
