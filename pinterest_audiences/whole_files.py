"""Writes a file whole or not at all: replaces it, or overwrites its content if it can't be replaced."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from io import FileIO
from pathlib import Path

OWNER_ONLY = 0o600


def write_whole(path: Path, content: bytes, *, mode: int = OWNER_ONLY) -> None:
    """Replaces the file's content in one step, through a new file beside it. A link is followed, not replaced.

    What is no file but takes bytes, such as /dev/null or a pipe, is written to: it is nobody's to replace.
    Raises: OSError; the file is then unchanged.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb", buffering=0) as device:
            device.write(content)
        return
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


def write_over(path: Path, content: bytes) -> None:
    """Overwrites the content of a file that can't be replaced, such as a mounted file.

    The file is not emptied first, so that the old content still fits if the disk is full.
    Raises: OSError; the old content is then restored.
    """
    before = path.read_bytes()
    with FileIO(path, "r+") as file:
        try:
            _fill(file, content)
        except OSError:
            _fill(file, before)
            raise


def _fill(file: FileIO, content: bytes) -> None:
    file.seek(0)
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
    file.truncate()
    os.fsync(file.fileno())
