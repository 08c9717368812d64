"""The rows of an epoch against the book: which holdings come and go, and what that asks of Pinterest.

All of it runs in DuckDB, out of core. Of the book, only holdings that the rows touch are looked at in full, so that an
unchanged table costs one join and no more.

    latest    the last word of every row          joined, gone   holdings that come and go
    withdrawn identifiers that nobody may hold
    touched   the identifiers that this is about  kept           those of them that somebody else still holds
    words     for each: was it a member, is it one, what is to be sent
"""

# ruff: noqa: S608 - statements are put together from constants of this package; data comes by parameters and files.

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from destination_pinterest.membership.holdings import BODY, KEY, Holdings
from destination_pinterest.membership.keys import Kind
from destination_pinterest.membership.spool import EVERYWHERE
from destination_pinterest.membership.workspace import Workspace

# Why an identifier is looked at; several reasons may meet.
_JOINS: Final = 1
_LEAVES: Final = 2
_MAYBE: Final = 4
_NAMED: Final = 8
_UNSEEN: Final = 16

_HOLDER: Final = "stream, h1, h2"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a settlement counted; see Delta. `joins` and `leaves` count members, `changed` counts holdings."""

    additions: int
    removals: int
    removals_by_absence: int
    removals_of_nonmembers: int
    joins: int
    leaves: int
    unconfirmed_before: int
    undecided: int
    unresolved_deletions: int
    changed: int


def diff(workspace: Workspace, holdings: Holdings, replaced: Collection[int], *, is_whole: bool) -> Figures:
    """Makes `joined`, `gone` and `words` from the table `spool`, the holdings and the maybes.

    Maybes that nothing else speaks of are decided only where the rows are whole, or they would go and come again.
    """
    workspace.execute("CREATE OR REPLACE TABLE replaced AS SELECT unnest(?::USMALLINT[]) AS stream", [list(replaced)])
    # They hold nothing: a standing removal of the same identifier stays, since it says the same.
    workspace.execute(
        "CREATE OR REPLACE TABLE withdrawn AS SELECT DISTINCT true AS holds, t1, t2 FROM spool "
        f"WHERE stream = {EVERYWHERE}"
    )
    _find_latest(workspace)
    if holdings.is_empty:
        _join_all(workspace)
    else:
        _compare(workspace)
    _judge(workspace, is_first=holdings.is_empty, is_whole=is_whole)
    return _count(workspace)


def _find_latest(workspace: Workspace) -> None:
    workspace.execute(
        f"CREATE OR REPLACE TABLE overruled AS SELECT {_HOLDER}, max(row) AS row FROM spool GROUP BY {_HOLDER} "
        "HAVING min(row) < max(row)"
    )
    # Of a table that is replaced, removals are kept as well: as standing removals.
    workspace.execute(
        "CREATE OR REPLACE VIEW latest AS SELECT s.* FROM spool s ANTI JOIN overruled o "
        "ON s.stream = o.stream AND s.h1 = o.h1 AND s.h2 = o.h2 AND s.row < o.row "
        "ANTI JOIN withdrawn w ON s.holds = w.holds AND s.t1 = w.t1 AND s.t2 = w.t2 "
        f"WHERE s.kind <> {Kind.NOBODY} AND (s.holds OR s.stream IN (SELECT stream FROM replaced))"
    )


def _join_all(workspace: Workspace) -> None:
    workspace.execute(f"CREATE OR REPLACE VIEW joined AS SELECT {KEY}, {BODY} FROM latest")
    workspace.execute(f"CREATE OR REPLACE TABLE gone AS SELECT {KEY}, {BODY} FROM holdings")


def _compare(workspace: Workspace) -> None:
    """Keys alone are compared: bodies are fetched only for what differs."""
    matches = " AND ".join(f"w.{column} = h.{column}" for column in KEY.split(", "))
    either = ", ".join(f"coalesce(w.{column}, h.{column}) AS {column}" for column in KEY.split(", "))
    workspace.execute(
        f"CREATE OR REPLACE TABLE difference AS SELECT {either}, h.stream IS NULL AS joins "
        f"FROM (SELECT {KEY} FROM latest) w FULL JOIN ("
        f"SELECT {KEY} FROM holdings WHERE stream IN (SELECT stream FROM replaced) UNION ALL "
        f"SELECT {KEY} FROM holdings SEMI JOIN spool USING ({_HOLDER}) "
        "WHERE stream NOT IN (SELECT stream FROM replaced) UNION ALL "
        # Some of them for the second time, which is no harm: nothing that is wanted matches them.
        f"SELECT {KEY} FROM holdings SEMI JOIN withdrawn USING (holds, t1, t2)) h "
        f"ON {matches} WHERE w.stream IS NULL OR h.stream IS NULL"
    )
    workspace.execute(
        f"CREATE OR REPLACE TABLE joined_rows AS SELECT {KEY}, {BODY} FROM latest "
        f"SEMI JOIN (SELECT {KEY} FROM difference WHERE joins) USING ({KEY})"
    )
    workspace.execute(f"CREATE OR REPLACE VIEW joined AS SELECT {KEY}, {BODY} FROM joined_rows")
    workspace.execute(
        f"CREATE OR REPLACE TABLE gone AS SELECT {KEY}, {BODY} FROM holdings "
        f"SEMI JOIN (SELECT {KEY} FROM difference WHERE NOT joins) USING ({KEY})"
    )


def _judge(workspace: Workspace, *, is_first: bool, is_whole: bool) -> None:
    columns = f"t1, t2, {BODY}"
    any_body = ", ".join(f"any_value({column}) AS {column}" for column in BODY.split(", "))
    workspace.execute(
        f"CREATE OR REPLACE TABLE touched AS SELECT t1, t2, {any_body}, bit_or(why) AS why FROM ("
        f"SELECT {columns}, CASE WHEN holds THEN {_JOINS} ELSE {_NAMED} END AS why FROM joined UNION ALL "
        f"SELECT {columns}, {_LEAVES} FROM gone WHERE holds UNION ALL "
        f"SELECT {columns}, {_MAYBE} FROM maybes UNION ALL "
        # Somebody's own word about a person, also where another row, or nobody, brought that person in.
        f"SELECT {columns}, {_NAMED} FROM spool WHERE NOT holds AND kind <> {Kind.NOBODY} "
        "AND stream NOT IN (SELECT stream FROM replaced) UNION ALL "
        f"SELECT {columns}, {_UNSEEN} FROM gone ANTI JOIN spool USING ({_HOLDER}) "
        "WHERE holds AND stream IN (SELECT stream FROM replaced)"
        ") GROUP BY t1, t2"
    )
    others = "holdings WHERE false" if is_first else "holdings WHERE holds"
    workspace.execute(
        f"CREATE OR REPLACE TABLE kept AS SELECT DISTINCT t1, t2 FROM (SELECT {KEY} FROM {others}) "
        f"SEMI JOIN touched USING (t1, t2) ANTI JOIN gone USING ({KEY})"
    )
    workspace.execute(
        f"CREATE OR REPLACE VIEW words AS SELECT {columns}, before, after, is_maybe, is_named, is_undecided, "
        "NOT is_undecided AND after AND (is_maybe OR NOT before) AS adds, "
        "NOT is_undecided AND NOT after AND (before OR is_maybe OR is_named) AS removes, "
        "NOT is_undecided AND NOT after AND NOT is_named AND (is_unseen OR (is_maybe AND NOT before)) AS is_absent "
        f"FROM (SELECT touched.*, why = {0 if is_whole else _MAYBE} AS is_undecided, "
        f"why & {_LEAVES} <> 0 OR kept.t1 IS NOT NULL AS before, why & {_JOINS} <> 0 OR kept.t1 IS NOT NULL AS after, "
        f"why & {_MAYBE} <> 0 AS is_maybe, why & {_NAMED} <> 0 AS is_named, why & {_UNSEEN} <> 0 AS is_unseen "
        "FROM touched LEFT JOIN kept ON touched.t1 = kept.t1 AND touched.t2 = kept.t2)"
    )


def _count(workspace: Workspace) -> Figures:
    conditions = (
        "adds",
        "removes",
        "is_absent",
        "removes AND NOT before AND NOT is_maybe",
        "after AND NOT before",
        "before AND NOT after",
        "is_maybe AND NOT before",
        "is_undecided",
    )
    counted = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)
    (counts,) = workspace.execute(f"SELECT {counted} FROM words")
    additions, removals, absent, named, joins, leaves, unconfirmed, undecided = counts
    return Figures(
        additions=additions,
        removals=removals,
        removals_by_absence=absent,
        removals_of_nonmembers=named,
        joins=joins,
        leaves=leaves,
        unconfirmed_before=unconfirmed,
        undecided=undecided,
        unresolved_deletions=_count_unresolved(workspace),
        changed=workspace.number("SELECT (SELECT count(*) FROM joined) + (SELECT count(*) FROM gone)"),
    )


def _count_unresolved(workspace: Workspace) -> int:
    """Deletions by key alone whose key neither the book nor another row of the epoch can resolve."""
    bare = f"SELECT DISTINCT {_HOLDER} FROM spool WHERE NOT holds AND kind = {Kind.NOBODY}"
    if not workspace.number(f"SELECT count(*) FROM ({bare} LIMIT 1)"):
        return 0
    return workspace.number(
        f"SELECT count(*) FROM ({bare}) "
        f"ANTI JOIN (SELECT {_HOLDER} FROM spool WHERE kind <> {Kind.NOBODY}) USING ({_HOLDER}) "
        f"ANTI JOIN (SELECT {_HOLDER} FROM holdings) USING ({_HOLDER})"
    )
