"""The folder in which a project keeps cursors and rejected rows, and what keeps two runs of it apart."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import ProjectBusyError, UsageError

_LOCK: Final = "lock"
_OWNER_ONLY: Final = 0o700


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Makes the folder if need be, and keeps other runs out. Raises: UsageError, ProjectBusyError."""
    made(folder)
    try:
        lock = (folder / _LOCK).open("a")
    except OSError as error:
        raise _unwritable(folder, error) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ProjectBusyError(
                Code.PROJECT_BUSY, "Another command runs audiences of this project. Run it again once that has ended."
            ) from None
        yield


def made(folder: Path) -> None:
    """Makes the folder if need be; what is in it belongs into no repository. Raises: UsageError."""
    try:
        folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        ignored = folder / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> UsageError:
    return UsageError(
        Code.PROJECT_INVALID,
        f"The state folder {folder} can't be written: {error.strerror}. Make it writable, or name another by "
        "state_folder.",
    )
