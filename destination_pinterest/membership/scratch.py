"""Tables that a comparison makes: in memory while there is little, in a file and part by part if there is much.

DuckDB writes to the disk what a join or a table has no room for, but keeps something of every piece in memory: of some
tens of millions of rows, all that a sync has. So what is large is joined in several passes, each over a range of the
digests that have to be equal, and what comes of it goes to a file.
Source: measured with duckdb 2.0.0 by its duckdb_memory() (2026-11-27).
"""

# ruff: noqa: S608 - statements are built from this package's constants; data comes in files.

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from destination_pinterest.membership.workspace import Workspace

# What a query says of the column of a digest, such as `in_pass(t1)`: that the row belongs to the pass.
_IN_PASS: Final = re.compile(r"\bin_pass\(([a-z0-9_.]+)\)")
_DIGESTS: Final = 1 << 64


class Scratch:
    """A database of a workspace, in memory or in a file, for tables that are named `{name}.{table}`.

    Every method raises what `Workspace` does.

    Args:
        workspace: where it is.
        name: that of the database.
        at_once: how many rows a pass compares.
    """

    def __init__(self, workspace: Workspace, name: str, at_once: int) -> None:
        self._workspace = workspace
        self._name = name
        self._at_once = at_once
        self._file: Path | None = None
        workspace.attach(name, None)

    def begin(self, rows: int) -> None:
        """Forgets all tables. `rows`: at most so many will be joined for the next ones."""
        is_large = rows > self._at_once
        if self._file is None and not is_large:
            return
        self._workspace.detach(self._name, self._file)
        self._file = self._workspace.folder / f"{self._name}.duckdb" if is_large else None
        self._workspace.attach(self._name, self._file)

    def create(self, table: str, query: str, joined: str) -> None:
        """Makes a table from a query.

        Args:
            table: its name.
            query: the query, with the condition `in_pass(column)` on every table of which it reads many rows. Rows that
                have to do with each other have the same digest in that column.
            joined: the query for how many rows it has to keep at hand; it is asked only where there are many.
        """
        passes = self._passes(joined)
        for number in range(passes):
            rows = _of_pass(query, number, passes)
            if number:
                self._workspace.execute(f"INSERT INTO {self._name}.{table} {rows}")
            else:
                self._workspace.execute(f"CREATE OR REPLACE TABLE {self._name}.{table} AS {rows}")

    def see(self, view: str, query: str, joined: str) -> None:
        """Makes a view of a query, or of a table of its name if the query joins with too many rows for one pass.

        The arguments are those of `create`.
        """
        source = whole(query)
        if self.takes_passes(joined):
            self.create(view, query, joined)
            source = f"SELECT * FROM {self._name}.{view}"
        self._workspace.execute(f"CREATE OR REPLACE VIEW {view} AS {source}")

    def takes_passes(self, joined: str) -> bool:
        """Whether there are too many rows for one join. `joined`: the query for how many there are."""
        return self._passes(joined) > 1

    def _passes(self, joined: str) -> int:
        if self._file is None:
            return 1
        return max(1, -(-self._workspace.number(joined) // self._at_once))


def whole(query: str) -> str:
    """The query for all rows at once."""
    return _IN_PASS.sub("true", query)


def _of_pass(query: str, number: int, passes: int) -> str:
    if passes == 1:
        return whole(query)
    first, after = (_DIGESTS * n // passes for n in (number, number + 1))
    return _IN_PASS.sub(rf"\1 BETWEEN {first}::UBIGINT AND {after - 1}::UBIGINT", query)
