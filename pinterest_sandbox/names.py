"""What becomes of the names of customer lists and audiences. Pinterest documents nothing of it, so it is a setting."""

from __future__ import annotations

from typing import Final

from pinterest_sandbox.settings import Settings

_LONGEST: Final = 100


def stored_name(name: str, settings: Settings) -> str:
    """The name under which an object is stored."""
    if settings.names == "folded":
        return " ".join(name.split())
    return name[:_LONGEST] if settings.names == "cut" else name
