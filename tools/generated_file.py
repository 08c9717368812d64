"""A file that a program writes and the repository keeps: written anew, or compared with what would be written."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def keep(path: Path, wanted: str, *, source: str, check: bool) -> bool:
    """Whether the file is in step, if need be because it has just been written.

    With `check` nothing is written; the differences are shown.
    """
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    if wanted == found:
        return True
    name = path.relative_to(ROOT)
    if not check:
        path.write_text(wanted, encoding="utf-8")
        print(f"wrote {name}")
        return True
    print(f"{name} is out of step with {source}. Type: make spec")
    sys.stdout.writelines(
        difflib.unified_diff(
            found.splitlines(keepends=True),
            wanted.splitlines(keepends=True),
            fromfile="in the file",
            tofile=f"from {source}",
        )
    )
    return False
