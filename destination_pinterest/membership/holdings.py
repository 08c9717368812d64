"""The holdings, which rows have which identifiers: reads them from the ledger's files and writes the next version.

A holding is one row of a table and one of its identifiers. `base` is a Parquet file of holdings; `delta` has the
changes since, so that a small change costs a small file. Once the delta is no longer small, base is rewritten.

While something is sent there are two more files: what is sent, numbered in the order of sending, and all changes that
it makes. So to say how far the sending has come takes numbers, and no file.

Not all of them hold: see says.py. Tombstones, rows of a replaced table that remove their identifier, are kept so that
an unchanged table does not send the same removal again; objections, rows without consent, so that no other row adds
theirs.

The columns are those of the files, and the files are kept from version to version: none may be renamed.
"""

# ruff: noqa: S608 - statements are built from this package's constants; data comes in files.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from destination_pinterest.membership.keys import KIND_BITS, KIND_MASK, Kind
from destination_pinterest.membership.says import READ_SAYS, WRITE_SAYS, Says
from destination_pinterest.membership.scratch import Scratch, whole
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.membership.spool import HOLDER
from destination_pinterest.membership.workspace import Columns, Workspace

KEY: Final = "stream, says, h1, h2, t1, t2"
BODY: Final = "kind, c1, c2, c3, c4, long"
# Each sync downloads base anyway, so uploading a sixteenth of it is cheap.
_SHARE_OF_BASE: Final = 16
_TYPES: Final = {
    "is_in": "BOOLEAN",
    "adds": "BOOLEAN",
    "members": "TINYINT",
    "row": "UINTEGER",
    "stream": "USMALLINT",
    "holds": "BOOLEAN",
    "kind": "UTINYINT",
    "long": "BLOB",
}
_DELTA: Final = ("is_in", *KEY.split(", "), *BODY.split(", "))
_DELTA_FILE: Final = ("is_in", *KEY.replace("says", "holds").split(", "), *BODY.split(", "))
_IN_DOUBT: Final = ("t1", "t2", *BODY.split(", "))
# `n` counts from 0; `members` is how many members more there are once it is accepted; `row` is in the spool the first
# one that adds it; `person` is whose row it goes in, since format 4.
_SENDING: Final = ("n", "adds", "members", "row", *_IN_DOUBT)
_SENDING_PEOPLE: Final = (*_SENDING, "person")
# A row without a key is its own holder, so files leave the holder out.
_KEY_READ: Final = KEY.replace("h1, h2", "coalesce(h1, t1) AS h1, coalesce(h2, t2) AS h2").replace("says", READ_SAYS)
_KEY_WRITTEN: Final = KEY.replace("says", WRITE_SAYS).replace(
    "h1, h2",
    "CASE WHEN h1 = t1 AND h2 = t2 THEN NULL ELSE h1 END AS h1, "
    "CASE WHEN h1 = t1 AND h2 = t2 THEN NULL ELSE h2 END AS h2",
)
# Rows that a file keeps together: as many as DuckDB does by itself; and fewer of what is read a slice at a time, since
# of a group that a slice has a part of, all is read.
_ROWS_A_GROUP: Final = 122_880
_SENDING_GROUP: Final = 40_960
# No dictionary has so many values that it pays: encrypted values are distinct, and few others occur.
_DICTIONARY: Final = 1_000
# Members before, which a removal of another identifier may have taken out meanwhile.
_ADDED_AGAIN: Final = "(adds AND members = 0)"
# From the first number of each to the one before the last.
Ranges = Sequence[tuple[int, int]]


class Forgotten(msgspec.Struct, frozen=True):
    """What a ledger has of people who are to be forgotten.

    Args:
        members: how many of its members are among them.
        is_nobody: whether none of them is in its files, not even as somebody who was removed.
        has_doubts: whether others stay in doubt.
    """

    members: int
    is_nobody: bool
    has_doubts: bool


