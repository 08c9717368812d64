"""Compares the rows of an epoch with the ledger: which holdings are gained and lost, and what must be sent.

Everything runs in DuckDB, which spills to disk; what has more rows than one join can take is compared part by part, see
scratch.py. Only the holdings that the rows touch are read in full, so an unchanged table costs one join and no more.
Each step makes a table or a view that the next ones read:

    replaced, removed_everywhere   what the caller asked for beside rows
    latest                         the rows that count: the last one for each holder
    gained, lost                   holdings that are new, and that are gone
    touched                        every identifier that any of this concerns, with the reasons; a view of the spool
                                   where there was nothing before, as a first fill would copy all of it
    still                          those of them that another row still holds, or objects to
    decisions                      for each of them: was it a member, is it one now, what is to be sent; and which row
                                   was the first to add it
    person_of                      where people are sent as rows: whose row each identifier goes in

An identifier is a member if a row holds it and none objects to it.

Where people are sent as rows, the removal of one identifier takes everything out that was in a row with it. So all that
a changed holder had or has, and that is to stay, is added again; a holder is changed as well if another objects to
something of it. Whatever is a member is then in a row that has nothing but what a present holder holds, and so no later
removal can take it along unnoticed.
"""

# ruff: noqa: S608 - statements are built from this package's constants; data comes in parameters and files.

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from destination_pinterest.membership.holdings import BODY, KEY, Holdings
from destination_pinterest.membership.keys import NEEDS_ROWS, Kind
from destination_pinterest.membership.says import Says
from destination_pinterest.membership.scratch import Scratch
from destination_pinterest.membership.spool import EVERYWHERE, FORMER_HOLDERS, HOLDER
from destination_pinterest.membership.workspace import Workspace

# Why an identifier is considered, as bits: several reasons may apply at once.
_GAINED: Final = 1
_LOST: Final = 2
_IN_DOUBT: Final = 4
_REQUESTED: Final = 8
_ABSENT: Final = 16
_OBJECTED: Final = 32
_OBJECTION_LOST: Final = 64
_ADDED_AGAIN: Final = 128

COMPARED: Final = "compared"
"""The name of the scratch database, as the queries here have it."""

_ROWS: Final = "SELECT count(*) FROM spool"


class Counts(msgspec.Struct, frozen=True):
    """The counts of a diff; see Delta. `joins` and `leaves` count members, `changed` counts holdings."""

    additions: int
    removals: int
    removals_by_absence: int
    removals_of_nonmembers: int
    joins: int
    leaves: int
    unconfirmed_before: int
    in_doubt: int
    unresolved_deletions: int
    changed: int
    objected: int
    needs_rows: int
    stuck: int


def diff(
    workspace: Workspace,
    scratch: Scratch,
    holdings: Holdings,
    replaced: Collection[int],
    *,
    is_whole: bool,
    sends_people: bool = False,
    keeps_rows: bool = False,
) -> Counts:
    """Makes `gained`, `lost` and `decisions` from the rows in `spool`, the holdings and the identifiers in doubt.

    Args:
        workspace: where all of these are.
        scratch: for what is made on the way; its name is COMPARED.
        holdings: the ledger's content.
        replaced: the numbers of the streams whose rows are all in the spool.
        is_whole: whether identifiers in doubt are decided even if no row mentions them. Otherwise they stay in doubt:
            their rows may still come and would undo what was sent.
        sends_people: whether people are, or were, sent as rows.
        keeps_rows: whether what only rows can carry stays as it is, since they are refused; it is in doubt then.
    """
    scratch.begin(workspace.number(_ROWS) + holdings.most_rows)
    _select_requests(workspace, replaced)
    _select_latest(scratch)
    if holdings.is_empty:
        _gain_everything(workspace)
    else:
        _compare(workspace, scratch, replaced, holdings.most_rows)
    if sends_people:
        _select_people(workspace)
    is_simple = holdings.is_empty and not sends_people and not workspace.number("SELECT count(*) FROM in_doubt")
    if not is_simple or not _touch_everything(workspace, scratch):
        _select_touched(workspace, scratch, sends_people=sends_people)
    _select_still(scratch, is_first=holdings.is_empty)
    _decide(scratch, is_whole=is_whole, sends_people=sends_people, keeps_rows=keeps_rows)
    return _count(workspace)


def _select_requests(workspace: Workspace, replaced: Collection[int]) -> None:
    workspace.execute("CREATE OR REPLACE TABLE replaced AS SELECT unnest(?::USMALLINT[]) AS stream", [list(replaced)])
    # It says HOLDS so that joins meet only what holds the identifier: a tombstone of it stays, as it agrees.
    workspace.execute(
        f"""
        CREATE OR REPLACE TABLE removed_everywhere AS
        SELECT DISTINCT {Says.HOLDS:d}::UTINYINT AS says, t1, t2 FROM spool WHERE stream = {EVERYWHERE}
        """
    )


