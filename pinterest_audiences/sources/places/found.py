"""What a place found under an address: files, each with the columns that its folders' names give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pinterest_audiences.sources.data_file import DataFile

# What Hive and Spark write for a row without a value in that column.
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, and what the names of its folders say: `country=DE` gives the column `country`."""

    file: DataFile
    partition: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What an address names.

    Args:
        label: the address without secrets, the same in every run.
        name: the name of the file or folder, without patterns.
        files: the files, in the order of their names.
        is_listing: whether they were found by a pattern or in a folder, so that other files may lie beside them.
    """

    label: str
    name: str
    files: Sequence[FoundFile]
    is_listing: bool = False


def partition_of(folders: Sequence[str]) -> tuple[tuple[str, str | None], ...]:
    """Reads the names of folders as Hive writes them."""
    pairs = [folder.partition("=") for folder in folders]
    return tuple(
        (unquote(column), None if value == _NO_VALUE else unquote(value)) for column, equals, value in pairs if equals
    )


def is_left_out(parts: Sequence[str]) -> bool:
    """Whether a file is no data by its name or its folders': hidden, a mark such as `_SUCCESS`, or a table's log."""
    return any(part.startswith((".", "_")) and "=" not in part for part in parts)
