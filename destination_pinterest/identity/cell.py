"""Takes a cell apart that holds more than one bare value: several values, or one with something around it.

Only what has one meaning is taken apart. Signs that separate are trusted if each piece could be a value of its own, so
that a blank or a comma by mistake never makes somebody else's address out of a broken one. Everything else stays as it
is, and is refused.

Source: support.google.com "Contacts", exported by Google (read 2026-11-27): ` ::: ` separates the values of a cell;
    PostgreSQL 17, "Array Input and Output Syntax": `{a,b}`, with quotes where needed, and NULL without;
    RFC 5322, 3.4 (mailboxes with display names) and RFC 6068 (mailto:).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.digest import SHORTEST_DIGEST

MAX_CELL_CHARACTERS: Final = 100_000
"""Longer texts are not taken apart."""

_SOMETHING_AROUND: Final = re.compile(r"""[\s;,|\[{<"'`\u2018\u201c\u00ab]|:::|\Amailto:""", re.IGNORECASE)
_QUOTES: Final = {'"': '"', "'": "'", "`": "`", "\u2018": "\u2019", "\u201c": "\u201d", "\u00ab": "\u00bb"}
_AFTER_A_MAILBOX: Final = re.compile(r"(?<=>)[\s,;|]+")
_STRONG: Final = re.compile(r"(\s*(?::::|[;|\r\n])\s*)")
_WEAK: Final = re.compile(r"[\s,]+")
# How spreadsheets are told to leave a text as it is.
_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')
_LETTER_OR_DIGIT: Final = re.compile(r"[^\W_]")
_MAILTO: Final = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
_MAILBOX: Final = re.compile(r"([^<>]*)<([^<>]+)>")
_DOMAINS_END: Final = re.compile(r"[A-Za-z]{2,3}")
_MOST_WRAPPERS: Final = 4


def take_apart(cell: str) -> Sequence[object] | None:
    """Returns the values that a cell stands for, bare, in order; None if it is no more than one bare value.

    A value that is no text comes from an array in JSON, and None in it stands for nothing.
    """
    if len(cell) > MAX_CELL_CHARACTERS or not _SOMETHING_AROUND.search(cell):
        return None
    text = _without_quotes(strip_blanks(cell))
    values = _array(text)
    if values is None:
        values = _separated(text)
    if values is None:
        values = [text]
    bare = [_bare(value) if isinstance(value, str) else value for value in values]
    return None if bare == [cell] else bare


def _array(text: str) -> list[object] | None:
    """Returns the elements of an array written as text, in JSON or as PostgreSQL does; None if it is none."""
    if text[:1] + text[-1:] not in {"[]", "{}"}:
        return None
    try:
        decoded = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return [piece for piece in text[1:-1].split(",") if strip_blanks(piece).lower() not in {"null", "none"}]
    if text == "{}":
        return []
    return decoded if isinstance(decoded, list) else None


def _separated(text: str) -> list[object] | None:
    """Returns the pieces between signs that separate; None if there is none, or a piece could belong to another."""
    mailboxes = _AFTER_A_MAILBOX.split(text)
    if len(mailboxes) > 1 and all("@" in mailbox for mailbox in mailboxes if mailbox):
        return [mailbox for mailbox in mailboxes if mailbox]
    pieces = _STRONG.split(text)
    if len(pieces) == 1:
        return _weakly_separated(text)
    if any(_belong_together(*pieces[start : start + 3]) for start in range(0, len(pieces) - 2, 2)):
        return None
    return [part for piece in pieces[::2] for part in _weakly_separated(piece) or [piece]]


def _belong_together(before: str, sign: str, after: str) -> bool:
    """Whether a sign may stand within an address by mistake, as in `ada;lovelace@…` and `ada@example.co;uk`."""
    if sign != sign.strip() or not before or not after or ("@" in before) == ("@" in after):
        return False
    return "@" in after or _DOMAINS_END.fullmatch(after) is not None


def _weakly_separated(text: str) -> list[object] | None:
    pieces = [piece for piece in _WEAK.split(text) if _LETTER_OR_DIGIT.search(piece)]
    if any(piece.endswith(">") for piece in pieces[1:]):
        return None  # What stands before a bracket is a name, whatever it looks like.
    return [*pieces] if all("@" in piece or len(piece) >= SHORTEST_DIGEST for piece in pieces) else None


def _bare(text: str) -> str:
    """Returns a value without what is around it: quotes, a spreadsheet's text marker, mailto:, a display name."""
    for _ in range(_MOST_WRAPPERS):
        before = text
        text = _without_quotes(strip_blanks(text))
        if mailto := _MAILTO.fullmatch(text):
            text = mailto[1]
        elif (mailbox := _MAILBOX.fullmatch(text)) and _is_name_of(mailbox[1], mailbox[2]):
            text = mailbox[2]
        elif text.startswith("'"):
            text = text[1:]  # The mark of a text, before an address that has an apostrophe of its own.
        if text == before:
            break
    return text


def _is_name_of(display_name: str, address: str) -> bool:
    """Whether a display name may go: one with an @ may be another person's address, unless it is the same."""
    if "@" not in display_name:
        return True
    return _without_quotes(strip_blanks(display_name)).lower() == strip_blanks(address).lower()


def _without_quotes(text: str) -> str:
    """Returns a text without quotes around all of it, or without what marks texts in spreadsheets: `'` or `="…"`."""
    if formula := _TEXT_FORMULA.fullmatch(text):
        return formula[1]
    closing = _QUOTES.get(text[:1])
    if closing is None:
        return text
    if len(text) > 1 and text.endswith(closing) and text.count(closing) == 1 + (closing == text[0]):
        return text[1:-1]
    return text[1:] if text[0] == "'" and text.count("'") == 1 else text