def _select_latest(scratch: Scratch) -> None:
    # As a rule no key comes twice. Half a digest shows that, in a fraction of the memory of all of it.
    scratch.create(
        "coming_again",
        "SELECT h1 FROM spool WHERE in_pass(h1) GROUP BY h1 HAVING min(row) < max(row)",
        _ROWS,
    )
    scratch.create(
        "superseded",
        f"""
        SELECT {HOLDER}, max(row) AS row, min(row) AS first FROM spool
        SEMI JOIN (SELECT h1 FROM compared.coming_again WHERE in_pass(h1)) USING (h1) WHERE in_pass(h1)
        GROUP BY {HOLDER} HAVING min(row) < max(row)
        """,
        "SELECT count(*) FROM compared.coming_again",
    )

    # Of a table that is replaced, removals are kept too: as tombstones. `row` is the holder's first: what the last one
    # says is sent in its place, so that no state between the two is ahead.
    scratch.see(
        "latest",
        f"""
        SELECT {KEY}, {BODY}, coalesce(o.first, s.row) AS row FROM (
            SELECT {KEY}, {BODY}, row FROM spool
            WHERE kind <> {Kind.NOBODY} AND says <> {Says.KEEPS:d}
            AND (says <> {Says.REMOVES:d} OR stream IN (SELECT stream FROM replaced)) AND in_pass(h1)
        ) s
        LEFT JOIN (SELECT {HOLDER}, row, first FROM compared.superseded WHERE in_pass(h1)) o USING ({HOLDER})
        ANTI JOIN removed_everywhere r USING (says, t1, t2)
        WHERE o.row IS NULL OR s.row = o.row
        """,
        "SELECT count(*) FROM compared.superseded",
    )


def _gain_everything(workspace: Workspace) -> None:
    workspace.execute(f"CREATE OR REPLACE VIEW gained AS SELECT {KEY}, {BODY}, row FROM latest")
    workspace.execute(f"CREATE OR REPLACE VIEW lost AS SELECT {KEY}, {BODY} FROM holdings WHERE false")


def _compare(workspace: Workspace, scratch: Scratch, replaced: Collection[int], most_holdings: int) -> None:
    """Compares keys alone, and fetches the bodies only of what differs."""
    columns = KEY.split(", ")
    either = ", ".join(f"coalesce(new.{column}, old.{column}) AS {column}" for column in columns)
    is_same = " AND ".join(f"new.{column} = old.{column}" for column in columns)
    joined = f"SELECT greatest(({_ROWS}), {most_holdings})"
    of_rows = _old_of_rows(workspace, scratch, replaced, joined)
    # A holding may be in `old` twice, by its row and by removed_everywhere. It is lost once: `lost` semi-joins.
    # What a former digest of a key holds is lost to the present one, which as a rule gains it: nothing is sent then.
    scratch.create(
        "difference",
        f"""
        WITH
            new AS (SELECT {KEY} FROM latest WHERE in_pass(t1)),
            old AS (
                SELECT {KEY} FROM holdings WHERE stream IN (SELECT stream FROM replaced) AND in_pass(t1)
                UNION ALL
                {of_rows} WHERE in_pass(t1)
                UNION ALL
                SELECT {KEY} FROM holdings SEMI JOIN ({FORMER_HOLDERS}) USING ({HOLDER}) WHERE in_pass(t1)
                UNION ALL
                SELECT {KEY} FROM holdings SEMI JOIN removed_everywhere USING (says, t1, t2) WHERE in_pass(t1)
            )
        SELECT {either}, old.stream IS NULL AS is_gained
        FROM new FULL JOIN old ON {is_same}
        WHERE new.stream IS NULL OR old.stream IS NULL
        """,
        joined,
    )
    scratch.create(
        "gained",
        f"""
        SELECT {KEY}, {BODY}, row FROM latest
        SEMI JOIN (SELECT {KEY} FROM compared.difference WHERE is_gained AND in_pass(t1)) USING ({KEY})
        WHERE in_pass(t1)
        """,
        "SELECT count(*) FROM compared.difference WHERE is_gained",
    )
    scratch.create(
        "lost",
        f"""
        SELECT {KEY}, {BODY} FROM holdings
        SEMI JOIN (SELECT {KEY} FROM compared.difference WHERE NOT is_gained AND in_pass(t1)) USING ({KEY})
        WHERE in_pass(t1)
        """,
        "SELECT count(*) FROM compared.difference WHERE NOT is_gained",
    )
    workspace.execute(f"CREATE OR REPLACE VIEW gained AS SELECT {KEY}, {BODY}, row FROM compared.gained")
    workspace.execute(f"CREATE OR REPLACE VIEW lost AS SELECT {KEY}, {BODY} FROM compared.lost")


