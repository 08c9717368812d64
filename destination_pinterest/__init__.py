"""Airbyte destination that keeps Pinterest customer-list audiences equal to warehouse tables."""

from __future__ import annotations

from typing import Any

__all__ = ["DestinationPinterest"]


def __getattr__(name: str) -> Any:
    """Imports the connector's class when a host asks for it: importing the Airbyte CDK takes a second."""
    if name == "DestinationPinterest":
        from destination_pinterest.destination import DestinationPinterest  # noqa: PLC0415

        return DestinationPinterest
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
