"""Reads the objects of a JSON file one after the other, each with its place in the file.

Source: ijson 3.6.0 and msgspec 0.22.0 (run 2026-11-27): both read whole numbers of any size exactly.
"""

from __future__ import annotations

import json
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


def objects_of(file: DataFile, path: str | None) -> Iterator[tuple[int, Object | RefusedRow]]:
    """Yields objects, and what stands in their places and is none, with the numbers of their lines, or of themselves.

    Args:
        file: the file.
        path: where they are, see `objects_path`.

    Raises: SourceError if the file was cut off; UsageError if a document is no JSON.
    """
    return _in_lines(file) if path is None else _in_document(file, path)


def _in_lines(file: DataFile) -> Iterator[tuple[int, Object | RefusedRow]]:
    decode = msgspec.json.Decoder().decode
    try:
        with opened_as_utf8(file) as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_MOST_LINE_BYTES), b""), 1):
                try:
                    value = decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    yield from ((number, each) for each in _leniently(line, number, file.label))
                    continue
                yield number, value if type(value) is dict else RefusedRow(number, _NO_OBJECT)
    except (OSError, EOFError, UnicodeError):
        raise cut_off(file.label) from None


def _leniently(line: bytes, number: int, label: str) -> Iterator[Object | RefusedRow]:
    """Reads what strict decoding refuses: several objects a line, NaN, half a surrogate pair."""
    rest = line.strip()
    if not rest:
        return
    decoder = json.JSONDecoder()
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
            for number, value in enumerate(ijson.items(stream, path, multiple_values=path == ""), 1):
                yield number, value if isinstance(value, dict) else RefusedRow(number, _NO_OBJECT)
    except ijson.IncompleteJSONError as error:
        raise (cut_off(file.label) if "premature EOF" in str(error) else not_json(file.label)) from None
    except ijson.JSONError:
        raise not_json(file.label) from None
    except (OSError, EOFError, UnicodeError):
        raise cut_off(file.label) from None
