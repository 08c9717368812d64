"""A folder on the local disk for one sync, which the next sync removes if this one is killed.

Its owner holds a lock on it, which the operating system ends with the process, however that ends. So a folder that can
be locked is nobody's any more. Process ids would not do: they are used again, and containers count their own.

Source: man7.org, flock(2): a lock ends with the last copy of its descriptor; NFS clients may refuse it on a folder,
which is then left alone (read 2026-11-27).
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageRefusedError

# Version 0.1.0 named its folders without "work" and didn't lock them, so those are left alone.
PREFIX: Final = "destination-pinterest-work-"
_OURS: Final = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}")
_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_ATTEMPTS: Final = 100


class PrivateFolder:
    """A new, empty folder that only this user can open, until `close`.

    Args:
        parent: where it is created; by default, in the system's folder for temporary files.

    Raises:
        StorageRefusedError: it can't be created.
    """

    def __init__(self, parent: Path | None = None) -> None:
        try:
            parent = parent or Path(tempfile.gettempdir())
            remove_abandoned(parent)
            self.path, self._lock = _create(parent)
        except OSError as error:
            raise StorageRefusedError(
                Code.NO_LOCAL_FOLDER,
                "The membership store needs a folder on the local disk to work in, and none can be written to "
                f"({error.strerror}). Name one in TMPDIR, with about 400 bytes for each row and member; in a container "
                "with a read-only root file system, mount a volume there.",
            ) from error

    def close(self) -> None:
        """Deletes the folder. May be called twice."""
        if self._lock is None:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)
        self._lock = None


def remove_abandoned(parent: Path) -> None:
    """Removes the folders of this user's syncs that were killed. What can't be removed stays."""
    with suppress(OSError), os.scandir(parent) as entries:
        for name in [entry.name for entry in entries if _OURS.fullmatch(entry.name)]:
            with suppress(OSError), _taken_over(parent / name):
                shutil.rmtree(parent / name)


def _create(parent: Path) -> tuple[Path, int | None]:
    for _ in range(_ATTEMPTS):
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        # Until it is locked, another sync, or another ledger of this one, may take it for an abandoned one.
        try:
            lock = os.open(path, _OPEN_FOLDER)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        except OSError:
            return path, lock  # This disk has no such locks, so nobody else can take it over either.
        if _is_still_there(path, lock):
            return path, lock
        os.close(lock)
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


@contextmanager
def _taken_over(path: Path) -> Iterator[None]:
    """Locks a folder; raises OSError if it is in use, or isn't this user's."""
    lock = os.open(path, _OPEN_FOLDER)
    try:
        if os.fstat(lock).st_uid != os.geteuid():
            raise PermissionError
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _is_still_there(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False
