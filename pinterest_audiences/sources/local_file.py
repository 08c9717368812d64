"""A file on this machine, perhaps compressed by gzip."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import BinaryIO, cast

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError


class LocalFile:
    """A file on this machine: see DataFile.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_compressed = path.name.lower().endswith(".gz")

    @property
    def label(self) -> str:
        """See DataFile."""
        return str(self._path.resolve())

    @property
    def name(self) -> str:
        """See DataFile."""
        return self._path.name[:-3] if self._is_compressed else self._path.name

    @property
    def size_bytes(self) -> int | None:
        """See DataFile."""
        return self._path.stat().st_size

    def open(self) -> BinaryIO:
        """See DataFile."""
        try:
            if self._is_compressed:
                return cast("BinaryIO", gzip.open(self._path))
            return self._path.open("rb")
        except OSError as error:
            raise UsageError(
                Code.SOURCE_NOT_OPENED, f"{self.label} can't be read: {error.strerror}. See that it may be read."
            ) from None