def _old_of_rows(workspace: Workspace, scratch: Scratch, replaced: Collection[int], joined: str) -> str:
    """Returns the query for what the rows of the spool held before, where their stream is not replaced.

    The holdings of a replaced table, which may be many, need no join with its rows.
    """
    others = "SELECT stream FROM holdings WHERE stream NOT IN (SELECT stream FROM replaced) LIMIT 1"
    if replaced and not workspace.number(f"SELECT count(*) FROM ({others})"):
        return f"SELECT {KEY} FROM (SELECT {KEY} FROM holdings WHERE false)"
    scratch.see(
        "old_of_rows",
        f"""
        SELECT {KEY} FROM holdings SEMI JOIN (SELECT {HOLDER} FROM spool WHERE in_pass(h1)) USING ({HOLDER})
        WHERE stream NOT IN (SELECT stream FROM replaced) AND in_pass(h1)
        """,
        joined,
    )
    return f"SELECT {KEY} FROM old_of_rows"


def _select_people(workspace: Workspace) -> None:
    """Makes `changed_holders`, and numbers people in the order of the rows; a row without a key is nobody's."""
    workspace.execute(
        f"""
        CREATE OR REPLACE TABLE changed_holders AS
        SELECT {HOLDER} FROM gained WHERE says = {Says.HOLDS:d}
        UNION SELECT {HOLDER} FROM lost WHERE says = {Says.HOLDS:d}
        UNION SELECT {HOLDER} FROM holdings
            SEMI JOIN (SELECT t1, t2 FROM gained WHERE says = {Says.OBJECTS:d}) USING (t1, t2)
            WHERE says = {Says.HOLDS:d}
        """
    )
    workspace.execute(
        f"""
        CREATE OR REPLACE TABLE person_of AS
        WITH
            held AS (
                SELECT {HOLDER}, t1, t2, row FROM gained WHERE says = {Says.HOLDS:d}
                UNION ALL
                SELECT {HOLDER}, t1, t2, NULL FROM holdings
                SEMI JOIN changed_holders USING ({HOLDER}) ANTI JOIN lost USING ({KEY})
                WHERE says = {Says.HOLDS:d}
            ),
            people AS (
                SELECT {HOLDER}, coalesce(min(row), 0) AS row,
                    row_number() OVER (ORDER BY coalesce(min(row), 0), {HOLDER}) AS person
                FROM held WHERE h1 <> t1 OR h2 <> t2 GROUP BY {HOLDER}
            )
        SELECT t1, t2, min(person)::UBIGINT AS person, arg_min(people.row, person) AS row
        FROM held JOIN people USING ({HOLDER}) GROUP BY t1, t2
        """
    )


def _touch_everything(workspace: Workspace, scratch: Scratch) -> bool:
    """Touches all that is gained and requested, where there was nothing before; False if it is not worth it.

    As a rule no identifier comes twice, and then none is copied: half a digest of each shows which do.
    """
    workspace.execute(
        f"CREATE OR REPLACE VIEW reasons_once AS {_reasons_of_gained()} UNION ALL {_reasons_of_removals()}"
    )
    scratch.create(
        "shared",
        "SELECT t1 FROM reasons_once WHERE in_pass(t1) GROUP BY t1 HAVING count(*) > 1",
        _ROWS,
    )
    shared = "SELECT count(*) FROM compared.shared"
    if scratch.takes_passes(shared):
        return False
    scratch.create(
        "touched",
        _grouped("SELECT * FROM reasons_once SEMI JOIN compared.shared USING (t1)"),
        shared,
    )
    workspace.execute(
        f"""
        CREATE OR REPLACE VIEW touched AS
        SELECT t1, t2, {BODY}, reason AS reasons, row FROM reasons_once ANTI JOIN compared.shared USING (t1)
        UNION ALL
        SELECT t1, t2, {BODY}, reasons, row FROM compared.touched
        """
    )
    return True


