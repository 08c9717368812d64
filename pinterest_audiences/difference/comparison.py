"""Compares the table with what was sent in one pass, and keeps only the difference and the counts.

For an engine in this process: a copy of all digests, written and read again, would be most of its work. One row stands
for all that are neither leaving nor joining and were judged alike. What Python has judged is in the staging table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pinterest_audiences.difference.judging import Judgement
from pinterest_audiences.difference.statements import Statements


@dataclass(frozen=True, slots=True)
class Comparison:
    """The statements of the pass, beside those of a run.

    `holds_nothing` says whether the table is read as it stands: a query or a view may sort or join what is in plain, so
    it is staged first, where nothing may be spilled. `is_first` says that the tables of what was sent are not there.
    """

    statements: Statements
    holds_nothing: bool
    is_first: bool = False

    @property
    def compared(self) -> str:
        """The table of the difference and the counts, which lasts for the session."""
        return self.statements.dialect.quoted(f"pinterest_compared_{self.statements.run}")

    @property
    def _sent(self) -> str:
        if self.is_first:
            return "(SELECT '' AS epoch, '' AS identifier, '' AS kind, 0 AS doubt LIMIT 0)"
        return self.statements.sent

    def of_table(self, judgements: Sequence[Judgement], *, leaves_blank: bool) -> str:
        """Compares the user's table."""
        return self._creation(self.statements.judged(judgements, leaves_blank=leaves_blank))

    def of_staging(self) -> str:
        """Compares what was staged."""
        return self._creation(f"SELECT identifier, kind, standing FROM {self.statements.staging}")

    def _creation(self, judged: str) -> str:
        joins = "n.identifier IS NOT NULL AND COALESCE(s.doubt, 1) <> 0"
        return (
            f"CREATE OR REPLACE TEMPORARY TABLE {self.compared} AS SELECT "
            f"CASE WHEN n.kind IS NULL THEN s.identifier WHEN {joins} THEN n.identifier END AS identifier, "
            "COALESCE(n.kind, s.kind) AS kind, n.standing AS standing, "
            f"CASE WHEN n.kind IS NULL THEN 'remove' WHEN {joins} THEN 'add' END AS operation, "
            "n.identifier IS NOT NULL AS is_usable, COUNT(*) AS times "
            f"FROM ({judged}) n FULL OUTER JOIN (SELECT identifier, kind, doubt FROM {self._sent} "
            "WHERE epoch = :epoch) s ON s.identifier = n.identifier GROUP BY ALL"
        )

    def standings(self) -> str:
        """How many rows stand how."""
        return f"SELECT standing, SUM(times) FROM {self.compared} WHERE standing IS NOT NULL GROUP BY standing"

    def kinds(self) -> str:
        """How many usable identifiers there are of each kind, repeats included."""
        return f"SELECT kind, SUM(times) FROM {self.compared} WHERE is_usable GROUP BY kind"

    def plan_leavers(self) -> str:
        """Writes ahead who was sent and is not in the table."""
        return (
            f"INSERT INTO {self.statements.changes} (epoch, identifier, kind, number, operation) "
            f"SELECT :epoch, identifier, kind, ROW_NUMBER() OVER (), 'remove' FROM {self._leavers}"
        )

    def plan_joiners(self) -> str:
        """Writes ahead who is in the table and was not sent, or only perhaps."""
        return (
            f"INSERT INTO {self.statements.changes} (epoch, identifier, kind, number, operation) "
            f"SELECT :epoch, identifier, kind, :leaving + ROW_NUMBER() OVER (), 'add' FROM {self._joiners}"
        )

    def count_leavers(self) -> str:
        """How many were sent and are not in the table."""
        return f"SELECT COUNT(*) FROM {self._leavers}"

    def count_joiners(self) -> str:
        """How many are in the table and were not sent, or only perhaps."""
        return f"SELECT COUNT(*) FROM {self._joiners}"

    def count_everybody(self) -> str:
        """How many identifiers the table has: those who join, and those who were surely sent and do not leave."""
        return (
            f"SELECT (SELECT COUNT(*) FROM {self._joiners}) + (SELECT COUNT(*) FROM {self._sent} s WHERE "
            f"s.epoch = :epoch AND s.doubt = 0 AND s.identifier NOT IN (SELECT identifier FROM {self._leavers}))"
        )

    @property
    def _leavers(self) -> str:
        return (
            f"{self.compared} c WHERE operation = 'remove' AND NOT EXISTS "
            f"(SELECT 1 FROM {self.statements.staging} n WHERE n.identifier = c.identifier)"
        )

    @property
    def _joiners(self) -> str:
        staging = self.statements.staging
        return (
            "(SELECT identifier, MIN(kind) AS kind FROM "
            f"(SELECT identifier, kind FROM {self.compared} WHERE operation = 'add' UNION ALL "
            f"SELECT n.identifier, n.kind FROM {staging} n WHERE NOT EXISTS (SELECT 1 FROM {self._sent} s WHERE "
            "s.epoch = :epoch AND s.identifier = n.identifier AND s.doubt = 0)) found GROUP BY identifier) joining"
        )

    def unstage(self) -> list[str]:
        """Removes what was compared."""
        return [*self.statements.unstage(), f"DROP TABLE IF EXISTS {self.compared}"]
