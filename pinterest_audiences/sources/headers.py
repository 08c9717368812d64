"""Checks that a text file's first line has column names, not data, so that no address becomes a column name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError

# An address, a digest (MD5 to SHA-256) or an advertising ID: no column has such a name.
_DATA: Final = re.compile(r".*@.*|[0-9a-f]{32,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def check_header(names: Iterable[str], path: Path) -> None:
    """Raises: UsageError if a name is an identifier, without quoting it."""
    if any(_DATA.fullmatch(name.strip()) for name in names):
        raise UsageError(
            Code.TABLE_OR_COLUMN_UNKNOWN,
            f"The first line of {path} holds data where the columns' names should be. Add a first line such as: email",
        )
