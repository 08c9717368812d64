"""Reads a row's consent to advertising: a mark, a time, a word, or a list of purposes.

Only what is plain counts as consent. What is blank, doubtful or unknown does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Final

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.cell import MAX_CELL_CHARACTERS

_GIVEN: Final = frozenset(
    {
        *("true", "t", "1", "1.0", "yes", "y", "granted"),
        *("opt-in", "opt_in", "opt in", "optin", "opted-in", "opted_in", "opted in"),
    }
)
# Words that say no. They count like any other that is not known, but nobody has to be told of them.
_REFUSED: Final = frozenset(
    {
        *("false", "f", "0", "0.0", "no", "n", "off", "none", "null", "never", "[]", "{}"),
        *("denied", "declined", "refused", "rejected", "revoked", "withdrawn", "unsubscribed"),
        *("opt-out", "opt_out", "opt out", "optout", "opted-out", "opted_out", "opted out"),
    }
)
# Earlier and later ones are what is written for no date, and for one that never comes.
_YEARS: Final = range(1971, 2091)
_DAYS_OF: Final = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))
_DAY: Final = re.compile(
    r"(?:(?P<year>[0-9]{4})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})"
    r"|(?P<one>[0-9]{1,2})(?P<other>[-/.])(?P<two>[0-9]{1,2})(?P=other)(?P<last_year>[0-9]{4}))"
    r"(?:[t ,]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?[ap]m)?"
    r" ?(?:z|utc|gmt|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
# Seconds since 1970, from the year 2000 to 2090, and how many units of a number make one.
_FIRST_SECOND: Final = 946_684_800
_LAST_SECOND: Final = 3_818_000_000
_PER_SECOND: Final = (1, 1_000, 1_000_000)
_MOST_DIGITS: Final = 16
_SEPARATES: Final = re.compile(r"[,;|\r\n\t]")
_PIECE: Final = re.compile(
    r" *(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^,;|\r\n\t\"'][^,;|\r\n\t]*)?) *"
)


class Consent(Enum):
    """What a value says of consent. Only GIVEN permits anything."""

    GIVEN = "given"
    REFUSED = "refused"
    UNSTATED = "unstated"
    UNCLEAR = "unclear"


class ConsentRule:
    """Reads the consent column.

    Args:
        permits: the values that permit advertising, or the purposes of which one suffices; compared without letter
            case and blanks at the ends. Without any, true, 1, yes, y, granted, opt-in and a time do.

    Raises: InvalidConfigError if one of them is blank.
    """

    __slots__ = ("_permits",)

    def __init__(self, permits: Iterable[str] = ()) -> None:
        self._permits = frozenset(_folded(value) for value in permits)
        if "" in self._permits:
            raise InvalidConfigError(
                Code.CONSENT_VALUES_INVALID,
                "A value under Values that permit (permits) of Consent column is blank. Remove it: a row whose consent "
                "is null or blank never consents.",
            )

    def read(self, value: object) -> Consent:
        """Returns what a value says. Never raises."""
        if value is None or (isinstance(value, str) and not strip_blanks(value)):
            return Consent.UNSTATED
        if not self._permits:
            return _by_itself(value)
        return Consent.GIVEN if not self._permits.isdisjoint(_purposes(value)) else Consent.REFUSED


def _by_itself(value: object) -> Consent:
    """Returns what a value says where the settings name none."""
    if isinstance(value, bool):
        return Consent.GIVEN if value else Consent.REFUSED
    if isinstance(value, int | float):
        return _by_number(value)
    if isinstance(value, str):
        return _by_text(_folded(value))
    if isinstance(value, list) and value:
        # A list of purposes says nothing as long as nobody has said which of them suffice.
        return Consent.GIVEN if all(_by_itself(each) is Consent.GIVEN for each in value) else Consent.UNCLEAR
    return Consent.UNCLEAR if value else Consent.REFUSED


def _by_number(value: float) -> Consent:
    if value in {0, 1}:
        return Consent.GIVEN if value else Consent.REFUSED
    is_time = any(_FIRST_SECOND * per <= value < _LAST_SECOND * per for per in _PER_SECOND)
    return Consent.GIVEN if is_time else Consent.UNCLEAR


def _by_text(text: str) -> Consent:
    if text in _GIVEN:
        return Consent.GIVEN
    if text in _REFUSED:
        return Consent.REFUSED
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return _by_number(int(text))
    if _is_time(text):
        return Consent.GIVEN
    decoded = _decoded(text)
    return Consent.UNCLEAR if decoded is None else _by_itself(decoded)


def _is_time(text: str) -> bool:
    match = _DAY.fullmatch(text)
    if match is None:
        return False
    year = int(match["year"] or match["last_year"])
    # Which of the two is the month is not known, and does not matter: it has to be a day either way.
    one, two = map(int, (match["month"], match["day"]) if match["year"] else (match["one"], match["two"]))
    return year in _YEARS and (_is_day(one, two) or (match["year"] is None and _is_day(two, one)))


def _is_day(month: int, day: int) -> bool:
    return month in _DAYS_OF and 1 <= day <= _DAYS_OF[month]


def _purposes(value: object) -> Iterator[str]:
    """Yields what a value names: itself, the elements of a list, or the keys of an object whose values consent."""
    if isinstance(value, Mapping):
        yield from (_folded(str(key)) for key, each in value.items() if _by_itself(each) is Consent.GIVEN)
    elif isinstance(value, list):
        for each in value:
            if not isinstance(each, list | Mapping):
                yield _text_of(each)
    elif isinstance(value, str):
        yield _folded(value)
        if len(value) <= MAX_CELL_CHARACTERS:
            yield from _named_in(strip_blanks(value))
    else:
        yield _text_of(value)


def _named_in(text: str) -> Iterator[str]:
    decoded = _decoded(text)
    if isinstance(decoded, str):
        yield _folded(decoded)
    elif decoded is not None:
        yield from _purposes(decoded)
    else:
        is_array = text[:1] + text[-1:] in {"[]", "{}", "()"}
        yield from map(_folded, _separated(text[1:-1] if is_array else text))


def _decoded(text: str) -> object:
    """Returns an array, an object or a text that is written as JSON; None if it is none."""
    if text[:1] not in {"[", "{", '"'} or len(text) > MAX_CELL_CHARACTERS:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _separated(text: str) -> list[str]:
    """Returns the pieces between signs that separate; none if something follows a quote before the next sign."""
    pieces = []
    place = 0
    while (piece := _PIECE.match(text, place)) is not None:
        quoted = piece["double"] if piece["double"] is not None else piece["single"]
        pieces.append((piece["bare"] or "") if quoted is None else quoted)
        if piece.end() == len(text):
            return pieces
        place = piece.end() + 1
        if not _SEPARATES.match(text, piece.end()):
            return []
    return []


def _text_of(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 64:
        return ""  # Python refuses to print very long ones.
    return _folded(str(value))


def _folded(value: str) -> str:
    return strip_blanks(value).casefold()
