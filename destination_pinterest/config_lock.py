"""One process at a time renews a sign-in that several share, on this machine.

The lock is on the file that keeps the sign-in, so it ends with its holder, and leaves nothing behind. The file may be
replaced meanwhile; then the new one is locked.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from destination_pinterest.system import System

# A renewal takes seconds. Who holds the lock for longer hangs, and must not stop everything else.
LONGEST_WAIT_S: Final = 90.0
_LOOK_EVERY_S: Final = 0.1


@contextmanager
def holding(path: Path, system: System) -> Iterator[None]:
    """While the block runs, other processes wait that want the same; without the lock, if it can't be had."""
    handle = _locked(path, system)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _locked(path: Path, system: System) -> int | None:
    give_up_at = system.clock() + LONGEST_WAIT_S
    while system.clock() < give_up_at:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return None  # There is no such file, or it may not be read: nobody shares it.
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except BlockingIOError:
            system.sleep(_LOOK_EVERY_S)
        except OSError:  # Not every disk has locks.
            os.close(handle)
            return None
        os.close(handle)
    return None
