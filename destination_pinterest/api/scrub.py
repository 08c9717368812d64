"""Removes personal data and secrets from Pinterest's error texts, so that they are safe to log.

Pinterest may quote what it was sent. This removes everything that occurs in the request's records, addresses with an @,
unbroken runs of 32 or more characters (hashes, UUIDs, tokens), and words that begin like Pinterest's tokens, in any
escape and in letters of any width. The rest is put on one line and truncated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from destination_pinterest.foreign_text import cleaned, masked, undisguised

MESSAGE_CHARS: Final = 300
REMOVED: Final = "[…]"

# How much is read: a quotation of a whole request is not searched to its end. A word split by the cut is dropped.
_READ_CHARS: Final = 2_000
_WORD: Final = re.compile(r"[^\s,;:'\"`()\[\]{}<>=|]+")
_LAST_WORD: Final = re.compile(r"[^\s,;:'\"`()\[\]{}<>=|]*\Z")
_TOKEN: Final = re.compile(r"pin[acr]_|pin[acr][0-9a-z_-]{8}", re.IGNORECASE)
_LONG: Final = re.compile(r"[\w+.~-]{32}")
# Shorter pieces occur in ordinary words ("add", "bad"), so they are removed only as whole records.
_SHORTEST_PIECE: Final = 5
_REQUEST_ID: Final = re.compile(r"[0-9A-Za-z._:-]{1,64}")


def scrub(text: str, records: str = "", secrets: Iterable[str] = ()) -> str:
    """Returns `text` without personal data and secrets, on one line, in at most MESSAGE_CHARS characters.

    `records` is the request's comma-separated identifiers; `secrets` are further texts that must not remain.
    """
    from html import unescape  # noqa: PLC0415 - its table of names is large, and most syncs meet no text of others

    if len(text) > _READ_CHARS:
        text = _LAST_WORD.sub("", text[:_READ_CHARS])
    sent = records.lower()
    whole = frozenset(sent.split(",")) if sent else frozenset()
    text = cleaned(unescape(text))
    # Records are looked for as they are sent: plain, in lower case.
    lowered = f"{text}\n{undisguised(text)}".lower()
    quoted = [record for record in whole if len(record) > 2 and record in lowered]
    unwanted = [*(secret for secret in secrets if secret), *quoted]
    text = masked(text, lambda seen: _without(unwanted, seen))

    def checked(word: re.Match[str]) -> str:
        return REMOVED if _gives_away(word[0], sent, whole) else word[0]

    line = " ".join(_WORD.sub(checked, text).split())
    return line if len(line) <= MESSAGE_CHARS else f"{line[: MESSAGE_CHARS - 1]}…"


def without_echo(text: str) -> str:
    """Returns a refusal without the request that it repeats, as in `Invalid request: {…} (the reason)`.

    A text that is nothing but that stays as it is.
    """
    before, brace, rest = text.partition("{")
    behind = rest.rpartition("}")[2] if "}" in rest else ""
    if not brace or not (before + behind).strip():
        return text
    return f"{before}{{…}}{behind}"


def clean_request_id(text: str | None) -> str | None:
    """Returns Pinterest's request id, if it looks like one."""
    return text if text and _REQUEST_ID.fullmatch(text) else None


def _without(unwanted: list[str], text: str) -> str:
    if not unwanted:
        return text
    longest_first = sorted(unwanted, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), REMOVED, text, flags=re.IGNORECASE)


def _gives_away(word: str, sent: str, whole: frozenset[str]) -> bool:
    if word == REMOVED:
        return False
    plain = undisguised(word)
    # A path may be long ("/ad_accounts/549755885175/customer_lists"), but its parts may not.
    if "@" in plain or _TOKEN.search(plain) or any(_LONG.search(part) for part in plain.split("/")):
        return True
    return bool(sent) and any(_is_of_record(each, sent, whole) for each in {word, plain})


def _is_of_record(word: str, sent: str, whole: frozenset[str]) -> bool:
    bare = word.lower().strip(".!?…*-")
    return bare in whole or (len(bare) >= _SHORTEST_PIECE and bare in sent)
