"""Writes a file whole or not at all, readable by its owner only."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

OWNER_ONLY = 0o600


def write_whole(path: Path, content: bytes, *, mode: int = OWNER_ONLY) -> None:
    """Replaces the file's content in one step, through a new file beside it. A link is followed, not replaced.

    Raises: OSError; the old content is then still there.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(mode)
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
