"""Reads a YAML document that a person wrote: bounded, without ambiguity, and with the line of each value.

Source: yaml.org/spec/1.2.2, chapter 10.3, the core schema: `true` and `false` alone are truth values, so that NO is
    Norway; numbers are decimal, and dates are text.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

_MOST_NODES: Final = 100_000
_DEEPEST: Final = 50
_MERGE: Final = "tag:yaml.org,2002:merge"

Path = tuple[str | int, ...]


class DocumentError(Exception):
    """The document can't be read. Its message goes on a sentence that begins with the file's name."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a document holds, and the line on which each value begins, from 1."""

    content: Any
    lines: dict[Path, int]

    def line_of(self, path: Path) -> int:
        """The line of a value, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(text: str) -> Document:
    """Reads a document. Raises: DocumentError."""
    try:
        return _read(_Loader(text))
    except yaml.YAMLError as error:
        raise DocumentError(f"is not YAML{_place(error)}") from None
    # What a tag says of a value that it does not fit fails in many ways.
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise DocumentError("holds a value that can't be read") from None


def _read(loader: _Loader) -> Document:
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(None, {})
        lines = dict(_lines(node))
        return Document(loader.construct_document(node), lines)
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    """Knows text, whole and decimal numbers, truth values and null."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+", "-+0123456789"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), [*_first.replace("\0", ""), ""]
    )


def _lines(node: yaml.Node) -> Iterator[tuple[Path, int]]:
    """Yields each value's path and line. Raises: DocumentError for what is repeated, endless or too large."""
    waiting: list[tuple[Path, yaml.Node]] = [((), node)]
    seen = 0
    while waiting:
        path, here = waiting.pop()
        seen += 1
        if seen > _MOST_NODES or len(path) > _DEEPEST:
            raise DocumentError("is too large, or refers to itself")
        yield path, here.start_mark.line + 1
        if isinstance(here, yaml.MappingNode):
            waiting.extend(_members(path, here))
        elif isinstance(here, yaml.SequenceNode):
            waiting.extend(((*path, number), each) for number, each in enumerate(here.value))


def _members(path: Path, node: yaml.MappingNode) -> Iterator[tuple[Path, yaml.Node]]:
    names: set[Hashable] = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.tag == _MERGE:
            yield path, value
            continue
        if not isinstance(key, yaml.ScalarNode):
            raise DocumentError(f"has a key on line {line} that is no text")
        if key.value in names:
            raise DocumentError(f"says {key.value} twice, the second time on line {line}")
        names.add(key.value)
        yield (*path, key.value), value


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None)
    where = "" if mark is None else f" on line {mark.line + 1}"
    # The problem names characters and tags, never values.
    return f"{where}: {problem}" if isinstance(problem, str) and "anchor" not in problem else where