def _select_touched(workspace: Workspace, scratch: Scratch, *, sends_people: bool) -> None:
    scratch.see(
        "absent",
        f"""
        SELECT t1, t2, {BODY} FROM lost
        ANTI JOIN (
            SELECT {HOLDER} FROM (SELECT {HOLDER} FROM spool UNION ALL {FORMER_HOLDERS}) WHERE in_pass(h1)
        ) USING ({HOLDER})
        WHERE says = {Says.HOLDS:d} AND stream IN (SELECT stream FROM replaced) AND in_pass(h1)
        """,
        "SELECT count(*) FROM lost",
    )
    added_again = f"""
            UNION ALL
            SELECT t1, t2, {BODY}, {_ADDED_AGAIN}, NULL FROM holdings SEMI JOIN changed_holders USING ({HOLDER})
            WHERE says = {Says.HOLDS:d}
        """
    # The third and the fourth part: a row that has not changed may hold what is in doubt, which an earlier sync was
    # about to remove.
    reasons = f"""
            {_reasons_of_gained()}
            UNION ALL
            SELECT t1, t2, {BODY}, CASE says WHEN {Says.HOLDS:d} THEN {_LOST} ELSE {_OBJECTION_LOST} END, NULL
            FROM lost WHERE says <> {Says.REMOVES:d}
            UNION ALL
            SELECT t1, t2, {BODY}, {_IN_DOUBT}, NULL FROM in_doubt
            UNION ALL
            SELECT t1, t2, {BODY}, {_GAINED}, row FROM latest SEMI JOIN in_doubt USING (t1, t2)
            WHERE says = {Says.HOLDS:d}
            UNION ALL
            {_reasons_of_removals()}
            UNION ALL
            SELECT t1, t2, {BODY}, {_ABSENT}, NULL FROM absent
            {added_again if sends_people else ""}
        """
    scratch.create(
        "touched",
        _grouped(reasons),
        f"""
        SELECT (SELECT count(*) FROM gained) + (SELECT count(*) FROM lost) + (SELECT count(*) FROM in_doubt)
            + (SELECT count(*) FROM spool WHERE says = {Says.REMOVES:d})
        """,
    )
    workspace.execute(f"CREATE OR REPLACE VIEW touched AS SELECT t1, t2, {BODY}, reasons, row FROM compared.touched")


def _reasons_of_gained() -> str:
    return f"""
            SELECT t1, t2, {BODY}, CASE says
                WHEN {Says.HOLDS:d} THEN {_GAINED}
                WHEN {Says.OBJECTS:d} THEN {_OBJECTED | _REQUESTED}
                ELSE {_REQUESTED}
            END AS reason, row FROM gained
        """


def _reasons_of_removals() -> str:
    """The explicit removals, even of an identifier that another row added, or none did."""
    return f"""
            SELECT t1, t2, {BODY}, {_REQUESTED} AS reason, NULL AS row FROM spool
            WHERE says = {Says.REMOVES:d} AND kind <> {Kind.NOBODY} AND stream NOT IN (SELECT stream FROM replaced)
        """


def _grouped(reasons: str) -> str:
    any_body = ", ".join(f"any_value({column}) AS {column}" for column in BODY.split(", "))
    return f"""
        SELECT t1, t2, {any_body}, bit_or(reason) AS reasons, min(row) AS row FROM ({reasons})
        WHERE in_pass(t1) GROUP BY t1, t2
    """


def _select_still(scratch: Scratch, *, is_first: bool) -> None:
    is_candidate = "false" if is_first else f"says <> {Says.REMOVES:d}"
    scratch.create(
        "still",
        f"""
        SELECT t1, t2, bool_or(says = {Says.HOLDS:d}) AS held, bool_or(says = {Says.OBJECTS:d}) AS objected
        FROM (SELECT {KEY} FROM holdings WHERE {is_candidate} AND in_pass(t1))
        SEMI JOIN (SELECT t1, t2 FROM touched WHERE in_pass(t1)) USING (t1, t2)
        ANTI JOIN (SELECT {KEY} FROM lost WHERE in_pass(t1)) USING ({KEY}) GROUP BY t1, t2
        """,
        "SELECT count(*) FROM compared.touched",
    )


