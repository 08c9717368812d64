"""Tells names of columns from data in files, so that no address becomes a column's name; makes each name occur once.

Names by kind are those that columns are recognised by (`destination_pinterest/identity/identifiers.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.digest import HEX, Notation, digest_of
from pinterest_audiences.failures import UsageError

_ADDRESS: Final = re.compile(r"[^\s@,;|<>\"]+@[^\s@,;|<>\"]+\.[^\s@,;|<>\".']+'?")
_UUID: Final = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADVERTISING_ID: Final = re.compile(rf"{_UUID}|\{{{_UUID}\}}", re.IGNORECASE)
_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')
# The name that a column of nothing but such values is recognised by.
_KINDS: Final = (("email", _ADDRESS), ("maid", _ADVERTISING_ID))
_KINDS_OF_DIGESTS: Final = {64: "email_sha256", 40: "email_sha1", 32: "email_md5"}

# Addresses and digests with a mistake, and telephone numbers. `E-mail @ work` is a name.
_MAYBE_PERSONAL: Final = re.compile(
    rf"\S\s?@\w|@\s?\w+\.\w|{HEX}{{32,}}|\+\d[\d\s().\-/]{{6,}}|(?=.*\d)(?=.*[A-Z])(?=.*[a-z])[\w-]{{43}}=?$"
)


def kind_of(cell: str) -> str | None:
    """Returns what a cell that is nothing but an identifier is, as a column's name; None for any other cell."""
    value = _TEXT_FORMULA.sub(r"\1", cell.strip())
    known = next((name for name, pattern in _KINDS if pattern.fullmatch(value)), None)
    return known or _kind_of_digest(value)


def _kind_of_digest(value: str) -> str | None:
    """As `kind_of`. In Base64 only SHA-256 with its sign at the end: a name may look like any other."""
    digits, notation = digest_of(value) or (0, Notation.HEXADECIMAL)
    if notation is Notation.BASE64 and (digits != 64 or not value.endswith("=")):
        return None
    return _KINDS_OF_DIGESTS.get(digits)


def holds_identifier(cells: Iterable[str]) -> bool:
    """Whether a cell is an identifier, or has an address in it: such cells are nobody's column names."""
    return any(_ADDRESS.search(cell) if "@" in cell else kind_of(cell) for cell in cells)


def may_be_personal(cells: Iterable[str]) -> bool:
    """Whether a cell of a line by which no column is recognised may be somebody's, though it is no identifier."""
    return any(_MAYBE_PERSONAL.search(cell) for cell in cells)


def unique_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the columns, each once: `Email`, `Email 2`; a column without one is `column 3`."""
    trimmed = [_trimmed(cell) for cell in cells]
    taken = set(trimmed)
    names: list[str] = []
    for position, name in enumerate(trimmed, 1):
        if name and name not in names:
            names.append(name)
            continue
        base, number = (name, 2) if name else ("column", position)
        while f"{base} {number}" in taken:
            number += 1
        names.append(f"{base} {number}")
        taken.add(names[-1])
    return tuple(names)


def check_header(names: Iterable[str], label: object) -> None:
    """Raises: UsageError if a name holds an identifier, without quoting it."""
    if holds_identifier(names):
        raise no_header(label)


def no_header(label: object) -> UsageError:
    """Returns the error for data in the place of names, without quoting it."""
    return UsageError(
        Code.TABLE_OR_COLUMN_UNKNOWN,
        f"The first line of {label} holds data where the columns' names should be. Add a first line such as: email",
    )


def _trimmed(cell: str) -> str:
    name = " ".join(cell.strip("\ufeff \t\r\n\v\f\xa0").split())
    return _TEXT_FORMULA.sub(r"\1", name).strip("\"'").strip()
