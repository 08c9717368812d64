"""The report of a sync by difference: the connector's own, which is about changes, completed by what the table has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pinterest_audiences.difference.guard import Difference
from pinterest_audiences.difference.sent_table import Fill
from pinterest_audiences.difference.table_rows import RowCounts
from pinterest_audiences.empty_tables import EmptyTable


@dataclass(frozen=True, slots=True)
class Account:
    """What a run knows of its audience.

    Args:
        counts: of the table's rows.
        difference: what was to be sent.
        members_after: how many identifiers the list has now; None if that is not known.
        compared_with: the fill that the rows were compared with.
        notes: for people.
        empty_table: as in the report.
    """

    counts: RowCounts
    difference: Difference
    members_after: int | None
    compared_with: Fill | None
    notes: Sequence[str]
    empty_table: EmptyTable | None


def completed(report: Mapping[str, Any], account: Account) -> dict[str, Any]:
    """Returns the report, in rows of the table."""
    return {**report, "audiences": [_audience(audience, account) for audience in report["audiences"]]}


def _audience(audience: Mapping[str, Any], account: Account) -> dict[str, Any]:
    counts, difference = account.counts, account.difference
    lost = audience["pending"] + audience["errored"]
    # Changes are of identifiers, and rows are counted: at most so many rows are not through.
    waiting = min(counts.usable, lost)
    # What the connector calls a row is an identifier here; of those it has not sent, it says why.
    refused = counts.identifiers_refused + Counter(audience["not_synced"])
    compared = account.compared_with
    after = difference.known if account.members_after is None else account.members_after
    return {
        **audience,
        "entered": counts.rows,
        "synced": counts.usable - waiting,
        "not_synced": dict(counts.not_synced),
        "identifiers_refused": dict(refused),
        "pending": waiting if audience["pending"] else 0,
        "errored": 0 if audience["pending"] else waiting,
        "members": {
            "before": difference.known,
            "after": after,
            "unchanged": difference.known - difference.leaving,
            "left_by_absence": difference.leaving,
            "unresolved_deletions": 0,
            "expired": 0,
            "counted_by": "warehouse",
        },
        "identities": {
            "rows": counts.rows,
            "shares": {kind.value: share for kind, share in counts.fill.shares.items()},
            "is_whole_pass": True,
            "compared_with": None
            if compared is None
            else {"rows": compared.rows, "shares": {kind.value: share for kind, share in compared.shares.items()}},
        },
        "notes": [*account.notes, *audience["notes"]],
        "empty_table": audience.get("empty_table") or account.empty_table,
    }
