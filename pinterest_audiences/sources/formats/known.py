"""The formats that are known, by the names of files and by their first bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

# By the name of each format for --format, the extensions of its files.
EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "csv": ("csv", "txt", "psv", "dat"),
    "tsv": ("tsv", "tab"),
    "jsonl": ("jsonl", "ndjson"),
    "json": ("json",),
    "xlsx": ("xlsx", "xlsm", "xls", "xlsb", "ods"),
    "parquet": ("parquet", "pq"),
    "arrow": ("arrow", "arrows", "feather", "ipc"),
    "orc": ("orc",),
}
TEXT: Final = frozenset({"csv", "tsv"})
JSON: Final = frozenset({"jsonl", "json"})
FORMATS: Final = tuple(EXTENSIONS)
_BY_EXTENSION: Final = {extension: name for name, extensions in EXTENSIONS.items() for extension in extensions}
# What text never begins with.
_BY_MAGIC: Final[Mapping[bytes, str]] = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"FEA1": "arrow",
    b"PK\x03\x04": "xlsx",
    b"\xd0\xcf\x11\xe0": "xlsx",
    b"ORC": "orc",
}
MAGIC_BYTES: Final = 8


def format_of_name(name: str) -> str | None:
    """Returns the format that a file's name tells; None if it tells none."""
    return _BY_EXTENSION.get(PurePosixPath(name).suffix.lower().removeprefix("."))


def format_of_content(first: bytes) -> str | None:
    """Returns the format that a file's first bytes tell; None if it may be text."""
    found = next((name for magic, name in _BY_MAGIC.items() if first.startswith(magic)), None)
    # "ORC" may also begin a text; the bytes after it are none.
    return None if found == "orc" and first[3:].isascii() and first[3:].decode().isprintable() else found


def extensions() -> str:
    """Returns the known extensions, for messages."""
    return ", ".join(f".{extension}" for names in EXTENSIONS.values() for extension in names[:2])
