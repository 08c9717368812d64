"""Reads from each row the names of the audiences that it joins: a column, or a template with columns in it.

`audience_column` alone names the audience; `audience_name` may hold columns in braces, and an array in one of them
gives a name for each of its elements. Names differ in their letters: blanks are folded, and names that differ only in
case are one audience (`spelling_key`). What identifies people never becomes a name: such a value is refused, counted,
and shown nowhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, Final

import msgspec

from destination_pinterest.config import Config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.identity.blanks import INVISIBLE, strip_blanks
from destination_pinterest.identity.identifier_like import looks_like_an_identifier
from destination_pinterest.identity.placeholder import is_placeholder
from destination_pinterest.identity.rejection import Rejection, RejectionReason

MAX_NAME_CHARACTERS: Final = 200
"""The same as for a name in the settings. Doubt: Pinterest documents no limit."""
MAX_NAMES_OF_A_ROW: Final = 1_000
"""A row that names more is refused: arrays in several columns multiply."""

_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_OF_THE_STREAM: Final = frozenset({"stream", "namespace"})
_NO_NAME: Final = frozenset({"null", "none", "nan", "nil", "undefined", "n/a", "\\n", "#n/a"})
_WITHOUT_INVISIBLE: Final = dict.fromkeys(map(ord, INVISIBLE))
_LARGEST_WHOLE_FLOAT: Final = 2**53
# Shorter values of identity columns occur within words, and even shorter ones as words.
_SHORTEST_WITHIN: Final = 6
_SHORTEST_WORD: Final = 4
# A table has few names and many rows; a column that is no segment must not fill the memory.
_MOST_REMEMBERED: Final = 20_000


class NameTemplate(msgspec.Struct, frozen=True):
    """How a stream's rows name their audiences.

    Args:
        parts: texts (even places) and columns (odd places), in turn.
        label: the template as the settings have it, with every column in braces; the same for all streams.
    """

    parts: tuple[str, ...]
    label: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in the name, each once."""
        return tuple(dict.fromkeys(self.parts[1::2]))


class NamesOfRow(msgspec.Struct, frozen=True, gc=False):
    """The audiences that a row names.

    Args:
        names: each once, in the spelling of the row.
        rejections: one for each name that is refused.
        is_unchanged: whether the record does not give a column: the row stays in its audiences.
    """

    names: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    is_unchanged: bool = False


def template_of(config: Config, stream: str, namespace: str | None) -> NameTemplate | None:
    """Returns how the settings name audiences by columns; None if one name holds for the whole stream.

    Args:
        config: the settings.
        stream: what `{stream}` stands for.
        namespace: what `{namespace}` stands for.

    Raises:
        InvalidConfigError: the name and the column of the settings contradict each other.
    """
    parts = _PLACEHOLDER.split(config.audience_name)
    columns = [name for name in parts[1::2] if name not in _OF_THE_STREAM]
    if config.audience_column is None:
        if not columns:
            return None
    elif config.audience_column not in columns:
        if config.audience_name.strip() != "{stream}":
            raise InvalidConfigError(
                Code.AUDIENCE_COLUMN_NOT_IN_NAME,
                f'Audience column (audience_column) is "{config.audience_column}", but the audience name '
                f'"{config.audience_name}" does not hold it. Put {{{config.audience_column}}} into Audience name '
                "(audience_name), or leave the name out.",
            )
        return NameTemplate(("", config.audience_column, ""), f"{{{config.audience_column}}}")
    known = {"stream": stream, "namespace": namespace or ""}
    filled = [""]
    for place, part in enumerate(parts):
        if place % 2 and part in known and part != config.audience_column:
            filled[-1] += known[part]
        elif place % 2:
            filled += [part, ""]
        else:
            filled[-1] += part
    return NameTemplate(tuple(filled), config.audience_name)


