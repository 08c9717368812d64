"""What a ledger needs from its storage: small objects with compare-and-swap, and files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class ChangedMeanwhileError(Exception):
    """The object is no longer the version that was to be replaced. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A small object: its content and its version."""

    body: bytes = field(repr=False)
    version: str


class Blobs(Protocol):
    """Named objects. A name is a folder and a file, with a slash between them. Any thread may use it.

    Every method except `address` raises:
        StorageRefusedError: the place does not exist or may not be used, until something is changed.
        StorageFailedError: the place failed, and may work again later.
    """

    def address(self, name: str) -> str:
        """Returns an object's address, for people."""
        ...

    def read(self, name: str) -> Blob | None:
        """Returns a small object; None if there is none."""
        ...

    def write(self, name: str, body: bytes, *, over: str | None) -> str:
        """Writes a small object over the version `over` (None: only if there is no object) and returns its version.

        Raises:
            ChangedMeanwhileError: the object has another version.
        """
        ...

    def add(self, path: Path, name: str) -> None:
        """Copies a file to a new name. It appears complete or not at all."""
        ...

    def fetch(self, name: str, folder: Path) -> Path | None:
        """Returns a file to read: the original, or a copy in `folder`. None if there is none."""
        ...

    def delete(self, name: str) -> None:
        """Deletes an object, if it exists."""
        ...

    def names(self, prefix: str) -> list[str]:
        """Returns the names that begin with `prefix`, which ends in a slash or is empty."""
        ...
