"""Moments as the history keeps them: text in UTC, of one length, so that it sorts as time does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_FORM: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


def moment_text(moment: datetime) -> str:
    """Returns a moment as text. Raises: ValueError if it has no time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment of the history needs a time zone")
    return moment.astimezone(UTC).strftime(_FORM)


def moment_of(text: str) -> datetime:
    """Returns the moment. Raises: ValueError if the text is none."""
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
