"""Completes rows of which some columns were not given: adds the identifiers that they keep in these columns.

A row's present identifier in a column is that of the last row of the same key that gave the column, of this epoch or,
if none did, of the ledger. An identifier whose column is not known (it came from several, or version 0.1.0 recorded it)
is kept as long as any column is.
"""

# ruff: noqa: S608 - statements are built from this package's constants; data comes in files.

from __future__ import annotations

from typing import Final

from destination_pinterest.membership.holdings import BODY
from destination_pinterest.membership.keys import KIND_BITS, KIND_MASK, Kind
from destination_pinterest.membership.says import OBJECTION_KIND, Says
from destination_pinterest.membership.spool import HOLDER
from destination_pinterest.membership.spooled_rows import ROWS
from destination_pinterest.membership.workspace import Workspace

_IS_MARK: Final = f"kind & {KIND_MASK} = {Kind.UNCHANGED:d}"
_IS_IDENTIFIER: Final = f"kind & {KIND_MASK} < {Kind.UNCHANGED:d}"
# What a row objected to was its identifier too. The column is not known of it any more.
_IS_KEPT: Final = f"says IN ({Says.HOLDS:d}, {Says.OBJECTS:d})"
_BODY_KEPT: Final = BODY.replace(
    "kind", f"CASE says WHEN {Says.OBJECTS:d} THEN kind & {KIND_MASK} ELSE kind END AS kind"
)


def keep_unchanged(workspace: Workspace) -> int:
    """Adds to the last row of each holder in `spool` what it keeps, and makes the marks rows without an identifier.

    A row without consent objects to what it keeps. Returns how many rows that add have no identifier at all: none was
        given, and none is known.
    """
    workspace.execute(
        f"CREATE OR REPLACE TEMP TABLE marks AS SELECT {HOLDER}, row, kind >> {KIND_BITS} AS col "
        f"FROM spool WHERE {_IS_MARK}"
    )
    workspace.execute(
        f"CREATE OR REPLACE TEMP TABLE last_rows AS SELECT {HOLDER}, max(row) AS row, arg_max(says, row) AS says "
        f"FROM spool SEMI JOIN marks USING ({HOLDER}) GROUP BY {HOLDER}"
    )
    # `since`: the last row of the epoch that gave the column; 0 if none did. `col` 0: any column.
    workspace.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE kept_columns AS
        WITH
            rows_of AS (SELECT DISTINCT {HOLDER}, row FROM spool SEMI JOIN marks USING ({HOLDER})),
            columns_of AS (SELECT DISTINCT {HOLDER}, col FROM marks),
            giving AS (SELECT {HOLDER}, col, row FROM rows_of JOIN columns_of USING ({HOLDER})
                       ANTI JOIN marks USING ({HOLDER}, col, row)),
            each_column AS (SELECT {HOLDER}, col, coalesce(max(row), 0) AS since
                            FROM columns_of LEFT JOIN giving USING ({HOLDER}, col) GROUP BY {HOLDER}, col)
        SELECT {HOLDER}, col, since FROM each_column WHERE col <> 0
        UNION ALL
        SELECT {HOLDER}, 0, min(since) FROM each_column GROUP BY {HOLDER}
        """
    )
    any_body = ", ".join(f"any_value({column}) AS {column}" for column in BODY.split(", "))
    workspace.execute(
        f"""
        INSERT INTO {ROWS}
        WITH
            known AS (
                SELECT {HOLDER}, t1, t2, {_BODY_KEPT}, row FROM spool
                SEMI JOIN marks USING ({HOLDER}) WHERE {_IS_KEPT} AND {_IS_IDENTIFIER}
                UNION ALL
                SELECT {HOLDER}, t1, t2, {_BODY_KEPT}, 0 FROM holdings SEMI JOIN marks USING ({HOLDER}) WHERE {_IS_KEPT}
                UNION ALL
                SELECT stream, f.h1, f.h2, t1, t2, {_BODY_KEPT}, 0 FROM holdings
                JOIN former f USING (stream) WHERE {_IS_KEPT} AND holdings.h1 = f.f1 AND holdings.h2 = f.f2
            )
        SELECT
            last_rows.row, stream,
            CASE last_rows.says WHEN {Says.OBJECTS:d} THEN {Says.OBJECTS:d} ELSE {Says.HOLDS:d} END,
            CASE last_rows.says WHEN {Says.OBJECTS:d} THEN (kind & {KIND_MASK}) | {OBJECTION_KIND} ELSE kind END,
            h1, h2, t1, t2, {BODY.partition(", ")[2]}
        FROM (
            SELECT {HOLDER}, t1, t2, {any_body} FROM known
            JOIN kept_columns USING ({HOLDER})
            WHERE known.kind >> {KIND_BITS} = kept_columns.col AND known.row >= kept_columns.since
            GROUP BY {HOLDER}, t1, t2
        )
        JOIN last_rows USING ({HOLDER})
        ANTI JOIN spool s USING ({HOLDER}, row, t1, t2)
        """
    )
    unknown = workspace.number(
        f"""
        SELECT count(*) FROM last_rows
        SEMI JOIN marks USING ({HOLDER}, row)
        ANTI JOIN (SELECT {HOLDER}, row FROM spool WHERE {_IS_IDENTIFIER}) USING ({HOLDER}, row)
        WHERE says = {Says.HOLDS:d}
        """
    )
    workspace.execute(f"UPDATE {ROWS} SET kind = {Kind.NOBODY:d} WHERE {_IS_MARK}")
    return unknown
