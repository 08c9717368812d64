"""Documents that are almost right: valid ones with values of other types, depths, sizes and encodings put into them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

# Stands where a document has a value that is somebody's, or a secret; no error may quote it.
CANARY: Final = "canary.person@example.com"
_DEEP: Final = (120, 900, 2_000, 100_000)


@dataclass(frozen=True, slots=True)
class Written:
    """A value as it is written, whether or not that is JSON."""

    text: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """An object whose keys may occur twice."""

    items: tuple[tuple[Any, Any], ...]


def _nested(opened: str, closed: str) -> list[Written]:
    return [Written(opened * levels + closed * levels) for levels in _DEEP]


ODD_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1.5, 10**19, -(2**63), "", " ", "0", "null", "x" * 70_000),
    *("half \ud800 pair", "\x00", "\x1b[2J\u202e\u200b", "\ufeff", "\uffff", "2026-13-45T99:99", "-1", "1e999", "٣"),
    *([], {}, [[]], {"": None}, [None], {"a": {"b": [1, {"c": None}]}}),
    *(Written("NaN"), Written("-Infinity"), Written("1e400"), Written("-1e400"), Written("1E-400"), Written("-0")),
    *(Written("9" * 5_000), Written("0." + "3" * 5_000), Written("01"), Written("tru"), Written("'x'"), Written("")),
    *(Written('"\\ud800"'), Written('"\\udc00\\ud800"'), Written('"\\u0000"'), Written('"\\q"'), Written('"\t"')),
)
_DEEP_VALUES: Final[tuple[Any, ...]] = (*_nested("[", "]"), *_nested('{"a":', "}"))
_CONFUSING_BYTES: Final = (
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\xed\xa0\x80",
    b"\n",
    b'"',
    b"{",
    b"]",
    b"\\",
    b",",
)


def documents(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Returns JSON documents like the samples, some of which are no JSON any more, or nested very deep."""
    odd = st.sampled_from([*ODD_VALUES, *_DEEP_VALUES])
    return st.sampled_from([json.loads(sample) for sample in samples]).flatmap(
        lambda sample: _mutated(sample, odd).flatmap(_encoded)
    )


def texts(samples: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Returns texts like the samples, as UTF-8."""
    pieces = [*samples, "\u200b", "\x00", "\ud800", "\u202e", "٣", *"[]()%@:?#~", "%00", "//", "~nobody/"]
    more = st.sampled_from(pieces) | st.text(max_size=5) | st.sampled_from(["9" * 400, "x" * 5_000, "[dp1:", "://"])

    @st.composite
    def text(draw: st.DrawFn) -> bytes:
        found = draw(st.sampled_from(samples))
        for _ in range(draw(st.integers(0, 4))):
            start = draw(st.integers(0, len(found)))
            end = min(len(found), start + draw(st.integers(0, 8)))
            found = found[:start] + draw(more) + found[end:]
        return found.encode("utf-8", "surrogatepass")

    return text() | st.text().map(lambda any_text: any_text.encode("utf-8", "surrogatepass"))


@st.composite
def _mutated(draw: st.DrawFn, value: Any, odd: st.SearchStrategy[Any]) -> Any:
    """Changes up to four places of a document."""
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2, 2, 4]))):
        value = _changed(draw, value, odd)
    return value


def _changed(draw: st.DrawFn, value: Any, odd: st.SearchStrategy[Any]) -> Any:
    """Changes one place, the deeper the rarer."""
    items = _items(value)
    if not items or draw(st.integers(0, 3)) == 0:
        return draw(odd)
    at = draw(st.integers(0, len(items) - 1))
    key, inner = items[at]
    match draw(st.sampled_from(["go on", "go on", "go on", "leave out", "twice", "rename", "add"])):
        case "go on":
            items[at] = (key, _changed(draw, inner, odd))
        case "leave out":
            del items[at]
        case "twice":
            items.append((key, draw(st.just(inner) | odd)))
        case "rename":
            items[at] = (draw(st.sampled_from(["", "\ud800", "type", "x" * 3_000, "\u202e", key.upper()])), inner)
        case _:
            items.append((draw(st.sampled_from(["unknown", "\x1b[1m", "", "ü"])), draw(odd)))
    return Pairs(tuple(items)) if isinstance(value, dict | Pairs) else [inner for _, inner in items]


def _items(value: Any) -> list[tuple[str, Any]]:
    match value:
        case Pairs():
            return list(value.items)
        case dict():
            return list(value.items())
        case list():
            return [("", inner) for inner in value]
        case _:
            return []


@st.composite
def _encoded(draw: st.DrawFn, value: Any) -> bytes:
    """Writes a document in one of many encodings, and sometimes breaks it."""
    text = _written(value, is_ascii=draw(st.booleans()))
    encoding = draw(st.sampled_from(["utf-8"] * 8 + ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"]))
    content = text.encode(encoding, "surrogatepass")
    match draw(st.sampled_from(["leave", "leave", "leave", "cut", "insert", "swap"])):
        case "cut":
            return content[: draw(st.integers(0, len(content)))]
        case "insert":
            at = draw(st.integers(0, len(content)))
            return content[:at] + draw(st.sampled_from(_CONFUSING_BYTES)) + content[at:]
        case "swap" if content:
            at = draw(st.integers(0, len(content) - 1))
            return content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
        case _:
            return content


def _written(value: Any, *, is_ascii: bool) -> str:
    match value:
        case Written():
            return value.text
        case dict() | Pairs():
            written = [[_written(each, is_ascii=is_ascii) for each in pair] for pair in _items(value)]
            return "{" + ",".join(f"{key}:{inner}" for key, inner in written) + "}"
        case list():
            return "[" + ",".join(_written(inner, is_ascii=is_ascii) for inner in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=is_ascii)
