"""Says on standard error why something failed: in red and wrapped at words on a terminal, as one text elsewhere."""

from __future__ import annotations

import sys
from typing import Final, TextIO

from destination_pinterest.error_codes import LEADING_CODE

PROGRAM: Final = "pinterest-audiences"


def write_failure(text: str, output: TextIO | None = None) -> None:
    """Writes it; `text` may have its code in front, or behind the name of what failed."""
    output = output or sys.stderr
    if not output.isatty():
        output.write(f"{PROGRAM}: {text}\n")
        output.flush()
        return
    try:
        from rich.console import Console  # noqa: PLC0415 - only terminals need it
        from rich.text import Text  # noqa: PLC0415
    except ModuleNotFoundError:  # What is missing may be what is to be said.
        output.write(f"{PROGRAM}: {text}\n")
        return
    line = Text(f"{PROGRAM}: ", style="bold red")
    shown = Text(text, style="red")
    found = LEADING_CODE.search(text)
    if found is not None:
        shown.stylize("bold", *found.span())
    Console(file=output).print(line.append_text(shown), highlight=False)