def _decide(scratch: Scratch, *, is_whole: bool, sends_people: bool, keeps_rows: bool) -> None:
    stays_in_doubt = "false" if is_whole else f"reasons = {_IN_DOUBT}"
    if sends_people:  # It may have been taken out with another of its row, whose row need not come again.
        stays_in_doubt = f"({stays_in_doubt} AND NOT coalesce(held, false))"
    is_requested = f"reasons & {_REQUESTED} <> 0"
    if keeps_rows:  # Who was never in need not leave: there may be an objection to somebody who could not join.
        stays_in_doubt = f"({stays_in_doubt} OR ({NEEDS_ROWS} AND (was_member OR is_member OR was_in_doubt)))"
        is_requested = f"({is_requested} AND NOT {NEEDS_ROWS})"

    scratch.see(
        "decisions",
        f"""
        WITH facts AS (
            SELECT
                touched.*,
                reasons & {_GAINED} <> 0 OR coalesce(held, false) AS is_held,
                reasons & {_OBJECTED} <> 0 OR coalesce(objected, false) AS is_objected,
                (reasons & {_LOST} <> 0 OR coalesce(held, false))
                    AND NOT (reasons & {_OBJECTION_LOST} <> 0 OR coalesce(objected, false)) AS was_member,
                is_held AND NOT is_objected AS is_member,
                reasons & {_IN_DOUBT} <> 0 AS was_in_doubt,
                {is_requested} AS is_requested,
                reasons & {_ABSENT} <> 0 AS is_absent,
                reasons & {_ADDED_AGAIN} <> 0 AS is_added_again,
                reasons & {_GAINED} <> 0 AND is_objected AS is_held_back,
                {stays_in_doubt} AS stays_in_doubt
            FROM touched
            LEFT JOIN (SELECT * FROM compared.still WHERE in_pass(t1)) still
                ON touched.t1 = still.t1 AND touched.t2 = still.t2
            WHERE in_pass(touched.t1)
        )
        SELECT
            t1, t2, {BODY}, row, was_member, is_member, was_in_doubt, stays_in_doubt, is_held_back,
            NOT stays_in_doubt AND is_member AND (was_in_doubt OR NOT was_member OR is_added_again) AS adds,
            NOT stays_in_doubt AND NOT is_member AND (was_member OR was_in_doubt OR is_requested) AS removes,
            removes AND NOT is_requested AND (is_absent OR (was_in_doubt AND NOT was_member)) AS leaves_by_absence
        FROM facts
        """,
        "SELECT count(*) FROM compared.still",
    )


def _count(workspace: Workspace) -> Counts:
    (counts,) = workspace.execute(
        f"""
        SELECT
            count(*) FILTER (WHERE adds),
            count(*) FILTER (WHERE removes),
            count(*) FILTER (WHERE leaves_by_absence),
            count(*) FILTER (WHERE removes AND NOT was_member AND NOT was_in_doubt),
            count(*) FILTER (WHERE is_member AND NOT was_member),
            count(*) FILTER (WHERE was_member AND NOT is_member),
            count(*) FILTER (WHERE was_in_doubt AND NOT was_member),
            count(*) FILTER (WHERE stays_in_doubt),
            count(*) FILTER (WHERE is_held_back),
            count(*) FILTER (WHERE (adds OR removes) AND {NEEDS_ROWS}),
            count(*) FILTER (WHERE stays_in_doubt AND {NEEDS_ROWS} AND NOT is_member)
        FROM decisions
        """
    )
    additions, removals, by_absence, of_nonmembers, joins, leaves, unconfirmed, in_doubt, *others = counts
    objected, needs_rows, stuck = others
    return Counts(
        additions=additions,
        removals=removals,
        removals_by_absence=by_absence,
        removals_of_nonmembers=of_nonmembers,
        joins=joins,
        leaves=leaves,
        unconfirmed_before=unconfirmed,
        in_doubt=in_doubt,
        unresolved_deletions=_count_unresolved(workspace),
        objected=objected,
        changed=workspace.number("SELECT (SELECT count(*) FROM gained) + (SELECT count(*) FROM lost)"),
        needs_rows=needs_rows,
        stuck=stuck,
    )


def _count_unresolved(workspace: Workspace) -> int:
    """Deletions by key alone whose key neither the ledger nor another row of the epoch can resolve."""
    by_key_alone = f"SELECT DISTINCT {HOLDER} FROM spool WHERE says = {Says.REMOVES:d} AND kind = {Kind.NOBODY}"
    # Most epochs have none, and are spared the joins.
    if not workspace.number(f"SELECT count(*) FROM ({by_key_alone} LIMIT 1)"):
        return 0
    return workspace.number(
        f"""
        SELECT count(*) FROM ({by_key_alone})
        ANTI JOIN (SELECT {HOLDER} FROM spool WHERE kind <> {Kind.NOBODY}) USING ({HOLDER})
        ANTI JOIN (SELECT {HOLDER} FROM holdings) USING ({HOLDER})
        ANTI JOIN (
            SELECT f.{HOLDER.replace(", ", ", f.")} FROM former f
            JOIN (SELECT DISTINCT {HOLDER} FROM holdings) h ON f.stream = h.stream AND f.f1 = h.h1 AND f.f2 = h.h2
        ) USING ({HOLDER})
        """
    )
