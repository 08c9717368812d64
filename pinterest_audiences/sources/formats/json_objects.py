"""Reads the objects of a JSON file one after the other, each with its place in the file.

Source: ijson 3.6.0 and msgspec 0.22.0 (run 2026-11-27): both read whole numbers of any size exactly, and of a name that
    an object repeats keep the last value alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import ijson
import msgspec

from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.formats.json_shape import not_json, opened_as_utf8
from pinterest_audiences.sources.random_access import cut_off
from pinterest_audiences.sources.source import RefusedRow

Object = dict[str, Any]
_MOST_LINE_BYTES: Final = 64 << 20
_NO_JSON: Final = "the line is not JSON"
_NO_OBJECT: Final = "there is no object, but another value"
# Each name in a line is followed by a colon; within texts there may be more of these, but never fewer.
_AFTER_A_NAME: Final = re.compile(rb'"[ \t\r\n]*:')


class _EveryValue(dict[str, Any]):
    """An object that keeps all values of a repeated name, numbered as repeated headers are: `email`, `email 2`."""

    def __setitem__(self, name: str, value: Any) -> None:
        free, number = name, 2
        while free in self:
            free, number = f"{name} {number}", number + 1
        super().__setitem__(free, value)

    @classmethod
    def of(cls, pairs: list[tuple[str, Any]]) -> Object:
        every = cls()
        for name, value in pairs:
            every[name] = value
        return every


def objects_of(file: DataFile, path: str | None) -> Iterator[tuple[int, Object | RefusedRow]]:
    """Yields objects, and what stands in their places and is none, with the numbers of their lines, or of themselves.

    Args:
        file: the file.
        path: where they are, see `objects_path`.

    Raises: SourceError if the file was cut off; UsageError if a document is no JSON.
    """
    return _in_lines(file) if path is None else _in_document(file, path)


def _in_lines(file: DataFile) -> Iterator[tuple[int, Object | RefusedRow]]:
    decode, names_in = msgspec.json.Decoder().decode, _AFTER_A_NAME.findall
    try:
        with opened_as_utf8(file) as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_MOST_LINE_BYTES), b""), 1):
                try:
                    value = decode(line)
                    if type(value) is dict and len(names_in(line)) != len(value):
                        value = json.loads(line, object_pairs_hook=_EveryValue.of)
                except (ValueError, RecursionError):
                    yield from ((number, each) for each in _leniently(line, number, file.label))
                    continue
                yield number, value if isinstance(value, dict) else RefusedRow(number, _NO_OBJECT)
    except (OSError, EOFError, UnicodeError):
        raise cut_off(file.label) from None


def _leniently(line: bytes, number: int, label: str) -> Iterator[Object | RefusedRow]:
    """Reads what strict decoding refuses: several objects a line, NaN, half a surrogate pair."""
    rest = line.strip()
    if not rest:
        return
    decoder = json.JSONDecoder(object_pairs_hook=_EveryValue.of)
    try:
        text = rest.decode()
        while text:
            value, end = decoder.raw_decode(text)
            text = text[end:].lstrip()
            yield value if isinstance(value, dict) else RefusedRow(number, _NO_OBJECT)
    except (ValueError, RecursionError):
        if rest.startswith(b"{") and not line.endswith(b"\n"):
            raise cut_off(label) from None
        yield RefusedRow(number, _NO_JSON)


def _in_document(file: DataFile, path: str) -> Iterator[tuple[int, Object | RefusedRow]]:
    try:
        with opened_as_utf8(file) as stream:
            objects = ijson.items(stream, path, map_type=_EveryValue, multiple_values=path == "")
            for number, value in enumerate(objects, 1):
                yield number, value if isinstance(value, dict) else RefusedRow(number, _NO_OBJECT)
    except ijson.IncompleteJSONError as error:
        raise (cut_off(file.label) if "premature EOF" in str(error) else not_json(file.label)) from None
    except ijson.JSONError:
        raise not_json(file.label) from None
    except (OSError, EOFError, UnicodeError):
        raise cut_off(file.label) from None