def columns_of_names(config: Config) -> tuple[str, ...]:
    """Returns the columns by which the settings name audiences.

    Raises:
        InvalidConfigError: as `template_of`.
    """
    template = template_of(config, "", None)
    return () if template is None else template.columns


def spelling_key(name: str) -> str:
    """Returns what names of one audience have in common: all but case, blanks and the form of their letters."""
    plain = unicodedata.normalize("NFKC", name).translate(_WITHOUT_INVISIBLE)
    return " ".join(plain.casefold().split())


class AudienceNames:
    """Reads the names of audiences from the rows of one stream.

    Args:
        template: how they are named.
    """

    def __init__(self, template: NameTemplate) -> None:
        self.columns = template.columns
        self._parts = template.parts
        self._places = [self.columns.index(column) for column in template.parts[1::2]]
        self._remembered: dict[tuple[object, ...], NamesOfRow] = {}
        # Those of them in which no address can be.
        self._beside_addresses: dict[tuple[object, ...], NamesOfRow] = {}

    def of(self, values: Sequence[object], identities: Sequence[object]) -> NamesOfRow:
        """Returns the audiences of a row.

        Args:
            values: those of `columns`, in order; msgspec.UNSET where the record has none.
            identities: the values of the row's identity columns, which no name may repeat.
        """
        found = (
            self._remembered.get(tuple(values)) if all(type(value) is str for value in values) else self._read(values)
        )
        if found is None:
            found = self._read(values)
            if len(self._remembered) < _MOST_REMEMBERED:
                self._remembered[tuple(values)] = found
                if _repeat_no_address(found.names):
                    self._beside_addresses[tuple(values)] = found
        if found.names and any(_repeats(found.names, value) for value in identities):
            return self._without_identities(found, identities)
        return found

    def of_column(self, values: Sequence[tuple[object, ...]], identities: Sequence[object]) -> list[NamesOfRow]:
        """Returns the audiences of rows with one identity column, each as `of` does."""
        try:
            known = list(map(self._beside_addresses.get, values))
        except TypeError:  # An array can't be looked up.
            known = [None] * len(values)
        return [
            names if names is not None and type(identity) is str and "@" in identity else self.of(given, (identity,))
            for names, given, identity in zip(known, values, identities, strict=True)
        ]

    def _read(self, values: Sequence[object]) -> NamesOfRow:
        by_column: list[list[str]] = []
        rejections: list[Rejection] = []
        for column, value in zip(self.columns, values, strict=True):
            if value is msgspec.UNSET or (isinstance(value, str) and is_placeholder(value)):
                return NamesOfRow(is_unchanged=True)
            words, refused = _words(column, value)
            by_column.append(words)
            rejections += refused
        if not all(by_column):
            return NamesOfRow((), tuple(rejections) or (self._rejection(RejectionReason.NO_AUDIENCE),))
        if prod(len(words) for words in by_column) > MAX_NAMES_OF_A_ROW:
            return NamesOfRow((), (self._rejection(RejectionReason.TOO_MANY_AUDIENCES_IN_ROW),))
        names: dict[str, str] = {}
        for combination in product(*by_column):
            name = self._filled(combination)
            if len(name) > MAX_NAME_CHARACTERS:
                rejections.append(self._rejection(RejectionReason.AUDIENCE_NAME_TOO_LONG))
            elif looks_like_an_identifier(name):
                rejections.append(self._rejection(RejectionReason.AUDIENCE_NAME_IDENTIFIES))
            else:
                names.setdefault(spelling_key(name), name)
        return NamesOfRow(tuple(names.values()), tuple(rejections))

    def _filled(self, combination: Sequence[str]) -> str:
        parts = list(self._parts)
        for number, place in enumerate(self._places):
            parts[2 * number + 1] = combination[place]
        return " ".join("".join(parts).split())

    def _rejection(self, reason: RejectionReason) -> Rejection:
        return Rejection(self.columns[0] if len(self.columns) == 1 else None, None, reason)

    def _without_identities(self, found: NamesOfRow, identities: Sequence[object]) -> NamesOfRow:
        kept = tuple(name for name in found.names if not any(_repeats((name,), value) for value in identities))
        refused = self._rejection(RejectionReason.AUDIENCE_NAME_IDENTIFIES)
        return NamesOfRow(kept, (*found.rejections, *[refused] * (len(found.names) - len(kept))))


