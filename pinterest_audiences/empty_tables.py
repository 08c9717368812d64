"""What reports and previews say of tables without anybody that were to replace an audience."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import Failure

EmptyTable = Literal["kept", "nobody_yet"]

KEPT: Final = Failure.because(
    Code.EMPTY_TABLE_KEPT,
    "The table has no usable rows, and the audience keeps its members. Correct the table; if the audience is to be "
    "empty, set allow_empty_audience to true.",
)
WORDS: Final[Mapping[EmptyTable, str]] = {
    "kept": "empty table, audience kept",
    "nobody_yet": "empty table, nobody yet",
}


def empty_table_of(parts: Iterable[Mapping[str, Any]]) -> EmptyTable | None:
    """Returns what became of the audiences whose table is empty, the worst of them; None if no table is."""
    found = {part.get("empty_table") for part in parts}
    return "kept" if "kept" in found else "nobody_yet" if "nobody_yet" in found else None
