"""What other processes of the same machine send under the same quota, so that all together keep within its limits.

Each process appends to one file when it sends a request and when it is answered, and reads what the others have
appended before it decides. The file is locked meanwhile, so that no two decide at once. Times are those of the clock
that all processes of a machine share.

Source: man clock_gettime(2), CLOCK_MONOTONIC: one clock for the whole system. Pinterest counts by user and app.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Permit
from destination_pinterest.markers import QUOTA_PATH_VARIABLE

_OWNER_ONLY: Final = 0o600
# No system has process numbers above that.
_MOST_PROCESS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Sent:
    """Another process has sent a request."""

    permit: Permit


@dataclass(frozen=True, slots=True)
class Answered:
    """Another process got an answer, gave up waiting for it, or has ended."""

    permit: Permit
    at: float


Event = Sent | Answered


class SharedCounts:
    """Shares counts through a file.

    Args:
        path: the file; created if there is none.
        owner: the number of this process.

    Raises: OSError if it can't be opened, or if others could have written what is in it.
    """

    def __init__(self, path: Path, owner: int) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, _OWNER_ONLY)
        found = os.fstat(self._file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            os.close(self._file)
            raise PermissionError
        self._owner = owner
        self._read_to = 0
        self._number = 0
        self._own: dict[Permit, int] = {}
        self._others: dict[tuple[int, int], Permit] = {}

    @contextmanager
    def exclusive(self, clock: Callable[[], float]) -> Iterator[Sequence[Event]]:
        """Keeps others from deciding, and gives what they have done since the last time."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            now = clock()  # Others have sent while this one waited.
            yield [*self._new_events(now), *self._ended(now)]
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def sent(self, permit: Permit) -> None:
        """Tells that a request is sent. Within `exclusive`."""
        self._number += 1
        self._own[permit] = self._number
        self._append(f"{self._owner} {self._number} {permit.category.value} {permit.sent_at!r}")

    def answered(self, permit: Permit) -> None:
        """Tells that a request was answered. Within `exclusive`."""
        number = self._own.pop(permit, None)
        if number is not None:
            self._append(f"{self._owner} {number} - {permit.answered_at!r}")

    def _append(self, line: str) -> None:
        # A full disk must not end a sync: Pinterest's own refusals still hold it back.
        with suppress(OSError):
            os.write(self._file, f"{line}\n".encode())

    def _new_events(self, now: float) -> Iterator[Event]:
        content = b""
        while read := os.pread(self._file, 1 << 16, self._read_to + len(content)):
            content += read
        self._read_to += len(content)
        for line in content.splitlines():
            # A line that a killed process has not finished is nobody's, and so is one that no process writes.
            with suppress(ValueError):
                yield from self._event(line.decode(), now)

    def _event(self, line: str, now: float) -> Iterator[Event]:
        owner, number, what, text = line.split(" ")
        key, at = (int(owner), int(number)), float(text)
        if key[0] == self._owner or not 0 < key[0] <= _MOST_PROCESS:
            return
        if what == "-":
            permit = self._others.pop(key, None)
            if permit is not None:
                yield Answered(permit, at if permit.sent_at <= at <= now else now)
        # Nothing was sent in the future: everybody would wait until then.
        elif at <= now:
            self._others[key] = Permit(Category(what), at)
            yield Sent(self._others[key])

    def _ended(self, now: float) -> Iterator[Event]:
        """What processes had under way that have ended since: nobody will tell of its answer."""
        dead = {owner for owner, _ in self._others if not _is_running(owner)}
        for key in [key for key in self._others if key[0] in dead]:
            yield Answered(self._others.pop(key), now)


def shared_counts(environment: Mapping[str, str]) -> SharedCounts | None:
    """Returns the counts that whoever has started this process wants it to share; None if nobody does."""
    path = environment.get(QUOTA_PATH_VARIABLE)
    if path:
        with suppress(OSError):
            return SharedCounts(Path(path), os.getpid())
    return None


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
