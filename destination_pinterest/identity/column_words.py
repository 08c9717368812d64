"""Splits a column's name into words: at capitals, digits and signs, and where known words are written as one.

`E-mail 2 - Value` is `email 2 value`, `customer.emailAddress` is `customer email address`, `PERSONEMAIL` is
`person email` if both words are known, and `sha-256` is one word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

# "IDs" is one word; "HTMLEmail" is two; letters that have no case stay together.
_WORD: Final = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|\d+")
# What the split above takes apart although it is one word.
_JOINED: Final = (
    (re.compile(r"\be mail"), "email"),
    (re.compile(r"\be post"), "epost"),
    (re.compile(r"\bi os\b"), "ios"),
    (re.compile(r"\bsha (?=(?:1|256|384|512)\b)"), "sha"),
    (re.compile(r"\bmd 5\b"), "md5"),
    (re.compile(r"\b(?:base|b) 64\b"), "base64"),
    (re.compile(r"\blive ramp\b"), "liveramp"),
    (re.compile(r"\bbill to\b"), "billing"),
    (re.compile(r"\b(?:ship|sold) to\b"), "shipping"),
)
# What forms remark; Airtable's "(from Contacts)", which is not who sent it; and the package that a custom field of
# Salesforce belongs to: npe01__HomeEmail__c.
_REMARK: Final = re.compile(
    r"[(\[]\s*(?:required|optional|read only|upload only)\s*[)\]]|(?<=\()from\s|^[a-z0-9]+__(?=\w+__p?c$)",
    re.IGNORECASE,
)
# Only the accents of Latin, Greek and Cyrillic: other scripts' marks make other letters.
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")
_LONGEST_NAME: Final = 200
_SHORTEST_GLUED_WORD: Final = 3
_SHORT_GLUED_WORDS: Final = frozenset({"ad", "id", "lc", "is", "at"})


def words_of(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Returns the words of a column's name in lower case and without accents; none of a name that is too long.

    Args:
        name: the column's name.
        known: words into which a word that is not known is split, if that works out.
    """
    if len(name) > _LONGEST_NAME:
        return ()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", _REMARK.sub("", name)))
    plain = unicodedata.normalize("NFC", plain)
    split = _joined(" ".join(_WORD.findall(plain)).lower()).split()
    pieces = [piece for word in split for piece in ([word] if word in known else _unglued(word, known))]
    return tuple(_joined(" ".join(_reunited(pieces, known))).split())


def _joined(text: str) -> str:
    for pattern, word in _JOINED:
        text = pattern.sub(word, text)
    return text


def _reunited(pieces: Sequence[str], known: Collection[str]) -> list[str]:
    """Joins two neighbours that are unknown words alone and a known one together, as in `PayPal` and `HubSpot`."""
    words: list[str] = []
    for piece in pieces:
        if words and words[-1] + piece in known and not {words[-1], piece} <= set(known):
            words[-1] += piece
        else:
            words.append(piece)
    return words


def _unglued(word: str, known: Collection[str]) -> Sequence[str]:
    """Splits a word into the fewest known words; returns it whole if that is impossible."""
    best: list[list[str] | None] = [[]]  # for each length, the words that make up the beginning
    for end in range(1, len(word) + 1):
        found = [
            [*before, word[start:end]]
            for start in range(end)
            if (before := best[start]) is not None
            and word[start:end] in known
            and (end - start >= _SHORTEST_GLUED_WORD or word[start:end] in _SHORT_GLUED_WORDS)
        ]
        best.append(min(found, key=len, default=None))
    return best[-1] or [word]
