"""What a book needs of the place that it is kept in: small objects by compare-and-swap, and files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class ChangedMeanwhileError(Exception):
    """An object is not the version that was to be replaced; nothing was written."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A small object's content, and the version that it is."""

    body: bytes = field(repr=False)
    version: str


class Blobs(Protocol):
    """Named objects; a name is a folder's and a file's, with a slash between. Any thread may use it.

    Every method raises:
        StorageRefusedError: the place is not there, or may not be used: somebody must change something.
        StorageFailedError: it did not answer as it should; later it may.
    """

    def address(self, name: str) -> str:
        """Where an object is, as people write it."""
        ...

    def read(self, name: str) -> Blob | None:
        """A small object; None where there is none."""
        ...

    def write(self, name: str, body: bytes, *, over: str | None) -> str:
        """Writes a small object over the version `over`, or where there is none (None), and returns its version.

        Raises:
            ChangedMeanwhileError: there is another version.
        """
        ...

    def add(self, path: Path, name: str) -> None:
        """Copies a file to a name that nothing had before. It is there as a whole or not at all."""
        ...

    def fetch(self, name: str, folder: Path) -> Path | None:
        """A file to be read, either where it is or as a copy in `folder`; None where there is none."""
        ...

    def delete(self, name: str) -> None:
        """Deletes an object, if it is there."""
        ...

    def names(self, prefix: str) -> list[str]:
        """The names that begin with `prefix`, which ends at a slash or is empty."""
        ...
