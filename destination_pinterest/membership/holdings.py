"""Who holds whom: the book's content as DuckDB reads it, and the files that its next version is made of.

A holding is a row of a table and one identifier of it. `base` is a Parquet file of holdings; `net` is what came and
went since, so that a small change costs a small file. Once that is no longer small, base is written anew.

Holdings that do not hold ("standing removals") are rows of a replaced table that want their identifier out: they are
kept so that an unchanged table asks for no removal twice.
"""

# ruff: noqa: S608 - statements are put together from constants of this package; data comes in files.

from __future__ import annotations

from pathlib import Path
from typing import Final

from destination_pinterest.membership.workspace import Workspace

KEY: Final = "stream, holds, h1, h2, t1, t2"
BODY: Final = "kind, c1, c2, c3, c4, long"
# A sync downloads base in any case, so writing a sixteenth of it is cheap beside that. The floor spares small books.
_SHARE_OF_BASE: Final = 16
_SMALL: Final = 20_000
_TYPES: Final = {
    "is_in": "BOOLEAN",
    "stream": "USMALLINT",
    "holds": "BOOLEAN",
    "kind": "UTINYINT",
    "long": "BLOB",
}
_NET: Final = ("is_in", *KEY.split(", "), *BODY.split(", "))
_MAYBES: Final = ("t1", "t2", *BODY.split(", "))


class Holdings:
    """The views `holdings` (KEY and BODY) and `maybes` (tag and BODY) of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._base_rows = 0
        self._net_rows = 0
        self.read_base(None)
        self.read_changes(None)
        self.read_maybes(None)
        workspace.execute(
            f"CREATE VIEW holdings AS SELECT {KEY}, {BODY} FROM base "
            f"ANTI JOIN (SELECT {KEY} FROM net WHERE NOT is_in) USING ({KEY}) "
            f"UNION ALL SELECT {KEY}, {BODY} FROM net WHERE is_in"
        )

    @property
    def is_empty(self) -> bool:
        """Whether there are no holdings."""
        return self._base_rows + self._net_rows == 0

    def read_base(self, path: Path | None) -> None:
        """Takes base from a file; None: it is empty."""
        # A keyless row is its own holder; its file does not say the same twice.
        columns = KEY.replace("h1, h2", "coalesce(h1, t1) AS h1, coalesce(h2, t2) AS h2")
        self._workspace.execute(
            f"CREATE OR REPLACE VIEW base AS SELECT {columns}, {BODY} FROM {_source(path, _NET[1:])}"
        )
        self._base_rows = self._workspace.number("SELECT count(*) FROM base")

    def read_changes(self, path: Path | None) -> None:
        """Takes what came and went since base from a file; None: nothing did."""
        self._workspace.execute(f"CREATE OR REPLACE TABLE net AS SELECT {', '.join(_NET)} FROM {_source(path, _NET)}")
        self._net_rows = self._workspace.number("SELECT count(*) FROM net")

    def read_maybes(self, path: Path | None) -> None:
        """Takes the identifiers that were about to be sent from a file; None: there are none."""
        self._workspace.execute(
            f"CREATE OR REPLACE VIEW maybes AS SELECT {', '.join(_MAYBES)} FROM {_source(path, _MAYBES)}"
        )

    def write_changes(self, path: Path, changed: int) -> bool:
        """Writes what came and went since base, with `joined` and `gone` (`changed` rows) added to it.

        Returns False, and writes nothing, if base had better be written anew.
        """
        if self._net_rows + changed > max(_SMALL, self._base_rows // _SHARE_OF_BASE):
            return False
        columns = f"{KEY}, {BODY}"
        # What came and goes again, or went and comes again, is no change to base.
        self._copy(
            f"SELECT {', '.join(_NET)} FROM net "
            f"ANTI JOIN (SELECT {KEY} FROM joined UNION ALL SELECT {KEY} FROM gone) USING ({KEY}) "
            f"UNION ALL SELECT true, {columns} FROM joined "
            f"ANTI JOIN (SELECT {KEY} FROM net WHERE NOT is_in) USING ({KEY}) "
            f"UNION ALL SELECT false, {columns} FROM gone "
            f"ANTI JOIN (SELECT {KEY} FROM net WHERE is_in) USING ({KEY})",
            path,
        )
        return True

    def write_base(self, path: Path) -> None:
        """Writes all holdings, with `joined` and without `gone`."""
        columns = KEY.replace(
            "h1, h2",
            "CASE WHEN h1 = t1 AND h2 = t2 THEN NULL ELSE h1 END AS h1, "
            "CASE WHEN h1 = t1 AND h2 = t2 THEN NULL ELSE h2 END AS h2",
        )
        self._copy(
            f"SELECT {columns}, {BODY} FROM (SELECT {KEY}, {BODY} FROM holdings ANTI JOIN gone USING ({KEY}) "
            f"UNION ALL SELECT {KEY}, {BODY} FROM joined)",
            path,
        )

    def write_maybes(self, path: Path) -> None:
        """Writes the identifiers that are about to be sent, and those that are undecided."""
        self._copy(f"SELECT {', '.join(_MAYBES)} FROM words WHERE adds OR removes OR is_undecided", path)

    def write_undecided(self, path: Path) -> None:
        """Writes the maybes that no row has spoken of yet."""
        self._copy(f"SELECT {', '.join(_MAYBES)} FROM words WHERE is_undecided", path)

    def _copy(self, query: str, path: Path) -> None:
        # What is sealed can't be compressed.
        self._workspace.execute(f"COPY ({query}) TO {_quoted(path)} (FORMAT parquet, COMPRESSION uncompressed)")


def rows_of(workspace: Workspace, path: Path) -> int:
    """How many rows a file has."""
    return workspace.number(f"SELECT count(*) FROM read_parquet({_quoted(path)})")


def _source(path: Path | None, columns: tuple[str, ...]) -> str:
    if path is not None:
        return f"read_parquet({_quoted(path)})"
    nothing = ", ".join(f"NULL::{_TYPES.get(column, 'UBIGINT')} AS {column}" for column in columns)
    return f"(SELECT {nothing} WHERE false)"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
