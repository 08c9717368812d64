"""Suggests existing names if a requested one does not exist."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.identifier_like import without_people
from pinterest_audiences.failures import UsageError

MOST_NAMES_SHOWN = 12


def no_such(kind: str, name: str, existing: Iterable[str], where: str) -> UsageError:
    """Returns an error that suggests the closest names; `kind` is "table" or "column"."""
    names = sorted(set(without_people(existing)))
    if not names:
        return UsageError(
            Code.TABLE_OR_COLUMN_UNKNOWN, f"There is no {kind} {name!r} in {where}, and no other {kind} either."
        )
    meant = close_names(name, names)
    if meant:
        return UsageError(
            Code.TABLE_OR_COLUMN_UNKNOWN,
            f"There is no {kind} {name!r} in {where}; did you mean {' or '.join(map(repr, meant))}?",
        )
    shown = ", ".join(names[:MOST_NAMES_SHOWN])
    more = f" and {len(names) - MOST_NAMES_SHOWN} more" if len(names) > MOST_NAMES_SHOWN else ""
    return UsageError(
        Code.TABLE_OR_COLUMN_UNKNOWN, f"There is no {kind} {name!r} in {where}; there are: {shown}{more}."
    )


def close_names(name: str, existing: Sequence[str]) -> list[str]:
    """Returns the existing names that are most like one, without regard to case: if it is there in another, that."""
    same = [each for each in existing if each.casefold() == name.casefold()]
    if same:
        return same
    close = difflib.get_close_matches(name.casefold(), [each.casefold() for each in existing], n=3, cutoff=0.5)
    return [each for each in existing if each.casefold() in close]


def check_columns(wanted: Iterable[str], existing: Sequence[str], where: str) -> None:
    """Raises: UsageError for the first wanted column that does not exist, or if two columns share a name."""
    twice = [name for name, times in Counter(existing).items() if times > 1]
    if twice:
        raise UsageError(
            Code.TABLE_OR_COLUMN_UNKNOWN,
            f"Two columns of {where} are named {without_people(twice)[0]!r}. Give one of them another name (AS …).",
        )
    for name in wanted:
        if name not in existing:
            raise no_such("column", name, existing, where)
