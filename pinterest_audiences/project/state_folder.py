"""The folder in which a project keeps cursors and rejected rows, and what keeps two runs of it apart."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import ProjectBusyError, UsageError

_LOCK: Final = "lock"
_OWNER_ONLY: Final = 0o700
# Who only looks whether the folder is held has it for less.
_A_LOOK_S: Final = 0.1


@contextmanager
def held(folder: Path, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Makes the folder if need be, and keeps other runs out. Raises: UsageError, ProjectBusyError."""
    made(folder)
    try:
        lock = (folder / _LOCK).open("a")
    except OSError as error:
        raise _unwritable(folder, error) from None
    with lock:
        if not _is_taken(lock, fcntl.LOCK_EX):
            sleep(_A_LOOK_S)
            if not _is_taken(lock, fcntl.LOCK_EX):
                raise ProjectBusyError(
                    Code.PROJECT_BUSY,
                    "Another command runs audiences of this project. Run it again once that has ended.",
                )
        yield


def is_held(folder: Path) -> bool:
    """Whether a command runs audiences of the project now; if that can't be told, it is taken to be so."""
    try:
        with (folder / _LOCK).open() as lock:
            return not _is_taken(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _is_taken(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


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
