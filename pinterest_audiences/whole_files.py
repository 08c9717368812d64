"""Writes a file whole or not at all: replaces it, or overwrites its content if it can't be replaced."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Final

OWNER_ONLY = 0o600
_PART: Final = ".part"


def write_whole(path: Path, content: bytes, *, mode: int = OWNER_ONLY) -> None:
    """Replaces the file's content in one step, through a new file beside it. A link is followed, not replaced.

    What is no file but takes bytes, such as /dev/null or a pipe, is written to: it is nobody's to replace.
    Raises: OSError; the file is then unchanged.
    """
    _refuse_trap(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb", buffering=0) as device:
            device.write(content)
        return
    target = path.resolve()
    _remove_left_over(target)
    handle, beside = _new_beside(target)
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


def is_trap(link: os.stat_result, folder: os.stat_result, user: int) -> bool:
    """Whether a link in a folder in which everybody may write, such as /tmp, is a third person's.

    The kernel would not follow it, but it does not know that whoever reads where a link leads means to write there.
    Source: Linux, Documentation/admin-guide/sysctl/fs.rst, protected_symlinks (read 2026-11-27).
    """
    is_shared = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
    return bool(is_shared) and link.st_uid not in {user, folder.st_uid}


def _refuse_trap(path: Path) -> None:
    if path.is_symlink() and is_trap(path.lstat(), path.parent.stat(), os.geteuid()):
        raise PermissionError(errno.EACCES, "it is somebody else's link in a folder for everybody", str(path))


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """While a file is read, changed and written, keeps others from doing the same: they would undo each other's change.

    The folder is what is locked, since the file is another one afterwards, and nothing is left behind.
    """
    with ExitStack() as held:
        with suppress(OSError):  # Not every disk has locks, and not every folder may be read.
            handle = os.open(path.resolve().parent, os.O_RDONLY | os.O_DIRECTORY)
            held.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _new_beside(target: Path) -> tuple[int, Path]:
    """Creates a file beside another, and locks it while it is open."""
    while True:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=_PART, dir=target.parent)
        with suppress(OSError):  # Not every disk has locks; then nobody takes it for a killed program's either.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # Another program took it for one, before it was locked.


def _remove_left_over(target: Path) -> None:
    """Removes what a killed program left of writing the same file: it may hold secrets. A living one holds a lock."""
    left = re.compile(rf"\.{re.escape(target.name)}\.[a-z0-9_]{{8}}{re.escape(_PART)}")
    with suppress(OSError), os.scandir(target.parent) as entries:
        for name in [entry.name for entry in entries if left.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove_unless_locked(target.parent / name)


def _remove_unless_locked(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(handle)


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
