"""Keeps ledgers in a local folder: files appear complete by rename, and are replaced under a file lock."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageFailedError, StorageRefusedError
from destination_pinterest.membership.blobs import Blob, ChangedMeanwhileError

_LOCK: Final = ".lock"
# A file that is being written. After a crash it is overwritten, or deleted as the finished file would be.
PART: Final = ".part"
# Failures that need a change. Anything else, such as a full disk, may pass.
_REFUSALS: Final = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS}


class FolderBlobs:
    """A folder that must exist already: creating it could hide that a volume is not mounted."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def address(self, name: str) -> str:
        """Returns the path."""
        return str(self._root / name)

    def read(self, name: str) -> Blob | None:
        """See Blobs."""
        with self._explained():
            try:
                body = (self._root / name).read_bytes()
            except FileNotFoundError:
                self._require_root()
                return None
        return Blob(body, _version(body))

    def write(self, name: str, body: bytes, *, over: str | None) -> str:
        """See Blobs."""
        with self._explained(), self._locked(name):
            found = self.read(name)
            if (found and found.version) != over:
                raise ChangedMeanwhileError
            with self._whole(name) as part:
                part.write_bytes(body)
        return _version(body)

    def add(self, path: Path, name: str) -> None:
        """See Blobs."""
        with self._explained():
            self._make_folder(name)
            with self._whole(name) as part:
                shutil.copyfile(path, part)

    def fetch(self, name: str, folder: Path) -> Path | None:  # noqa: ARG002 - it is read where it is
        """See Blobs."""
        with self._explained():
            path = self._root / name
            if path.is_file():
                return path
            self._require_root()
        return None

    def delete(self, name: str) -> None:
        """See Blobs."""
        with self._explained():
            self._require_root()
            (self._root / name).unlink(missing_ok=True)

    def names(self, prefix: str) -> list[str]:
        """See Blobs."""
        with self._explained():
            self._require_root()
            pattern = f"{prefix}*" if prefix else "*/*"
            found = (path.relative_to(self._root) for path in self._root.glob(pattern) if path.is_file())
            return sorted(path.as_posix() for path in found if path.name != _LOCK)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        self._make_folder(name)
        lock = os.open((self._root / name).with_name(_LOCK), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    @contextmanager
    def _whole(self, name: str) -> Iterator[Path]:
        """Yields a file to write, which afterwards is safely on the disk as `name`, or is gone."""
        target = self._root / name
        part = target.with_name(target.name + PART)
        try:
            part.touch(0o600)
            yield part
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(target)
            _sync_folder(target.parent)
        finally:
            part.unlink(missing_ok=True)

    def _make_folder(self, name: str) -> None:
        self._require_root()
        with suppress(FileExistsError):
            (self._root / name).parent.mkdir(mode=0o700)
            _sync_folder(self._root)

    def _require_root(self) -> None:
        self._root.stat()
        if not self._root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            said = f"The folder of the membership store, {self._root}, could not be used: {reason}."
            if error.errno in _REFUSALS:
                raise StorageRefusedError(
                    Code.STORE_FOLDER_REFUSED, f"{said} Create or mount it, and let the connector read and write in it."
                ) from error
            raise StorageFailedError(
                Code.STORE_FOLDER_FAILED, f"{said} See to its disk; the sync will be tried again."
            ) from error


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _sync_folder(path: Path) -> None:
    """Flushes the folder's entries to the disk: otherwise a power failure may undo a rename."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
