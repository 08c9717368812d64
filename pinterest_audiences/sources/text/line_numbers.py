"""Words which lines of a file are meant."""

from __future__ import annotations

from collections.abc import Sequence


def line_range(lines: Sequence[int]) -> str:
    """Words the lines from the first to the last: `Line 3`, `Lines 3 to 5`."""
    return f"Line {lines[0]:,}" if len(lines) == 1 else f"Lines {lines[0]:,} to {lines[-1]:,}"


def first_lines(lines: Sequence[int], count: int) -> str:
    """Words the first of `count` lines: `line 3`, `lines 3, 7 and 2 more`."""
    if count == 1:
        return f"line {lines[0]:,}"
    shown = ", ".join(f"{line:,}" for line in lines)
    more = f" and {count - len(lines):,} more" if count > len(lines) else ""
    return f"lines {shown}{more}"
