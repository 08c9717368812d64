"""What becomes of the name of a customer list or an audience. Pinterest documents nothing, so it is a setting."""

from __future__ import annotations

from pinterest_sandbox.settings import Settings


def kept_name(name: str, settings: Settings) -> str:
    """The name as it is kept: as it was sent, or folded and cut."""
    if settings.names == "folded":
        name = " ".join(name.split()).lower()
    return name[: settings.longest_name] if settings.longest_name else name
