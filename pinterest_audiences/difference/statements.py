"""The statements of the difference, as text for one engine and one schema.

Three tables of the user's schema hold what was last sent, none of them an identifier in plain:

- `pinterest_audience`: one row for each audience, with the customer list that it is made of, the epoch under which its
  identifiers are kept, how far the changes have come, and who is at work on it.
- `pinterest_sent`: the identifiers that the list has, as they are sent. One in doubt may be there or not.
- `pinterest_change`: what is about to be sent, written ahead and numbered: who leaves, then who joins. Up to
  `done_to` Pinterest has accepted them, up to `begun_to` it may have.

Changes become part of what was sent when the next run begins or this one ends, however it ended before. Each statement
may be repeated, so that engines without transactions are as safe, if slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pinterest_audiences.difference.dialects import Dialect
from pinterest_audiences.difference.judging import BLANK, ODD, Judgement

FORMAT: Final = 1
"""The form of the tables."""

_KEY: Final = "ad_account_id = :account AND audience = :audience"


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements for one engine.

    `relation` is the user's table or query, as it stands behind FROM; `run` tells the staging tables of several
    audiences apart; `staged` stands for the staging table where nothing may be written.
    """

    dialect: Dialect
    schema: str
    relation: str
    run: str = ""
    staged: str = ""

    def _table(self, name: str) -> str:
        return f"{self.dialect.quoted(self.schema)}.{self.dialect.quoted(name)}"

    @property
    def audiences(self) -> str:
        """The table of audiences."""
        return self._table("pinterest_audience")

    @property
    def sent(self) -> str:
        """The table of what was sent."""
        return self._table("pinterest_sent")

    @property
    def changes(self) -> str:
        """The table of what is about to be sent."""
        return self._table("pinterest_change")

    @property
    def staging(self) -> str:
        """The table of what the user's table has at the moment, or the query that computes it."""
        if self.staged:
            return self.staged
        name, d = f"pinterest_staging_{self.run}", self.dialect
        return self._table(name) if d.temporary is None or d.qualifies_temporary else d.quoted(name)

    def creations(self) -> list[str]:
        """Creates the tables that last; last the one by which a run sees that all are there."""
        d = self.dialect
        audiences = self._creation(
            self.audiences,
            f"ad_account_id {d.key_type}, audience {d.key_type}, form {d.integer_type}, epoch {d.key_type}, "
            f"customer_list_id {d.key_type}, begun_to {d.integer_type}, done_to {d.integer_type}, fill {d.text_type}, "
            f"lease {d.key_type}, leased_until {d.integer_type}, updated_at {d.integer_type}",
            "ad_account_id, audience",
            keeps_short=True,
        )
        identifier = f"epoch {d.key_type}, identifier {d.key_type}, kind {d.key_type}"
        sent = self._creation(self.sent, f"{identifier}, doubt {d.integer_type}", "epoch, identifier")
        changes = self._creation(
            self.changes, f"{identifier}, number {d.integer_type}, operation {d.key_type}", "epoch, number"
        )
        return [sent, changes, audiences]

    def _creation(self, table: str, columns: str, key: str, *, keeps_short: bool = False) -> str:
        d = self.dialect
        primary = f", PRIMARY KEY ({key})" if d.has_keys else ""
        written = columns if keeps_short else columns.replace(f" {d.key_type}", f" {self.short_type}")
        return f"CREATE TABLE IF NOT EXISTS {table} ({written}{primary}){d.table_options}"

    @property
    def short_type(self) -> str:
        """The type of texts of at most 80 characters."""
        return "VARCHAR(80)" if self.dialect.key_type == "VARCHAR(255)" else self.dialect.key_type

    def are_there(self) -> str:
        """Fails unless the tables are there."""
        return f"SELECT form FROM {self.audiences} WHERE 1 = 0"

    # The row of the audience

    def look(self) -> str:
        """What is known of the audience."""
        return (
            f"SELECT form, epoch, customer_list_id, begun_to, done_to, fill, lease, leased_until, "
            f"{self.dialect.now_s} FROM {self.audiences} WHERE {_KEY}"
        )

    def begin(self) -> str:
        """Adds the row of an audience."""
        return (
            f"INSERT INTO {self.audiences} (ad_account_id, audience, form, epoch, begun_to, done_to, leased_until) "
            f"VALUES (:account, :audience, {FORMAT}, '', 0, 0, 0)"
        )

    def lease(self) -> str:
        """Takes the audience, if nobody else has it."""
        free = "" if self.dialect.is_exclusive else f" AND (lease = :lease OR leased_until < {self.dialect.now_s})"
        return (
            f"UPDATE {self.audiences} SET lease = :lease, leased_until = {self.dialect.now_s} + :seconds "
            f"WHERE {_KEY}{free}"
        )

    def holder(self) -> str:
        """Who has the audience."""
        return f"SELECT lease FROM {self.audiences} WHERE {_KEY}"

    def advance(self) -> str:
        """Renews the lease, and notes how far sending may have gone, and what was accepted."""
        return (
            f"UPDATE {self.audiences} SET begun_to = :begun, done_to = :done, "
            f"leased_until = {self.dialect.now_s} + :seconds, updated_at = {self.dialect.now_s} "
            f"WHERE {_KEY} AND lease = :lease"
        )

    def keep_epoch(self) -> str:
        """Begins with another customer list."""
        return (
            f"UPDATE {self.audiences} SET epoch = :epoch, customer_list_id = :list, begun_to = 0, done_to = 0 "
            f"WHERE {_KEY} AND lease = :lease"
        )

    def keep_list(self) -> str:
        """Notes the customer list."""
        return f"UPDATE {self.audiences} SET customer_list_id = :list WHERE {_KEY} AND lease = :lease"

    def keep_fill(self) -> str:
        """Notes how full the identity columns were."""
        return f"UPDATE {self.audiences} SET fill = :fill WHERE {_KEY} AND lease = :lease"

    def release(self) -> str:
        """Gives the audience back."""
        return f"UPDATE {self.audiences} SET lease = '', leased_until = 0 WHERE {_KEY} AND lease = :lease"

    # What was sent

    def drop_others(self) -> list[str]:
        """Removes what was sent to a list that is not the audience's any more."""
        return [f"DELETE FROM {table} WHERE epoch = :epoch" for table in (self.changes, self.sent)]

    def fold(self) -> list[str]:
        """Makes the changes that were begun a part of what was sent."""
        begun = f"FROM {self.changes} c WHERE c.epoch = :epoch AND c.number <= :begun"
        return [
            f"DELETE FROM {self.sent} WHERE epoch = :epoch AND identifier IN (SELECT c.identifier {begun})",
            (
                f"INSERT INTO {self.sent} (epoch, identifier, kind, doubt) SELECT c.epoch, c.identifier, c.kind, "
                f"CASE WHEN c.number <= :done THEN 0 ELSE 1 END {begun} "
                "AND (c.operation = 'add' OR c.number > :done)"
            ),
            self.drop_changes(),
        ]

    def drop_changes(self) -> str:
        """Takes all changes out."""
        return f"DELETE FROM {self.changes} WHERE epoch = :epoch"

    def forget_change(self) -> str:
        """Takes out a change that Pinterest was not told."""
        return f"DELETE FROM {self.changes} WHERE epoch = :epoch AND number = :number"

    def count_sent(self) -> str:
        """How many identifiers the list has, those in doubt among them."""
        return f"SELECT COUNT(*), COALESCE(SUM(doubt), 0) FROM {self.sent} WHERE epoch = :epoch"

    # What the table has

    def stage_creation(self) -> list[str]:
        """Creates the staging table, empty."""
        begins = self.dialect.temporary or "CREATE TABLE"
        columns = f"identifier {self.short_type}, kind {self.short_type}, standing {self.short_type}"
        return [*self.unstage(), f"{begins} {self.staging} ({columns}){self.dialect.table_options}"]

    def unstage(self) -> list[str]:
        """Removes the staging table."""
        return [f"DROP TABLE IF EXISTS {self.staging}"]

    def stage(self, judgements: Sequence[Judgement], *, leaves_blank: bool) -> str:
        """Takes what SQL can judge."""
        judged = self.judged(judgements, leaves_blank=leaves_blank)
        return f"INSERT INTO {self.staging} (identifier, kind, standing) {judged}"

    def staged_by_query(self, judgements: Sequence[Judgement], found: Sequence[str] = ()) -> Statements:
        """Returns the statements that count without a staging table; `found` are digests that Python has judged."""
        judged = self.judged(judgements, leaves_blank=False)
        if not found:
            return replace(self, staged=f"({judged})")
        return replace(self, staged=f"(SELECT identifier FROM ({judged}) taken UNION ALL {self._parts(found)})")

    def _parts(self, digests: Sequence[str]) -> str:
        return (self.dialect.parts or "").format(text=f"'{','.join(digests)}'")

    def judged(self, judgements: Sequence[Judgement], *, leaves_blank: bool) -> str:
        """Selects what SQL can judge: an identifier for each value with its kind, and for each row how it stands."""
        numbers = range(len(judgements))
        sents = ", ".join(f"{each.sent(f'text_{n}', f'way_{n}')} AS sent_{n}" for n, each in enumerate(judgements))
        standing = f"{_standing(judgements, leaves_blank=leaves_blank)} AS standing"
        rows = f"(SELECT {sents}, {standing} FROM {self._ways(judgements, self.relation)}{self.dialect.fence}) judged"
        if len(judgements) == 1:
            kind = judgements[0].kind.value
            return (
                f"SELECT CASE WHEN standing = 'taken' THEN sent_0 END AS identifier, '{kind}' AS kind, standing "
                f"FROM {rows}"
            )
        of_row = " ".join(f"WHEN {number} THEN sent_{number}" for number in numbers)
        of_kind = " ".join(f"WHEN {number} THEN '{each.kind.value}'" for number, each in enumerate(judgements))
        columns = " UNION ALL ".join(f"SELECT {number} AS place" for number in numbers)
        return (
            "SELECT identifier, kind, standing FROM (SELECT "
            f"CASE WHEN judged.standing = 'taken' THEN CASE places.place {of_row} END END AS identifier, "
            f"CASE places.place {of_kind} END AS kind, "
            f"CASE WHEN places.place = 0 THEN judged.standing END AS standing "
            f"FROM {rows} CROSS JOIN ({columns}) places) each_one "
            "WHERE identifier IS NOT NULL OR standing IS NOT NULL"
        )

    def _ways(self, judgements: Sequence[Judgement], relation: str, columns: Sequence[str] = ()) -> str:
        """How the values of each column are judged, beside columns as they are. Each text is computed once."""
        fence = self.dialect.fence
        texts = ", ".join([*columns, *(f"{each.text} AS text_{n}" for n, each in enumerate(judgements))])
        kept = [*columns, *(f"text_{n}" for n in range(len(judgements)))]
        ways = ", ".join([*kept, *(f"{each.way(f'text_{n}')} AS way_{n}" for n, each in enumerate(judgements))])
        return f"(SELECT {ways} FROM (SELECT {texts} FROM {relation}{fence}) trimmed{fence}) ways"

    def analyse_staging(self) -> list[str]:
        """Tells the planner how large the staging table is."""
        return [] if self.dialect.analysed is None else [self.dialect.analysed.format(table=self.staging)]

    def odd_rows(self, columns: Sequence[str], judgements: Sequence[Judgement], *, leaves_blank: bool) -> str:
        """Selects the rows that only Python can judge."""
        names = [self.dialect.quoted(column) for column in columns]
        standing = _standing(judgements, leaves_blank=leaves_blank)
        ways = self._ways(judgements, self.relation, names)
        return f"SELECT {', '.join(names)} FROM {ways} WHERE {standing} = 'odd'"

    def stage_identifier(self) -> str:
        """Adds an identifier that Python has found."""
        return f"INSERT INTO {self.staging} (identifier, kind) VALUES (:identifier, :kind)"

    def stage_identifiers(self, kind: str, digests: Sequence[str]) -> str:
        """Adds digests of one kind at once, where an INSERT takes as long for one row as for many."""
        return (
            f"INSERT INTO {self.staging} (identifier, kind) "
            f"SELECT identifier, '{kind}' AS kind FROM ({self._parts(digests)}) found"
        )

    def judged_values(self, judgement: Judgement, column: str, values: int) -> str:
        """How SQL judges the values of the parameters v0, v1 and so on, and what it would send for them."""
        given = " UNION ALL ".join(
            f"SELECT {place} AS place, {self.dialect.text_parameter.format(name=f':v{place}')} AS {column}"
            for place in range(values)
        )
        ways = self._ways([judgement], f"({given}) given", ["place"])
        return f"SELECT place, way_0, {judgement.sent('text_0', 'way_0')} FROM {ways}"

    def standings(self) -> str:
        """How many rows stand how."""
        return f"SELECT standing, COUNT(*) FROM {self.staging} WHERE standing IS NOT NULL GROUP BY standing"

    def kinds(self) -> str:
        """How many usable identifiers there are of each kind, repeats included."""
        return f"SELECT kind, COUNT(identifier) FROM {self.staging} GROUP BY kind"

    # The difference

    def plan_leavers(self) -> str:
        """Writes ahead who was sent and is not in the table."""
        return (
            f"INSERT INTO {self.changes} (epoch, identifier, kind, number, operation) "
            f"SELECT :epoch, identifier, kind, ROW_NUMBER() OVER ({self.dialect.ordered}), 'remove' FROM "
            f"{self.sent} s WHERE s.epoch = :epoch AND NOT EXISTS "
            f"(SELECT 1 FROM {self.staging} n WHERE n.identifier = s.identifier)"
        )

    def plan_joiners(self) -> str:
        """Writes ahead who is in the table and was not sent, or only perhaps."""
        return (
            f"INSERT INTO {self.changes} (epoch, identifier, kind, number, operation) "
            f"SELECT :epoch, identifier, kind, :leaving + ROW_NUMBER() OVER ({self.dialect.ordered}), 'add' FROM "
            f"(SELECT n.identifier AS identifier, MIN(n.kind) AS kind FROM {self.staging} n "
            "WHERE n.identifier IS NOT NULL AND NOT EXISTS "
            f"(SELECT 1 FROM {self.sent} s WHERE s.epoch = :epoch AND s.identifier = n.identifier AND s.doubt = 0) "
            "GROUP BY n.identifier) joining"
        )

    def count_everybody(self) -> str:
        """How many identifiers the table has."""
        return f"SELECT COUNT(DISTINCT identifier) FROM {self.staging}"

    def count_leavers(self) -> str:
        """How many were sent and are not in the table."""
        return (
            f"SELECT COUNT(*) FROM {self.sent} s WHERE s.epoch = :epoch AND NOT EXISTS "
            f"(SELECT 1 FROM {self.staging} n WHERE n.identifier = s.identifier)"
        )

    def count_joiners(self) -> str:
        """How many are in the table and were not sent."""
        return (
            f"SELECT COUNT(DISTINCT n.identifier) FROM {self.staging} n WHERE NOT EXISTS "
            f"(SELECT 1 FROM {self.sent} s WHERE s.epoch = :epoch AND s.identifier = n.identifier AND s.doubt = 0)"
        )

    def count_changes(self) -> str:
        """How many leave and join, of which kinds, and how long their identifiers are."""
        return (
            f"SELECT operation, kind, LENGTH(identifier), COUNT(*) FROM {self.changes} WHERE epoch = :epoch "
            "GROUP BY operation, kind, LENGTH(identifier)"
        )

    def changes_between(self) -> str:
        """Selects a slice of the changes."""
        return (
            f"SELECT number, operation, kind, identifier FROM {self.changes} "
            "WHERE epoch = :epoch AND number > :after AND number <= :last ORDER BY number"
        )


def _standing(judgements: Sequence[Judgement], *, leaves_blank: bool) -> str:
    """How a row stands: `odd` if SQL can't judge it; with `leaves_blank`, one without any value is odd, too."""
    is_odd = " OR ".join(f"way_{n} = '{ODD}'" for n in range(len(judgements)))
    is_blank = " AND ".join(f"way_{n} = '{BLANK}'" for n in range(len(judgements)))
    return f"CASE WHEN {is_odd} THEN 'odd' WHEN {is_blank} THEN '{'odd' if leaves_blank else 'blank'}' ELSE 'taken' END"
