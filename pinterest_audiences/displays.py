"""Chooses how a running sync is shown."""

from __future__ import annotations

import time
from typing import TextIO

from pinterest_audiences.failures import missing_extra
from pinterest_audiences.progress import Display, PlainDisplay, QuietDisplay


def display_for(output: TextIO, *, quiet: bool) -> Display:
    """Returns a bar for a terminal, else lines. Raises: UsageError if the bar's package is not installed."""
    if quiet:
        return QuietDisplay(output)
    if not output.isatty():
        return PlainDisplay(output, time.monotonic)
    try:
        from rich.console import Console  # noqa: PLC0415 - only terminals need it

        from pinterest_audiences.progress_bar import BarDisplay  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    return BarDisplay(Console(file=output), "Syncing")
