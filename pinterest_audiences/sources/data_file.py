"""The interface of data files: a name, and bytes that can be read from the beginning more than once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Protocol


class DataFile(Protocol):
    """A file with a table in it, wherever it is kept. Reading it changes nothing."""

    @property
    def label(self) -> str:
        """Its path or address without secrets, the same in every run."""

    @property
    def name(self) -> str:
        """Its name without folders and without the extensions of compression, such as `customers.csv`."""

    @property
    def size_bytes(self) -> int | None:
        """How large it is as stored; None if that is not known before it has been read."""

    @property
    def remarks(self) -> Sequence[str]:
        """What was noticed while it was opened, in sentences for the log."""

    def open(self) -> BinaryIO:
        """Opens its content, decompressed, at the beginning. The caller closes it.

        Raises: UsageError if it can't be read; SourceError if the place where it is kept doesn't answer. Reading raises
            OSError, or EOFError if it was cut off.
        """
