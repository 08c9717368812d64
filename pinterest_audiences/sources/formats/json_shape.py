"""Tells how a JSON file holds its rows: an object a line, or one document with a list of objects in it.

Names don't tell: BigQuery and others write an object a line into files that end in .json.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO, Final, cast

import ijson

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.recognition import recognise_columns
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.names import no_such
from pinterest_audiences.sources.random_access import cut_off

_LOOK_AT_BYTES: Final = 1 << 16
# How a line ends whose object goes on in the next.
_GOES_ON: Final = (b"{", b"[", b",")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@contextmanager
def opened_as_utf8(file: DataFile) -> Iterator[BinaryIO]:
    """Opens a JSON file, as UTF-8 without a byte order mark."""
    with closing(file.open()) as stream:
        reader = io.BufferedReader(cast("io.RawIOBase", stream), _LOOK_AT_BYTES)
        first = reader.peek(len(codecs.BOM_UTF8))
        if first.startswith(_UTF_16):
            reader = io.BufferedReader(_AsUtf8(io.TextIOWrapper(reader, "utf-16", newline="")))
        elif first.startswith(codecs.BOM_UTF8):
            reader.read(len(codecs.BOM_UTF8))
        yield cast("BinaryIO", reader)


class _AsUtf8(io.RawIOBase):
    """A text as UTF-8."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        # A character has four bytes at most.
        chunk = self._text.read(max(1, len(view) // 4)).encode()
        view[: len(chunk)] = chunk
        return len(chunk)


def objects_path(file: DataFile, wanted: str | None, *, has_lines: bool) -> str | None:
    """Returns the path of the objects in a document, for ijson; None if the file has an object a line.

    Args:
        file: the file.
        wanted: the name of the list to read, if the user gave one.
        has_lines: whether the file's name says that it has an object a line.

    Raises: UsageError if it is neither, or which of several lists is meant isn't clear; SourceError if it was cut off.
    """
    beginning = _beginning(file)
    if not beginning.startswith((b"[", b"{")):
        raise not_json(file.label)
    lists = [] if has_lines or beginning.startswith(b"[") else _lists(file)
    if wanted is not None and wanted not in lists:
        raise no_such("list", wanted, lists, file.label)
    if beginning.startswith(b"["):
        return "item"
    if lists:
        return f"{_chosen(lists, wanted, file.label)}.item"
    first_line = beginning.splitlines()[0].rstrip()
    return "" if first_line.endswith(_GOES_ON) else None


def not_json(label: str) -> UsageError:
    """Returns the error for a file that is no JSON, or none with rows in it."""
    return UsageError(
        Code.SOURCE_NOT_OPENED,
        f"{label} holds neither an object a line nor a list of objects, as JSON. Name another, or its format by "
        "--format.",
    )


def _beginning(file: DataFile) -> bytes:
    try:
        with opened_as_utf8(file) as stream:
            beginning = stream.read(_LOOK_AT_BYTES).lstrip()
    except UnicodeError:
        raise not_json(file.label) from None
    except (OSError, EOFError):
        raise cut_off(file.label) from None
    if not beginning:
        raise UsageError(Code.SOURCE_NOT_OPENED, f"{file.label} is empty. Name another file.")
    return beginning


def _lists(file: DataFile) -> list[str]:
    """Returns the paths of the lists of objects in a file's only object; none if it is a row or not the only one."""
    found: dict[str, None] = {}
    keys: list[str] = []
    is_over = False
    try:
        with opened_as_utf8(file) as stream:
            for prefix, event, value in ijson.parse(stream, multiple_values=True):
                if is_over:
                    return []
                if prefix == "" and event == "map_key":
                    keys.append(value)
                elif event == "start_map" and prefix.endswith(".item") and ".item." not in prefix:
                    found[prefix.removesuffix(".item")] = None
                is_over = prefix == "" and event == "end_map"
                if is_over and (not found or recognise_columns(keys)):
                    return []
    except ijson.JSONError:
        return []  # said of the line that is wrong
    except UnicodeError:
        raise not_json(file.label) from None
    except (OSError, EOFError):
        raise cut_off(file.label) from None
    return list(found)


def _chosen(lists: list[str], wanted: str | None, label: str) -> str:
    if wanted is not None or len(lists) == 1:
        return wanted or lists[0]
    raise UsageError(
        Code.TABLE_OR_COLUMN_UNKNOWN,
        f"{label} has lists of the names {', '.join(lists)}. Say which one to read: --table {lists[0]}.",
    )
