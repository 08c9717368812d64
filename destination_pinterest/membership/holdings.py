"""The holdings, which rows have which identifiers: reads them from the ledger's files and writes the next version.

A holding is one row of a table and one of its identifiers. `base` is a Parquet file of holdings; `delta` has the
changes since, so that a small change costs a small file. Once the delta is no longer small, base is rewritten.

Holdings with `holds` false are tombstones: rows of a replaced table that remove their identifier. They are kept so that
an unchanged table does not send the same removal again.

The columns are those of the files, and the files are kept from version to version: none may be renamed.
"""

# ruff: noqa: S608 - statements are built from this package's constants; data comes in files.

from __future__ import annotations

from pathlib import Path
from typing import Final

from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.membership.workspace import Workspace

KEY: Final = "stream, holds, h1, h2, t1, t2"
BODY: Final = "kind, c1, c2, c3, c4, long"
# Each sync downloads base anyway, so uploading a sixteenth of it is cheap.
_SHARE_OF_BASE: Final = 16
_TYPES: Final = {
    "is_in": "BOOLEAN",
    "stream": "USMALLINT",
    "holds": "BOOLEAN",
    "kind": "UTINYINT",
    "long": "BLOB",
}
_DELTA: Final = ("is_in", *KEY.split(", "), *BODY.split(", "))
_IN_DOUBT: Final = ("t1", "t2", *BODY.split(", "))


class Holdings:
    """The views `holdings` (KEY and BODY) and `in_doubt` (tag and BODY) of a workspace.

    Args:
        workspace: where they are.
        sizes: see Sizes.
        outlives_files: whether files are copied, since a sync at work on the ledger may delete them meanwhile.
    """

    def __init__(self, workspace: Workspace, sizes: Sizes, *, outlives_files: bool = False) -> None:
        self._workspace = workspace
        self._small_delta = sizes.small_delta
        self._form = "TABLE" if outlives_files else "VIEW"
        self._base_rows = 0
        self._delta_rows = 0
        self.read_base(None)
        self.read_delta(None)
        self.read_in_doubt(None)
        workspace.execute(
            f"""
            CREATE VIEW holdings AS
            SELECT {KEY}, {BODY} FROM base ANTI JOIN (SELECT {KEY} FROM delta WHERE NOT is_in) USING ({KEY})
            UNION ALL
            SELECT {KEY}, {BODY} FROM delta WHERE is_in
            """
        )

    @property
    def is_empty(self) -> bool:
        """Whether there are no holdings."""
        return self._base_rows + self._delta_rows == 0

    def read_base(self, path: Path | None) -> None:
        """Reads base from a file; None if it is empty."""
        # A row without a key is its own holder, so the file leaves the holder out.
        columns = KEY.replace("h1, h2", "coalesce(h1, t1) AS h1, coalesce(h2, t2) AS h2")
        self._workspace.execute(
            f"CREATE OR REPLACE {self._form} base AS SELECT {columns}, {BODY} FROM {_source(path, _DELTA[1:])}"
        )
        self._base_rows = self._workspace.number("SELECT count(*) FROM base")

    def read_delta(self, path: Path | None) -> None:
        """Reads the changes since base from a file; None if there are none."""
        self._workspace.execute(
            f"CREATE OR REPLACE TABLE delta AS SELECT {', '.join(_DELTA)} FROM {_source(path, _DELTA)}"
        )
        self._delta_rows = self._workspace.number("SELECT count(*) FROM delta")

    def read_in_doubt(self, path: Path | None) -> None:
        """Reads the identifiers in doubt from a file; None if there are none."""
        self._workspace.execute(
            f"CREATE OR REPLACE {self._form} in_doubt AS SELECT {', '.join(_IN_DOUBT)} FROM {_source(path, _IN_DOUBT)}"
        )

    def write_delta(self, path: Path, changed: int) -> bool:
        """Writes the changes since base, with `gained` and `lost` (`changed` rows) added.

        Returns False, and writes nothing, if it is time to rewrite base.
        """
        if self._delta_rows + changed > max(self._small_delta, self._base_rows // _SHARE_OF_BASE):
            return False
        # Opposite changes cancel out.
        self._copy(
            f"""
            SELECT {", ".join(_DELTA)} FROM delta
            ANTI JOIN (SELECT {KEY} FROM gained UNION ALL SELECT {KEY} FROM lost) USING ({KEY})
            UNION ALL
            SELECT true, {KEY}, {BODY} FROM gained
            ANTI JOIN (SELECT {KEY} FROM delta WHERE NOT is_in) USING ({KEY})
            UNION ALL
            SELECT false, {KEY}, {BODY} FROM lost
            ANTI JOIN (SELECT {KEY} FROM delta WHERE is_in) USING ({KEY})
            """,
            path,
        )
        return True

    def write_base(self, path: Path) -> None:
        """Writes all holdings, with `gained` and without `lost`."""
        columns = KEY.replace(
            "h1, h2",
            "CASE WHEN h1 = t1 AND h2 = t2 THEN NULL ELSE h1 END AS h1, "
            "CASE WHEN h1 = t1 AND h2 = t2 THEN NULL ELSE h2 END AS h2",
        )
        self._copy(
            f"""
            SELECT {columns}, {BODY} FROM (
                SELECT {KEY}, {BODY} FROM holdings ANTI JOIN lost USING ({KEY})
                UNION ALL
                SELECT {KEY}, {BODY} FROM gained
            )
            """,
            path,
        )

    def write_ahead(self, path: Path) -> None:
        """Writes the identifiers that are about to be sent, and those that stay in doubt."""
        self._copy(f"SELECT {', '.join(_IN_DOUBT)} FROM decisions WHERE adds OR removes OR stays_in_doubt", path)

    def write_in_doubt(self, path: Path) -> None:
        """Writes the identifiers that stay in doubt: no row has mentioned them yet."""
        self._copy(f"SELECT {', '.join(_IN_DOUBT)} FROM decisions WHERE stays_in_doubt", path)

    def _copy(self, query: str, path: Path) -> None:
        # Encrypted data does not compress.
        self._workspace.execute(f"COPY ({query}) TO {_quoted(path)} (FORMAT parquet, COMPRESSION uncompressed)")


def rows_of(workspace: Workspace, path: Path) -> int:
    """The number of rows in a file."""
    return workspace.number(f"SELECT count(*) FROM read_parquet({_quoted(path)})")


def _source(path: Path | None, columns: tuple[str, ...]) -> str:
    if path is not None:
        return f"read_parquet({_quoted(path)})"
    nothing = ", ".join(f"NULL::{_TYPES.get(column, 'UBIGINT')} AS {column}" for column in columns)
    return f"(SELECT {nothing} WHERE false)"


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
