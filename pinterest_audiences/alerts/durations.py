"""Durations as people write them: `90m`, `26h`, `7d`; a bare number is hours."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from typing import Final

_WRITTEN: Final = re.compile(r"(\d{1,6}(?:\.\d+)?)\s*([smhdw]?)", re.IGNORECASE)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "": "hours", "d": "days", "w": "weeks"}


def duration(value: object) -> object:
    """Returns the duration that a text or number says; anything else as it is, for the model to judge.

    Raises: ValueError if the text says none.
    """
    if value is None or isinstance(value, timedelta):
        return value
    found = _WRITTEN.fullmatch(str(value).strip())
    if found is None or not float(found[1]):
        raise ValueError("not a duration such as 90m, 26h or 7d")
    return timedelta(**{_UNITS[found[2].lower()]: float(found[1])})


def read_duration(text: str) -> timedelta:
    """Returns the duration that an argument says. Raises: argparse.ArgumentTypeError if it says none."""
    try:
        length = duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is {error}") from None
    return length if isinstance(length, timedelta) else timedelta(0)


def share(value: object) -> object:
    """Returns the share that a text such as `5%` says; anything else as it is. Raises: ValueError if it says none."""
    if isinstance(value, str) and value.strip().endswith("%"):
        return float(value.strip().removesuffix("%")) / 100
    return value


def duration_text(length: timedelta) -> str:
    """Words a duration in its largest whole unit."""
    seconds = round(length.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (seconds >= size and seconds % size == 0):
            count = seconds // size
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:,} second{'' if seconds == 1 else 's'}"
