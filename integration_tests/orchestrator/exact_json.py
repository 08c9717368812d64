"""JSON whose numbers stay as they were written: 1.10, -0.0 and a cursor of thirty digits are no floats.

Source: RFC 8259 leaves the range and precision of numbers to the reader (read 2026-11-22).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True)
class Number:
    """A number as it was written."""

    token: str

    @property
    def has_decimal_point(self) -> bool:
        return "." in self.token

    def __repr__(self) -> str:
        return self.token


def read_exactly(text: str | bytes) -> Any:
    """What a JSON text says: two texts that say the same are equal, whatever their spaces, escapes and order of keys.

    Raises:
        ValueError: it is not JSON.
    """
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)


def without_nulls(content: Any) -> Any:
    """An envelope as a typed reader takes it, to whom null and absent are one."""
    if isinstance(content, dict):
        return {key: without_nulls(value) for key, value in content.items() if value is not None}
    return [without_nulls(each) for each in content] if isinstance(content, list) else content


def written(content: object) -> msgspec.Raw:
    """The JSON text of Python's objects."""
    return msgspec.Raw(json.dumps(content).encode())


def line(message: dict[str, Any]) -> bytes:
    """A message on a line of its own. Parts of it may be `msgspec.Raw`, which goes in as it is."""
    return msgspec.json.encode(message) + b"\n"
