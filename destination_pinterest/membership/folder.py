"""Keeps ledgers in a local folder: files appear complete by rename, and are replaced under a file lock.

The folder itself may be reached through links, which are the operator's. Nothing in it may be one: whoever planted it
could make the connector read or overwrite files elsewhere.

Source: man7.org, open(2): O_NOFOLLOW, O_EXCL and O_DIRECTORY (read 2026-11-27).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageFailedError, StorageRefusedError
from destination_pinterest.membership.blobs import Blob, ChangedMeanwhileError

_LOCK: Final = ".lock"
# A file that is being written. After a crash it is deleted by the next writer, or as the finished file would be.
PART: Final = ".part"
_OWNER_ONLY: Final = 0o600
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # Not to wait for who may write into a pipe.
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_OPEN_LOCK: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY
_COPIED_AT_ONCE: Final = 1 << 20
# A ledger's folder, as `folder_of` names it. Other things in the root are somebody else's.
_LEDGER: Final = re.compile(r"[0-9a-f]{32}")
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
        with self._explained(), self._folder(name) as folder:
            return None if folder is None else self._read(name, folder)

    def write(self, name: str, body: bytes, *, over: str | None) -> str:
        """See Blobs."""
        with self._explained(), self._new_folder(name) as folder, self._locked(folder):
            found = self._read(name, folder)
            if (found and found.version) != over:
                raise ChangedMeanwhileError
            with self._whole(name, folder) as part:
                part.write(body)
        return _version(body)

    def add(self, path: Path, name: str) -> None:
        """See Blobs."""
        with (
            self._explained(),
            path.open("rb") as file,
            self._new_folder(name) as folder,
            self._whole(name, folder) as part,
        ):
            shutil.copyfileobj(file, part, _COPIED_AT_ONCE)

    def fetch(self, name: str, folder: Path) -> Path | None:  # noqa: ARG002 - it is read where it is
        """See Blobs."""
        with self._explained(), self._folder(name) as inner:
            if inner is None:
                return None
            with self._file(name, inner) as file:
                return None if file is None else self._root / name

    def delete(self, name: str) -> None:
        """See Blobs."""
        with self._explained(), self._folder(name) as folder, suppress(FileNotFoundError):
            if folder is not None:
                os.unlink(_file_of(name), dir_fd=folder)

    def names(self, prefix: str) -> list[str]:
        """See Blobs."""
        with self._explained():
            folders = [prefix.rstrip("/")] if prefix else self._folders()
            return sorted(name for folder in folders for name in self._files(folder))

    def _folders(self) -> list[str]:
        with self._open_root() as root, os.scandir(root) as entries:
            found = []
            for entry in entries:
                if entry.is_symlink() and _LEDGER.fullmatch(entry.name):
                    raise self._refuse(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    found.append(entry.name)
            return found

    def _files(self, inner: str) -> Iterator[str]:
        with self._folder(f"{inner}/") as folder:
            if folder is None:
                return
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False) and entry.name != _LOCK:
                        yield f"{inner}/{entry.name}"

    def _read(self, name: str, folder: int) -> Blob | None:
        with self._file(name, folder) as file:
            if file is None:
                return None
            body = file.read()
            return Blob(body, _version(body))

    @contextmanager
    def _file(self, name: str, folder: int) -> Iterator[BinaryIO | None]:
        """Yields an open file; None if there is none."""
        try:
            descriptor = os.open(_file_of(name), _READ, dir_fd=folder)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self._refuse(name) from None
            raise
        with open(descriptor, "rb") as file:  # noqa: PTH123 - it is a descriptor
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise self._refuse(name)
            yield file

    @contextmanager
    def _locked(self, folder: int) -> Iterator[None]:
        try:
            lock = os.open(_LOCK, _OPEN_LOCK, _OWNER_ONLY, dir_fd=folder)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self._refuse(_LOCK) from None
            raise
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    @contextmanager
    def _whole(self, name: str, folder: int) -> Iterator[BinaryIO]:
        """Yields a file to write, which afterwards is safely on the disk as `name`, or is gone."""
        target = _file_of(name)
        part = target + PART
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=folder)  # A killed writer's: no other one writes under this name now.
        try:
            with open(os.open(part, _CREATE, _OWNER_ONLY, dir_fd=folder), "wb") as file:  # noqa: PTH123
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)  # Otherwise a power failure may undo the rename.
        finally:
            with suppress(FileNotFoundError):
                os.unlink(part, dir_fd=folder)

    @contextmanager
    def _new_folder(self, name: str) -> Iterator[int]:
        """Yields the folder of a name, which is created if it is missing."""
        inner = name.rpartition("/")[0]
        with self._open_root() as root:
            if inner:
                with suppress(FileExistsError):
                    os.mkdir(inner, 0o700, dir_fd=root)
                    os.fsync(root)
        with self._folder(name) as folder:
            if folder is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            yield folder

    @contextmanager
    def _folder(self, name: str) -> Iterator[int | None]:
        """Yields the folder of a name; None if there is none."""
        inner = name.rpartition("/")[0]
        with self._open_root() as root:
            if not inner:
                yield root
                return
            try:
                folder = os.open(inner, _OPEN_FOLDER | os.O_NOFOLLOW, dir_fd=root)
            except FileNotFoundError:
                folder = None
            except OSError as error:
                if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                    raise self._refuse(inner) from None
                raise
            if folder is None:
                yield None
                return
            try:
                yield folder
            finally:
                os.close(folder)

    @contextmanager
    def _open_root(self) -> Iterator[int]:
        root = os.open(self._root, _OPEN_FOLDER)
        try:
            yield root
        finally:
            os.close(root)

    def _refuse(self, name: str) -> StorageRefusedError:
        return StorageRefusedError(
            Code.STORE_HAS_LINK,
            f"In the membership store, {self._root / name} is a link, or is no ordinary file or folder, so it was left "
            "alone. Put back what the connector wrote there; only the path in the settings may be a link.",
        )

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


def _file_of(name: str) -> str:
    return name.rpartition("/")[2]


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
