"""Counts that processes of one machine share, through a file.

Each process appends a line when it sends a request and one when it is answered, and reads what the others have
appended. The file is locked while a request is claimed, so that no two claim at once. It may be used for years: once it
is large, whoever appends puts another in its place that begins with the last lines.

Source: man clock_gettime(2), CLOCK_MONOTONIC: one clock for the whole system, which begins anew with it.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Final

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Permit
from destination_pinterest.api.shared_counts import AHEAD_S, LOST_AFTER_S, OURS, Answered, Clock, Event, Sent, Wants

_OWNER_ONLY: Final = 0o600
_READ_BYTES: Final = 1 << 16
# At Standard quota, the last minutes; at Trial's, more than a day.
KEPT_BYTES: Final = 1 << 20
LARGEST_BYTES: Final = 4 << 20
_MOST_OWNER: Final = 2**63 - 1
_MOVED: Final = b"moved"
# The number of no request.
_WANTS: Final = 0


class FileCounts:
    """Shares counts through a file.

    Args:
        path: the file; created if there is none.
        owner: a number that no other process has.
        is_running: whether the process of a number may still tell of its requests.
        offset_s: by how much the times in the file are later than the clock's, in seconds.
        largest_bytes: from which size on the file is replaced.

    Raises: OSError if it can't be opened, or if others could have written what is in it.
    """

    is_together = True
    share = Fraction(1)

    def __init__(
        self,
        path: Path,
        owner: int,
        is_running: Callable[[int], bool],
        *,
        offset_s: float = 0.0,
        largest_bytes: int = LARGEST_BYTES,
    ) -> None:
        self._path = path
        self._owner = owner
        self._is_running = is_running
        self._offset_s = offset_s
        self._largest_bytes = largest_bytes
        self._file = _opened(path)
        # What is older has left every window of Standard access, and a day of Trial has less.
        self._read_to = max(0, os.fstat(self._file).st_size - KEPT_BYTES)
        self._number = 0
        self._own: dict[Permit, int] = {}
        self._others: dict[tuple[int, int], Permit] = {}

    def news(self, clock: Clock, within_s: float = 0.0) -> Sequence[Event]:  # noqa: ARG002 - it is near
        """See SharedCounts."""
        lines: list[bytes] = []
        with suppress(OSError), self._locked():
            lines = list(self._appended())
        now = clock()  # What was read has been sent before.
        return [*(event for line in lines for event in self._events(line, now)), *self._ended(now)]

    def claim(self, permit: Permit) -> bool:
        """See SharedCounts. A full disk must not end a sync: then Pinterest's own refusals hold it back."""
        with suppress(OSError), self._locked():
            if os.fstat(self._file).st_size != self._read_to:
                return False
            self._number += 1
            self._own[permit] = self._number
            self._append(f"{self._owner} {self._number} {permit.category.value} {permit.sent_at + self._offset_s!r}")
            if self._read_to > self._largest_bytes:
                self._replace()
        return True

    def wants(self, category: Category) -> None:
        """See SharedCounts."""
        read_to = self._read_to
        with suppress(OSError), self._locked():
            self._append(f"{self._owner} {_WANTS} {category.value} 0")
            self._read_to = min(self._read_to, read_to)  # What is in the line is read, own places too.

    def answered(self, permit: Permit) -> None:
        """See SharedCounts."""
        number = self._own.pop(permit, None)
        if number is not None and permit.answered_at is not None:
            with suppress(OSError), self._locked():
                self._append(f"{self._owner} {number} - {permit.answered_at + self._offset_s!r}")

    def leave(self) -> None:
        """See SharedCounts: there is nothing to tell."""

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Locks the file that is in place now."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        while self._is_replaced():
            self._follow()
            fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _append(self, line: str) -> None:
        """Adds a line, after what somebody could not write to its end if the disk was full."""
        size = os.fstat(self._file).st_size
        is_whole = size == 0 or os.pread(self._file, 1, size - 1) == b"\n"
        written = os.write(self._file, f"{'' if is_whole else chr(10)}{line}\n".encode())
        if self._read_to == size:
            self._read_to += written

    def _appended(self) -> Iterator[bytes]:
        """Yields the lines that were appended since the last time."""
        # Whoever empties it, such as a rotation of logs, must stop nobody.
        self._read_to = min(self._read_to, os.fstat(self._file).st_size)
        content = b""
        while read := os.pread(self._file, _READ_BYTES, self._read_to + len(content)):
            content += read
        self._read_to += len(content)
        yield from content.splitlines()

    def _events(self, line: bytes, now: float) -> Iterator[Event]:
        # A line that a killed process has not finished is nobody's, and so is one that no process writes.
        with suppress(ValueError):
            yield from self._event(line.decode(), now)

    def _event(self, line: str, now: float) -> Iterator[Event]:
        owner, number, what, text = line.split(" ")
        key, at = (int(owner), int(number)), float(text) - self._offset_s
        if not 0 < key[0] <= _MOST_OWNER:
            return
        if key[1] == _WANTS:
            yield Wants(Category(what), OURS if key[0] == self._owner else key[0])
        elif key[0] == self._owner:
            return
        elif what == "-":
            permit = self._others.pop(key, None)
            if permit is not None:
                yield Answered(permit, at if permit.sent_at <= at <= now else now)
        # Nothing is claimed for long after: everybody would wait until then.
        elif at <= now + AHEAD_S:
            self._others[key] = Permit(Category(what), at)
            yield Sent(self._others[key], key[0])

    def _ended(self, now: float) -> Iterator[Event]:
        """What was under way with processes that have ended since: nobody will tell of its answer."""
        running = {owner: self._is_running(owner) for owner, _ in self._others}
        for key, permit in list(self._others.items()):
            if not running[key[0]] or now - permit.sent_at > LOST_AFTER_S:
                del self._others[key]
                yield Answered(permit, now)

    def _is_replaced(self) -> bool:
        try:
            return self._path.stat().st_ino != os.fstat(self._file).st_ino
        except FileNotFoundError:
            return True  # Others will begin a new one, and so must this process.

    def _follow(self) -> None:
        """Goes on in the file that took the place of the one that is open, after what was read there."""
        new = _opened(self._path)
        old, self._file = self._file, new
        first = os.pread(new, _READ_BYTES, 0).split(b"\n", 1)[0].split(b" ")
        own, read_to = str(os.fstat(old).st_ino).encode(), self._read_to
        os.close(old)
        # After several replacements, what is there is read again, and counted twice: too much is safe.
        self._read_to = 0
        if len(first) == 3 and first[0] == _MOVED and first[1] == own:
            with suppress(ValueError):
                self._read_to = max(0, read_to - int(first[2]) + len(b" ".join(first)) + 1)

    def _replace(self) -> None:
        """Puts another file in this one's place, which begins with its last lines. Within the lock."""
        content = os.pread(self._file, KEPT_BYTES, self._read_to - min(KEPT_BYTES, self._largest_bytes // 2))
        content = content[content.find(b"\n") + 1 :]
        begin = self._read_to - len(content)
        first = b" ".join([_MOVED, str(os.fstat(self._file).st_ino).encode(), str(begin).encode()]) + b"\n"
        unfinished = self._path.with_name(f"{self._path.name}.{self._owner}")
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _OWNER_ONLY)
        try:
            os.write(file, first + content)
            unfinished.replace(self._path)
        finally:
            os.close(file)


def _opened(path: Path) -> int:
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, _OWNER_ONLY)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(file)
        raise PermissionError
    return file


def process_is_running(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
