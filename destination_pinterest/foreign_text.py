"""Makes text that somebody else chose fit to be shown, and tells what hides in it.

Names of audiences, lists, accounts, streams, columns and files, and messages of Pinterest, of databases and of other
programs may hold anything: sequences that a terminal obeys, marks that turn the direction of writing, characters that
can't be seen, a megabyte of letters. Everything that people are shown passes here. What is compared, sent or returned
does not: a name is sent to Pinterest as it is.

Source: ECMA-48 (control sequences); Unicode 16.0, General_Category Cc, Cf, Cs, Zl and Zp, and
    Default_Ignorable_Code_Point (read 2026-11-27). A test compares the characters below with Python's own tables.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

NAME_CHARS: Final = 200
SENTENCE_CHARS: Final = 4_000
# What is longer is cut before it is searched.
_READ_CHARS: Final = 100_000
# An escape within an escape; more than these are nobody's mistake, and nothing reads them back.
_ROUNDS: Final = 3

_BREAKS: Final = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
# Bounded, and never beyond a quotation mark, so that no name can hide what is said behind it.
_SEQUENCES: Final = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI: colours, cursor
    '|(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c"]{0,500}(?:\x07|\x1b\\\\|\x9c)'  # OSC: titles, links
    "|\x1b[ -/]{0,8}[0-~]"
)
_FORMATS: Final = (
    "\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Neither seen nor of a format's category: joiners, fillers, selectors of another form. The two selectors of emoji stay.
_FILLERS: Final = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0d\uffa0\ufff0-\ufff8"
_UNSEEN: Final = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_FORMATS}{_FILLERS}]")
_SELECTORS: Final = re.compile("[\ufe0e\ufe0f]")

_QUOTED: Final = re.compile(r'"[^"]*"')
_WORD: Final = re.compile(rf"\S{{{NAME_CHARS + 1},}}")
_DIGIT: Final = "[0-9a-fA-F]"
_PERCENT: Final = re.compile(rf"(?:%{_DIGIT}{{2}})+")
_ESCAPED: Final = re.compile(
    rf"(?<!\\)\\+(?:u({_DIGIT}{{4}})|u\{{({_DIGIT}{{1,6}})\}}|U({_DIGIT}{{8}})|x({_DIGIT}{{2}}))"
)


def cleaned(text: str) -> str:
    """Returns a text in one line, without what a terminal obeys and what can't be seen."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub("", _BREAKS.sub(" ", _SEQUENCES.sub("", text)))


def shown_name(name: str, longest: int = NAME_CHARS) -> str:
    """Returns a name as it is shown: cleaned, and cut behind so many characters."""
    text = cleaned(name[: 4 * longest])
    return text if len(text) <= longest and len(name) <= 4 * longest else f"{text[: longest - 1]}…"


def shown(text: str, mask: Callable[[str], str] = str) -> str:
    """Returns a sentence, with whatever it quotes, as it is shown.

    What it quotes is cut like a name, and what is still too long is cut in its middle: code and advice stay. `mask`
    replaces secrets, which are looked for before anything is cut.
    """
    return _shortened(masked(cleaned(_without_middle(text, _READ_CHARS)), mask))


def shown_lines(text: str, mask: Callable[[str], str] = str) -> str:
    """Returns a text of several lines, such as a stack trace, with each as it is shown."""
    return "\n".join(shown(line, mask) for line in text[:_READ_CHARS].split("\n"))


def masked(text: str, mask: Callable[[str], str]) -> str:
    """Returns a text without the secrets that `mask` replaces; one that is written in disguise shows undisguised."""
    found = mask(text)
    plain = undisguised(found)
    hidden = mask(plain)
    return found if hidden == plain else hidden


def shown_json(text: str) -> str:
    r"""Returns JSON with what can't be seen as \u escapes: the same values, and nothing that a terminal obeys."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda found: json_escape(found[0]), text)


def json_escape(character: str) -> str:
    """Returns a character as JSON escapes it."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def undisguised(text: str) -> str:
    """Returns a text in which a secret is found however it is written: for searching, not for showing.

    Escapes of web pages, addresses and programs are undone, also within each other, letters of other widths become
    plain ones, and what can't be seen is gone.
    """
    from html import unescape  # noqa: PLC0415 - its table of names is large, and most syncs meet no text of others

    for _ in range(_ROUNDS):
        before = text
        text = _PERCENT.sub(_unquoted, _ESCAPED.sub(_unescaped, unescape(text)))
        # One character may become eighteen.
        plain = unicodedata.normalize("NFKC", cleaned(text))[: 4 * _READ_CHARS]
        text = _SELECTORS.sub("", cleaned(plain))
        if text == before:
            break
    return text


def _shortened(text: str) -> str:
    if len(text) <= NAME_CHARS:
        return text
    text = _WORD.sub(lambda word: _without_middle(word[0], NAME_CHARS), _QUOTED.sub(_cut_quotation, text))
    return _without_middle(text, SENTENCE_CHARS)


def _cut_quotation(quoted: re.Match[str]) -> str:
    return f'"{shown_name(quoted[0][1:-1])}"' if len(quoted[0]) > NAME_CHARS + 2 else quoted[0]


def _without_middle(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2
    return f"{text[:head]}…{text[head + 1 - longest :]}"


def _unescaped(found: re.Match[str]) -> str:
    number = int(found[found.lastindex or 1], 16)
    return chr(number) if number <= 0x10FFFF else found[0]


def _unquoted(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace")
