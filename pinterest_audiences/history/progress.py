"""Says how far syncs under way are, for whoever looks on from another process: a small file for each of them.

A sync holds a lock on its file while it runs, so one that was killed is known by its free lock. Nothing that goes wrong
here is raised: a sync has better things to do.

Source: man flock(2): the kernel frees a lock when the process ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from pinterest_audiences.history.impersonal import impersonal
from pinterest_audiences.history.location import default_history_path
from pinterest_audiences.history.moments import moment_of, moment_text
from pinterest_audiences.progress import Display, SyncCounts

FORMAT: Final = 1
_EVERY_S: Final = 1.0
_FILE_OF_OWNER: Final = 0o600
_FOLDER_OF_OWNER: Final = 0o700
# Written at once and of one length, so that a reader finds the old text or the new one.
_LENGTH: Final = 4096


@dataclass(frozen=True, slots=True)
class RunningSync:
    """A sync under way, in rows. `total` is None if the source can't say how many it has."""

    name: str
    ad_account_id: str
    command: str
    started_at: datetime
    total: int | None = None
    counts: SyncCounts = field(default_factory=SyncCounts)


def progress_folder(history: Path) -> Path:
    """Returns the folder of the files of syncs under way."""
    return history.with_name(f"{history.stem}.running")


def running_syncs(folder: Path) -> list[RunningSync]:
    """Returns the syncs under way, the one that began first first; files of killed ones are removed."""
    found = [sync for path in folder.glob("*.json") if (sync := _read(path)) is not None]
    return sorted(found, key=lambda each: (each.started_at, each.name))


@contextmanager
def followed(
    display: Display, name: str, ad_account_id: str, command: str, environment: Mapping[str, str]
) -> Iterator[Display]:
    """Yields a display that also lets others follow the sync, if there is a history beside which to do so."""
    history = default_history_path(environment)
    if history is None:
        yield display
        return
    sync = RunningSync(impersonal(name), ad_account_id, command, datetime.now(UTC))
    file = _opened(progress_folder(history))
    try:
        yield display if file is None else FollowedDisplay(display, sync, file[0])
    finally:
        if file is not None:
            with suppress(OSError):
                file[1].unlink()
            os.close(file[0])


class FollowedDisplay(Display):
    """Shows a sync on another display, and writes down now and then how far it is.

    Args:
        display: where it is shown.
        sync: which it is.
        file: where it is written down: a descriptor.
        clock: monotonic seconds.
    """

    def __init__(
        self, display: Display, sync: RunningSync, file: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._display = display
        self._sync = sync
        self._file = file
        self._clock = clock
        self._written_s = 0.0
        self._lock = threading.Lock()  # Rows are read in another thread than the connector's answers.
        self._write(at_once=True)

    def __enter__(self) -> Self:
        self._display.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._display.__exit__(*error)

    def begin(self, total: int | None) -> None:
        """See Display."""
        self._display.begin(total)
        with self._lock:
            self._sync = replace(self._sync, total=total)
            self._write()

    def read(self, rows: int) -> None:
        """See Watcher."""
        self._display.read(rows)
        with self._lock:
            self._count(replace(self._sync.counts, read=self._sync.counts.read + rows))
            self._write()

    def progressed(self, progress: Mapping[str, Any]) -> None:
        """See Watcher."""
        self._display.progressed(progress)
        with self._lock:
            self._count(self._sync.counts.with_progress(progress))
            self._write()

    def waiting(self, until_s: float) -> None:
        """See Watcher."""
        self._display.waiting(until_s)
        with self._lock:
            self._count(replace(self._sync.counts, waiting_until_s=until_s))
            self._write(at_once=True)

    def log(self, level: str, text: str) -> None:
        """See Watcher."""
        self._display.log(level, text)

    def _count(self, counts: SyncCounts) -> None:
        self._sync = replace(self._sync, counts=counts)

    def _write(self, *, at_once: bool = False) -> None:
        now = self._clock()
        if at_once or now - self._written_s >= _EVERY_S:
            self._written_s = now
            plain = {"format": FORMAT, **asdict(self._sync), "started_at": moment_text(self._sync.started_at)}
            with suppress(OSError):
                os.pwrite(self._file, json.dumps(plain).encode()[:_LENGTH].ljust(_LENGTH), 0)


def _opened(folder: Path) -> tuple[int, Path] | None:
    """Returns a new file that is locked, and its path."""
    path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER_OF_OWNER)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_OF_OWNER)
    except OSError:
        return None
    with suppress(OSError):  # Not every disk has locks; a sync there is not shown.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file, path


def _read(path: Path) -> RunningSync | None:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _understood(os.pread(file, _LENGTH, 0))
    else:
        if os.fstat(file).st_size:  # One that is empty may be about to be locked.
            path.unlink(missing_ok=True)
        return None
    finally:
        os.close(file)


def _understood(content: bytes) -> RunningSync | None:
    with suppress(ValueError, TypeError, KeyError):
        plain = json.loads(content)
        if plain.pop("format") == FORMAT:
            counts = SyncCounts(**plain.pop("counts"))
            return RunningSync(**{**plain, "started_at": moment_of(plain["started_at"]), "counts": counts})
    return None