def _words(column: str, value: object) -> tuple[list[str], list[Rejection]]:
    """Returns what a column's value puts into names, each once, and what of it is refused."""
    words: dict[str, None] = {}
    rejections = []
    for element in _elements(value):
        reason = _reason_to_refuse(element)
        if reason is not None:
            rejections.append(Rejection(column, None, reason))
        elif word := _word(element):
            words[word] = None
    return list(words), rejections


def _elements(value: object) -> Sequence[object]:
    """Returns the elements of an array, in JSON or as text; a single value is one of its own."""
    if isinstance(value, list):
        return value
    if isinstance(value, str) and (text := strip_blanks(value))[:1] + text[-1:] in {"[]", "{}"}:
        array = _array(text)
        if array is not None:
            return array
    return (value,)


def _array(text: str) -> list[Any] | None:
    try:
        decoded = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        # PostgreSQL writes {a,"b c"}; a name in square brackets is a name.
        return list(_postgres_elements(text[1:-1])) if text[0] == "{" else None
    if isinstance(decoded, list):
        return decoded
    return [] if decoded == {} else [decoded]


def _postgres_elements(inner: str) -> Iterator[str]:
    for quoted, bare in re.findall(r'"((?:[^"\\]|\\.)*)"|([^,"]+)', inner):
        yield re.sub(r"\\(.)", r"\1", quoted) if quoted else bare


def _reason_to_refuse(element: object) -> RejectionReason | None:
    if isinstance(element, list | Mapping):
        return RejectionReason.AUDIENCE_NAME_NOT_TEXT
    if not isinstance(element, str):
        return RejectionReason.AUDIENCE_NAME_IDENTIFIES if looks_like_an_identifier(_word(element)) else None
    if looks_like_an_identifier(element):
        return RejectionReason.AUDIENCE_NAME_IDENTIFIES
    is_unreadable = any(unicodedata.category(each) in {"Cc", "Cs"} for each in _word(element))
    return RejectionReason.AUDIENCE_NAME_NOT_TEXT if is_unreadable else None


def _word(element: object) -> str:
    """Returns a value as it stands in a name: blanks folded, whole numbers without decimals; empty for nothing."""
    if element is None:
        return ""
    if isinstance(element, bool):
        return "true" if element else "false"
    if isinstance(element, float) and element.is_integer() and abs(element) < _LARGEST_WHOLE_FLOAT:
        return str(int(element))
    if not isinstance(element, str):
        return str(element)
    text = " ".join(unicodedata.normalize("NFC", strip_blanks(element)).split())
    return "" if text.lower() in _NO_NAME else text


def _repeat_no_address(names: Collection[str]) -> bool:
    """Whether no name can hold an address. Nearly no name has an @, which no way of writing takes away."""
    return all(name.isascii() and "@" not in name for name in names)


def _repeats(names: Sequence[str], identity: object) -> bool:
    """Whether one of the names repeats a value of an identity column."""
    if isinstance(identity, list):
        return any(_repeats(names, element) for element in identity)
    if not isinstance(identity, str):
        return False
    if "@" in identity and _repeat_no_address(names):
        return False
    if not (key := spelling_key(identity)):
        return False
    for name in names:
        folded = name.casefold() if name.isascii() else spelling_key(name)
        is_word = len(key) >= _SHORTEST_WORD and f" {key} " in f" {folded} "
        if folded == key or is_word or (len(key) >= _SHORTEST_WITHIN and key in folded):
            return True
    return False
