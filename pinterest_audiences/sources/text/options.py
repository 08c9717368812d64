"""What the user says about a text file; everything else is found out from its beginning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How a text file is to be read.

    Args:
        encoding: a codec of Python; None to find it out.
        delimiter: what separates cells; None to find it out.
        quote: what quotes cells, empty for nothing; None to find it out.
        has_header: whether a line has the names of the columns; None to find it out.
        skip_lines: how many lines at the beginning are not part of the table.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    has_header: bool | None = None
    skip_lines: int = 0
