"""Patterns for names of files: `*` and `?` within a name, `[abc]`, and `**` for any number of folders."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from typing import Final

_WILD: Final = re.compile(r"[*?[]")


def is_pattern(text: str) -> bool:
    """Whether the text has a character that stands for others."""
    return _WILD.search(text) is not None


def name_of(parts: Sequence[str]) -> str:
    """Returns a name for what a pattern finds: the last part of it that is no pattern."""
    plain = [part.strip("/") for part in parts if not is_pattern(part) and part.strip("/.")]
    return plain[-1] if plain else "files"


def matches(pattern: str, name: str) -> bool:
    """Whether a name with slashes in it matches a pattern with slashes in it, part by part."""
    return _match(pattern.split("/"), name.split("/"))


def _match(patterns: Sequence[str], parts: Sequence[str]) -> bool:
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(_match(patterns[1:], parts[skipped:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], patterns[0]) and _match(patterns[1:], parts[1:])
