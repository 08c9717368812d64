"""What a sync of a DataFrame came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinterest_audiences.empty_tables import EmptyTable


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The connector's report, and what it can't know: it never got to see what the cluster left out.

    Args:
        report: the report of the sync, as `pinterest-audiences sync --json` prints it; None if nobody had to be sent.
        rows: the rows of the DataFrame.
        fed: what the connector was given: different rows, in the mode mirror identifiers that join or leave.
        duplicates: usable rows (in the mode mirror: usable identifiers) that were there before.
        rejected: rows of which nothing could be used, by reason.
        refused_values: values that could not be used in rows that have others, by reason.
        joined, left: the identifiers that joined and left, in the mode mirror.
        finished_before: identifiers that an earlier call had left, and that this one has finished first.
        warnings: what should be looked at, as the log says it.
        empty_table: of a DataFrame without anybody that was to replace the members, by replace or mirror, and empties
            nothing: `kept` if the audience keeps them, `nobody_yet` if it has none; None otherwise.
    """

    report: Mapping[str, Any] | None
    rows: int
    fed: int
    duplicates: int
    rejected: Mapping[str, int]
    refused_values: Mapping[str, int]
    joined: int = 0
    left: int = 0
    finished_before: int = 0
    warnings: tuple[str, ...] = field(default=())
    empty_table: EmptyTable | None = None
