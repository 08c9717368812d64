"""A file that one driver holds while it mirrors, so that a second one is refused.

It is as sure as the storage: HDFS, Azure and Google Cloud Storage create a file for one of two that try at once; a
local folder and S3 may let both pass within the same moment. A driver that finds its lease taken stops before it sends
more.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SentBusyError

NAME: Final = "lease.json"
RENEW_EVERY_S: Final = 30.0
# Several renewals may be late before another driver takes over.
OVER_AFTER_S: Final = 180.0


class Folder(Protocol):
    """Where the lease lies; see HadoopFolder."""

    def read(self, name: str) -> str | None:
        """Returns a file's text."""

    def create(self, name: str, text: str) -> bool:
        """Writes a file that must not be there."""

    def write(self, name: str, text: str) -> None:
        """Writes a file."""

    def delete(self, name: str) -> None:
        """Deletes a file."""

    def age_s(self, name: str, now_s: float) -> float:
        """Returns how long ago a file was written."""


class Lease:
    """A lease on a folder. Get one by `held`."""

    def __init__(self, folder: Folder, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self._owner = uuid.uuid4().hex
        self._text = json.dumps(
            {"owner": self._owner, "host": socket.gethostname(), "processes": _processes(), "pid": os.getpid()}
        )
        self._is_lost = False
        self._ends = threading.Event()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lease, and renews it. Raises: SentBusyError if another driver has it."""
        self._take()
        renewer = threading.Thread(target=self._renew, name="lease", daemon=True)
        renewer.start()
        try:
            yield
        finally:
            self._ends.set()
            renewer.join()
            if self._is_own():
                self._folder.delete(NAME)

    def check(self) -> None:
        """Raises: SentBusyError if another driver has taken the lease."""
        if self._is_lost:
            raise _busy()

    def renew(self) -> None:
        """Renews the lease, or finds out that it is lost."""
        if self._is_own():
            self._folder.write(NAME, self._text)
        else:
            self._is_lost = True

    def _take(self) -> None:
        if not self._folder.create(NAME, self._text):
            if self._is_alive():
                raise _busy()
            self._folder.delete(NAME)
            if not self._folder.create(NAME, self._text):
                raise _busy()
        if not self._is_own():
            raise _busy()

    def _renew(self) -> None:
        while not self._ends.wait(RENEW_EVERY_S) and not self._is_lost:
            # A storage that fails for a moment is no reason; one that fails for long lets the lease end.
            with suppress(Exception):
                self.renew()

    def _is_own(self) -> bool:
        return self._folder.read(NAME) == self._text

    def _is_alive(self) -> bool:
        """Whether the driver that has it may still be there."""
        if self._folder.age_s(NAME, self._now()) > OVER_AFTER_S:
            return False
        try:
            other = json.loads(self._folder.read(NAME) or "")
            place, pid = (other["host"], other["processes"]), int(other["pid"])
        except (ValueError, KeyError, TypeError):
            return True  # It is being written, or is of another version.
        return place != (socket.gethostname(), _processes()) or _runs(pid)


def _processes() -> str:
    """Tells apart where a process's number means another one, though the host has the same name: in containers.

    Blank where there is no such thing to read, as on macOS.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _busy() -> SentBusyError:
    return SentBusyError(
        Code.SPARK_SENT_BUSY,
        f"Another driver mirrors by the same table. Sync again when it has ended; one that was killed counts as ended "
        f"after {OVER_AFTER_S / 60:.0f} minutes.",
    )
