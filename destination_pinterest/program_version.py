"""Looks up the version of this program: of the one distribution that has all its packages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

DISTRIBUTION: Final = "airbyte-destination-pinterest"


def program_version() -> str:
    """Returns it; `unknown` where the program runs from a checkout that is not installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