class Holdings:
    """The views `holdings` (KEY and BODY), `in_doubt` (tag and BODY) and `sending` of a workspace.

    Args:
        workspace: where they are.
        sizes: see Sizes.
        outlives_files: whether files are copied, since a sync at work on the ledger may delete them meanwhile.
    """

    def __init__(self, workspace: Workspace, sizes: Sizes, *, outlives_files: bool = False) -> None:
        self._workspace = workspace
        self._sizes = sizes
        self._resumed = Scratch(workspace, "resumed", sizes.at_once)
        self._rewritten = Scratch(workspace, "rewritten", sizes.at_once)
        self._form = "TABLE" if outlives_files else "VIEW"
        self._base_rows = 0
        self._delta_rows = 0
        # Up to which number the members that are gained were counted, and how many they are.
        self._counted = 0, 0
        # Which columns of what is sent are there, besides those that always are; None as long as nobody asked.
        self._sometimes: str | None = None
        self.read_base(None)
        self.read_delta(None)
        self.read_in_doubt(None)
        self.read_sending(None)
        workspace.execute(
            f"""
            CREATE VIEW holdings AS
            SELECT {KEY}, {BODY} FROM base ANTI JOIN (SELECT {KEY} FROM delta WHERE NOT is_in) USING ({KEY})
            UNION ALL
            SELECT {KEY}, {BODY} FROM delta WHERE is_in
            """
        )

    @property
    def most_rows(self) -> int:
        """At most so many holdings there are."""
        return self._base_rows + self._delta_rows

    @property
    def is_empty(self) -> bool:
        """Whether there are no holdings."""
        return self.most_rows == 0

    def read_base(self, path: Path | None) -> None:
        """Reads base from a file; None if it is empty."""
        self._workspace.execute(
            f"CREATE OR REPLACE {self._form} base AS SELECT {_KEY_READ}, {BODY} FROM {_source(path, _DELTA_FILE[1:])}"
        )
        self._base_rows = self._workspace.number("SELECT count(*) FROM base")

    def read_delta(self, path: Path | None) -> None:
        """Reads the changes since base from a file; None if there are none."""
        self._workspace.execute(
            f"CREATE OR REPLACE TABLE read_delta AS SELECT is_in, {_KEY_READ}, {BODY} FROM {_source(path, _DELTA_FILE)}"
        )
        self._workspace.execute(f"CREATE OR REPLACE VIEW delta AS SELECT {', '.join(_DELTA)} FROM read_delta")
        self._delta_rows = self._workspace.number("SELECT count(*) FROM delta")

    def read_in_doubt(self, path: Path | None) -> None:
        """Reads the identifiers in doubt from a file; None if there are none."""
        self._workspace.execute(
            f"CREATE OR REPLACE {self._form} in_doubt AS SELECT {', '.join(_IN_DOUBT)} FROM {_source(path, _IN_DOUBT)}"
        )

    def read_sending(self, path: Path | None) -> None:
        """Reads from a file what is being sent; None if nothing is."""
        self._counted, self._sometimes = (0, 0), None
        columns = ", ".join(_SENDING_PEOPLE)
        self._workspace.execute(
            f"CREATE OR REPLACE VIEW sending AS SELECT {columns} FROM {_source(path, _SENDING_PEOPLE)}"
        )

    def resume(self, sending: Path | None, changes: Path | None, accepted: Ranges, begun: int) -> None:
        """Takes in how far an ended sync came: what was accepted counts, and what else was begun is in doubt.

        Args:
            sending: the file of what it was sending.
            changes: that of the changes which come with it.
            accepted: the numbers of what Pinterest accepted.
            begun: the number from which on nothing can have been sent.
        """
        execute = self._workspace.execute
        execute(f"CREATE OR REPLACE VIEW sending AS SELECT {', '.join(_SENDING)} FROM {_source(sending, _SENDING)}")
        sent = "SELECT count(*) FROM sending"
        self._resumed.begin(self._workspace.number(sent))
        self._resumed.create(
            "in_doubt",
            f"""
            SELECT {", ".join(_IN_DOUBT)} FROM in_doubt
            ANTI JOIN (
                SELECT t1, t2 FROM sending WHERE (n < {begun} OR {_ADDED_AGAIN}) AND in_pass(t1)
            ) USING (t1, t2)
            WHERE in_pass(t1)
            UNION ALL
            SELECT {", ".join(_IN_DOUBT)} FROM sending
            WHERE (n < {begun} OR {_ADDED_AGAIN}) AND NOT ({_numbered(accepted)}) AND in_pass(t1)
            """,
            sent,
        )
        # The identifiers of some changes are not sent at all, since other rows hold them.
        self._resumed.create(
            "accepted",
            f"""
            SELECT is_in, {_KEY_READ}, {BODY} FROM {_source(changes, _DELTA_FILE)}
            ANTI JOIN (SELECT t1, t2 FROM sending WHERE NOT ({_numbered(accepted)}) AND in_pass(t1)) USING (t1, t2)
            WHERE in_pass(t1)
            """,
            sent,
        )
        self._resumed.create("delta", _followed_by("resumed.accepted"), sent)
        execute(f"CREATE OR REPLACE VIEW delta AS SELECT {', '.join(_DELTA)} FROM resumed.delta")
        execute(f"CREATE OR REPLACE {self._form} in_doubt AS SELECT * FROM resumed.in_doubt")
        self._delta_rows = self._workspace.number("SELECT count(*) FROM delta")
        self.read_sending(None)

    def identifiers(self, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yields the sealed identifiers of all holdings and of those in doubt, at most `size` at a time."""
        sealed = f"SELECT kind & {KIND_MASK} AS kind, long, t1, t2, c1, c2, c3, c4"
        holdings = f"{sealed} FROM holdings WHERE says = {Says.HOLDS:d} AND kind & {KIND_MASK} < {Kind.UNCHANGED:d}"
        return self._workspace.chunks(f"{holdings} UNION ALL {sealed} FROM in_doubt", size)

    def select_forgotten(self, *, sends_people: bool) -> Forgotten:
        """Makes the table `forgotten` of all identifiers in the spool, and `companions` of what left along with them.

        `sends_people`: whether people were sent as rows, which are taken out as a whole.
        """
        self._workspace.execute("CREATE OR REPLACE TABLE forgotten AS SELECT DISTINCT t1, t2 FROM spool")
        of_rows = f"SEMI JOIN (SELECT {HOLDER} FROM holdings SEMI JOIN forgotten USING (t1, t2)) USING ({HOLDER})"
        self._workspace.execute(
            f"""
            CREATE OR REPLACE TABLE companions AS
            SELECT DISTINCT ON (t1, t2) {", ".join(_IN_DOUBT)} FROM holdings {of_rows}
            ANTI JOIN forgotten USING (t1, t2)
            ANTI JOIN (SELECT t1, t2 FROM holdings WHERE says = {Says.OBJECTS:d}) USING (t1, t2)
            ANTI JOIN (SELECT t1, t2 FROM in_doubt) USING (t1, t2)
            WHERE says = {Says.HOLDS:d} AND kind & {KIND_MASK} < {Kind.UNCHANGED:d} AND {sends_people}
            """
        )
        number = self._workspace.number
        found = sum(
            number(f"SELECT count(*) FROM {table} SEMI JOIN forgotten USING (t1, t2)")
            for table in ("base", "delta", "in_doubt")
        )
        held = f"SELECT DISTINCT t1, t2 FROM holdings SEMI JOIN forgotten USING (t1, t2) WHERE says = {Says.HOLDS:d}"
        doubts = number(
            "SELECT (SELECT count(*) FROM in_doubt ANTI JOIN forgotten USING (t1, t2)) "
            "+ (SELECT count(*) FROM companions)"
        )
        return Forgotten(number(f"SELECT count(*) FROM ({held})"), not found, bool(doubts))

    def write_without_forgotten(self, base: Path, in_doubt: Path) -> None:
        """Writes all holdings, tombstones and objections too, and what is in doubt, without those in `forgotten`.

        What left along with them is in doubt from now on.
        """
        self._copy(f"SELECT {_KEY_WRITTEN}, {BODY} FROM holdings ANTI JOIN forgotten USING (t1, t2)", base)
        doubts = f"SELECT {', '.join(_IN_DOUBT)} FROM in_doubt ANTI JOIN forgotten USING (t1, t2)"
        self._copy(f"{doubts} UNION ALL SELECT {', '.join(_IN_DOUBT)} FROM companions", in_doubt)

    def write_delta(self, path: Path, changed: int) -> bool:
        """Writes the changes since base, with `gained` and `lost` (`changed` rows, 0: without them) added.

        Returns False, and writes nothing, if it is time to rewrite base.
        """
        if not self._is_small(self._delta_rows + changed):
            return False
        delta = f"({whole(_followed_by(_NEW))})" if changed else "delta"
        self._copy(f"SELECT is_in, {_KEY_WRITTEN}, {BODY} FROM {delta}", path)
        return True

    def write_base(self, path: Path, changed: int) -> None:
        """Writes all holdings, with `gained` and without `lost` (`changed` rows, 0: as they are)."""
        if not changed:
            self._copy(f"SELECT {_KEY_WRITTEN}, {BODY} FROM holdings", path)
            return
        self._rewritten.begin(changed)
        self._rewritten.see("staying", _WITHOUT_LOST, "SELECT count(*) FROM lost")
        self._copy(f"SELECT {_KEY_WRITTEN}, {BODY} FROM (FROM staying UNION ALL {_GAINED})", path)
        self._rewritten.begin(0)

    def becomes(self, changed: int) -> str | None:
        """What a file of the next changes alone is once they count: "base", or "delta"; None if it is neither."""
        if self._delta_rows:
            return None
        if self._is_small(changed):
            return "delta"
        return "base" if self.is_empty else None

    def write_changes(self, path: Path) -> None:
        """Writes `gained` and `lost` alone."""
        self._copy(f"SELECT is_in, {_KEY_WRITTEN}, {BODY} FROM {_NEW}", path)

    def write_sending(self, path: Path, removals: int, *, in_order: bool, has_people: bool = False) -> None:
        """Writes and numbers what is about to be sent: the removals first, then the additions.

        Args:
            path: the file.
            removals: how many removals there are.
            in_order: whether the additions are numbered in the order of the rows.
            has_people: whether the identifiers of a person, in `person_of`, have numbers side by side.
        """
        columns, identifier = ", ".join(_SENDING_PEOPLE[1:]), ", ".join(_IN_DOUBT)
        order = "ORDER BY row NULLS FIRST" if in_order else ""
        adding = "(SELECT *, NULL::UBIGINT AS person FROM decisions WHERE adds)"
        if has_people:
            order = "ORDER BY row NULLS FIRST, person NULLS FIRST"
            adding = """(
                SELECT d.* EXCLUDE (row), coalesce(p.row, d.row) AS row, p.person
                FROM decisions d LEFT JOIN person_of p ON d.t1 = p.t1 AND d.t2 = p.t2 WHERE d.adds
            )"""
        members = "is_member::TINYINT - was_member::TINYINT AS members"
        removing = f"""
                SELECT row_number() OVER () - 1 AS n, adds, {members}, row, {identifier}, NULL::UBIGINT AS person
                FROM decisions WHERE removes
                UNION ALL
        """
        self._copy(
            f"""
            WITH numbered AS (
                {removing if removals else ""}
                SELECT {removals} + row_number() OVER ({order}) - 1 AS n, adds, {members}, row, {identifier}, person
                FROM {adding}
            )
            SELECT n::UBIGINT AS n, {columns} FROM numbered
            """,
            path,
            rows_a_group=_SENDING_GROUP,
        )

    def sent(self, first: int, last: int) -> Columns:
        """Returns what has the numbers from `first` to the one before `last`, in order.

        The columns `person` and `long` are left out if nothing that is sent has any.
        """
        if self._sometimes is None:
            ((people, long),) = self._workspace.execute("SELECT count(person), count(long) FROM sending")
            self._sometimes = ("person, " if people else "") + ("long, " if long else "")
        return self._workspace.columns(
            f"SELECT {self._sometimes}kind >> {KIND_BITS} AS place, kind & {KIND_MASK} AS kind, "
            f"t1, t2, c1, c2, c3, c4 FROM sending WHERE n >= {first} AND n < {last} ORDER BY n"
        )

    def members_gained(self, accepted: Ranges) -> int:
        """How many members more there are once what has these numbers is accepted."""
        # What is accepted grows from 0 on, and each time all of it is told.
        counted, members = self._counted
        if not accepted or accepted[0][0] or accepted[0][1] < counted:
            return self._members_within(accepted)
        (_, upto), *others = accepted
        members += self._members_within([(counted, upto)])
        self._counted = upto, members
        return members + (self._members_within(others) if others else 0)

    def _members_within(self, numbers: Ranges) -> int:
        return self._workspace.number(f"SELECT coalesce(sum(members), 0) FROM sending WHERE {_numbered(numbers)}")

    def row_of(self, number: int) -> int:
        """The row of an addition by its number; 0 if no row of the epoch added it, or it is a removal."""
        return self._workspace.number(f"SELECT coalesce(max(row), 0) FROM sending WHERE n = {number} AND adds")

    def write_in_doubt(self, path: Path) -> None:
        """Writes the identifiers that stay in doubt: no row has mentioned them yet."""
        self._copy(f"SELECT {', '.join(_IN_DOUBT)} FROM decisions WHERE stays_in_doubt", path)

    def write_known_in_doubt(self, path: Path) -> bool:
        """Writes the identifiers in doubt as they are; False if there are none."""
        if not self._workspace.number("SELECT count(*) FROM in_doubt"):
            return False
        self._copy(f"SELECT {', '.join(_IN_DOUBT)} FROM in_doubt", path)
        return True

    def _is_small(self, delta: int) -> bool:
        return delta <= max(self._sizes.small_delta, self._base_rows // _SHARE_OF_BASE)

    def _copy(self, query: str, path: Path, *, rows_a_group: int = _ROWS_A_GROUP) -> None:
        # Encrypted data does not compress.
        limits = f"ROW_GROUP_SIZE {rows_a_group}, DICTIONARY_SIZE_LIMIT {_DICTIONARY}"
        self._workspace.execute(
            f"COPY ({query}) TO {_quoted(path)} (FORMAT parquet, COMPRESSION uncompressed, {limits})"
        )


_GAINED: Final = f"SELECT {KEY}, {BODY} FROM gained"
_WITHOUT_LOST: Final = f"""
    SELECT {KEY}, {BODY} FROM holdings ANTI JOIN (SELECT {KEY} FROM lost WHERE in_pass(t1)) USING ({KEY})
    WHERE in_pass(t1)
"""
_NEW: Final = (
    f"(SELECT true AS is_in, {KEY}, {BODY} FROM gained UNION ALL SELECT false AS is_in, {KEY}, {BODY} FROM lost)"
)


def _followed_by(changes: str) -> str:
    """The query for the delta with further changes, of which opposite ones cancel out."""
    return f"""
        SELECT {", ".join(_DELTA)} FROM delta ANTI JOIN (SELECT {KEY} FROM {changes} WHERE in_pass(t1)) USING ({KEY})
        WHERE in_pass(t1)
        UNION ALL
        SELECT {", ".join(_DELTA)} FROM {changes} new
        ANTI JOIN (SELECT NOT is_in AS is_in, {KEY} FROM delta WHERE in_pass(t1)) USING (is_in, {KEY})
        WHERE in_pass(t1)
    """


def _numbered(ranges: Ranges) -> str:
    return " OR ".join(f"n >= {first} AND n < {last}" for first, last in ranges) or "false"


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
