"""A file on this machine's disks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from pinterest_audiences.sources.files import existing_file


class StoredFile:
    """A file on this machine, as it is stored.

    Args:
        path: where it is.
    """

    remarks: Sequence[str] = ()

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def label(self) -> str:
        """See DataFile."""
        return str(self._path.resolve())

    @property
    def name(self) -> str:
        """See DataFile."""
        return self._path.name

    @property
    def size_bytes(self) -> int | None:
        """See DataFile; a pipe has no size."""
        return self._path.stat().st_size if self._path.is_file() else None

    def open(self) -> BinaryIO:
        """See DataFile."""
        return existing_file(str(self._path)).open("rb")
