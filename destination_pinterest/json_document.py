"""Reads a JSON document that somebody else wrote: settings, a catalog, a state file, a manifest.

Editors write a byte order mark, which is read past. What is too large, too deep or ambiguous is refused before anything
works on it: the content never gets into the reason.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from destination_pinterest.foreign_text import shown_name

# Settings and states have a few kilobytes and three levels.
SMALL_BYTES: Final = 10_000_000
# A catalog of thousands of streams with all their columns has some megabytes.
CATALOG_BYTES: Final = 80_000_000
DEEPEST: Final = 100


class UnreadableDocumentError(ValueError):
    """The document can't be used; `str()` of it says why, behind the document's name. Never leaves its reader."""


def read_bytes(path: Path, most: int) -> bytes:
    """Returns a file's content without a byte order mark.

    Raises:
        OSError: it can't be read.
        UnreadableDocumentError: it has more bytes.
    """
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise UnreadableDocumentError(f"has more than {most:,} bytes")
    return content.removeprefix(codecs.BOM_UTF8)


def decode_object(content: bytes) -> dict[str, Any]:
    """Returns a JSON object, at most DEEPEST levels deep.

    Raises:
        UnreadableDocumentError: it is none, or says one thing twice.
    """
    found = _decoded(content)
    if not isinstance(found, dict):
        raise UnreadableDocumentError("is not one JSON object")
    if is_deeper_than(found, DEEPEST):
        raise UnreadableDocumentError(f"is nested more than {DEEPEST} levels deep")
    return found


def decode_objects(content: bytes) -> dict[str, Any] | list[Any]:
    """Returns a JSON object or a list, at most DEEPEST levels deep.

    Raises:
        UnreadableDocumentError: it is neither, or says one thing twice.
    """
    found = _decoded(content)
    if not isinstance(found, dict | list):
        raise UnreadableDocumentError("is neither a JSON object nor a list")
    if is_deeper_than(found, DEEPEST):
        raise UnreadableDocumentError(f"is nested more than {DEEPEST} levels deep")
    return found


def is_deeper_than(value: object, levels: int) -> bool:
    """Whether lists and objects are nested deeper. It needs no deep stack itself."""
    layer: Sequence[object] = [value]
    for _ in range(levels):
        layer = [inner for each in layer for inner in _inside(each)]
        if not layer:
            return False
    return any(isinstance(each, dict | list | tuple) for each in layer)


def _inside(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list | tuple) else ()


def _decoded(content: bytes) -> Any:
    place = ""
    try:
        return json.loads(content, object_pairs_hook=_unambiguous, parse_constant=_refuse)
    except UnreadableDocumentError:
        raise
    except RecursionError:
        raise UnreadableDocumentError(f"is nested more than {DEEPEST} levels deep") from None
    except json.JSONDecodeError as error:
        place = f" (line {error.lineno}, column {error.colno})"
    except ValueError:  # Not UTF-8, or a number of thousands of digits.
        pass
    raise UnreadableDocumentError(f"is not JSON{place}")  # The other error would hold the content.


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableDocumentError(f'has the key "{shown_name(twice)}" twice in one object')
    return found


def _refuse(_constant: str) -> NoReturn:
    raise ValueError  # NaN and Infinity are Python's, not JSON's.
