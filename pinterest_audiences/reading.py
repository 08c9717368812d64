"""What a sync reads of its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pinterest_audiences.sources.source import Selection


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of a table.

    Args:
        selection: what to read.
        all_columns: the names of the table's columns, if not all of them are read.
        remarks: levels and sentences for the log about columns that are not read.
    """

    selection: Selection
    all_columns: Sequence[str] = ()
    remarks: Sequence[tuple[str, str]] = ()
