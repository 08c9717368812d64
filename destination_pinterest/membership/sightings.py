"""When the rows of a ledger last came, so that members can expire whose rows don't come any more.

The table `seen` has one moment for each holder: a row, or an identifier of a stream without keys. It is kept in a file
of its own, about 24 bytes a holder, and only while the settings ask for it: dates that were not kept up meanwhile would
let people leave whose rows have come. A holder of which no date is known counts from now, and so does one whose date
lies in the future, as after a clock that went wrong.

An objection does not expire: no other row may add its identifiers because its own does not come.

The file is written before anything of an epoch is sent. So no state can stand for a row whose coming is forgotten.
"""

# ruff: noqa: S608 - statements are built from this package's constants; data comes in files.

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from destination_pinterest.membership.keys import Kind
from destination_pinterest.membership.says import Says
from destination_pinterest.membership.spool import EVERYWHERE, FORMER_HOLDERS, HOLDER
from destination_pinterest.membership.spooled_rows import ROWS
from destination_pinterest.membership.workspace import Workspace

_COLUMNS: Final = f"{HOLDER}, moment"


class Sightings:
    """The tables `seen`, as of the last commit, and `expired`: the holders whose rows have not come for too long.

    Args:
        workspace: where they are, beside `spool` and `holdings`.
        path: the ledger's file; None if it has none.
    """

    def __init__(self, workspace: Workspace, path: Path | None) -> None:
        self._workspace = workspace
        source = (
            f"(SELECT {_nothing()})" if path is None else f"read_parquet('{str(path).replace(chr(39), chr(39) * 2)}')"
        )
        workspace.execute(f"CREATE OR REPLACE TABLE seen AS SELECT {_COLUMNS} FROM {source}")
        workspace.execute(f"CREATE OR REPLACE TABLE expired AS SELECT {HOLDER} FROM seen WHERE false")

    def expire(self, before_s: int, now_s: int, replaced: Collection[int]) -> None:
        """Records a deletion in `spool` for each holder that was last seen at this moment or earlier.

        Args:
            before_s: that moment, in seconds since 1970.
            now_s: the present one.
            replaced: the numbers of the streams whose absent rows leave anyway.
        """
        execute = self._workspace.execute
        execute(
            f"""
            CREATE OR REPLACE TABLE expired AS
            SELECT {HOLDER} FROM (
                SELECT DISTINCT {HOLDER} FROM holdings
                WHERE says = {Says.HOLDS:d} AND NOT list_contains(?::USMALLINT[], stream)
            )
            JOIN seen USING ({HOLDER})
            ANTI JOIN (SELECT {HOLDER} FROM spool UNION ALL {FORMER_HOLDERS}) USING ({HOLDER})
            WHERE moment <= {before_s} AND moment <= {now_s}
            """,
            [list(replaced)],
        )
        execute(
            f"""
            INSERT INTO {ROWS}
            SELECT (SELECT coalesce(max(row), 0) + 1 FROM spool), stream, {Says.REMOVES:d}, {Kind.NOBODY:d}, h1, h2,
                0, 0, 0, 0, 0, 0, NULL
            FROM expired
            """
        )

    def write(self, path: Path, now_s: int) -> None:
        """Takes in the rows of `spool`, and writes the file for what the ledger may hold after them.

        Args:
            path: the file.
            now_s: when they came, in seconds since 1970.
        """
        execute = self._workspace.execute
        execute(
            f"""
            CREATE OR REPLACE TEMP TABLE seen_since AS
            SELECT {HOLDER}, max(moment)::UINTEGER AS moment FROM (
                SELECT {HOLDER}, {now_s} AS moment FROM spool
                WHERE says IN ({Says.HOLDS:d}, {Says.KEEPS:d}) AND stream <> {EVERYWHERE}
                UNION ALL
                SELECT {HOLDER}, least(moment, {now_s}) FROM seen SEMI JOIN holdings USING ({HOLDER})
                UNION ALL
                SELECT {HOLDER}, {now_s} FROM holdings ANTI JOIN seen USING ({HOLDER})
                WHERE says = {Says.HOLDS:d}
            ) GROUP BY {HOLDER}
            """
        )
        execute(f"CREATE OR REPLACE TABLE seen AS SELECT {_COLUMNS} FROM seen_since")
        execute("DROP TABLE seen_since")
        quoted = str(path).replace("'", "''")
        execute(f"COPY (SELECT {_COLUMNS} FROM seen) TO '{quoted}' (FORMAT parquet, COMPRESSION uncompressed)")

    @property
    def removals(self) -> int:
        """How many identifiers leave because their rows have expired, once `decisions` are made."""
        return self._workspace.number(
            f"""
            SELECT count(*) FROM decisions
            SEMI JOIN (
                SELECT t1, t2 FROM lost SEMI JOIN expired USING ({HOLDER}) WHERE says = {Says.HOLDS:d}
            ) USING (t1, t2)
            WHERE removes
            """
        )


def _nothing() -> str:
    return "NULL::USMALLINT AS stream, NULL::UBIGINT AS h1, NULL::UBIGINT AS h2, NULL::UINTEGER AS moment WHERE false"
