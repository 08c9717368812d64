"""The text of an audience's description that the settings ask for, in front of the marks.

What a person writes in Ads Manager stands. So the text is written only where there is none yet, or where the present
one is the connector's own: the sentence that audiences are created with, or a text of which the mark has the digest
(`t` in description_mark.py). Emptying the description of such an audience keeps it empty. The marks around the text
are kept in any case.

    {stream}, {namespace}        the names of the audience's streams and of their namespaces; several with commas

There is no date among them, since a text that changes with each sync would be written in each.

Source: Pinterest OpenAPI 5.23.0, AudienceDescription (read 2026-11-27): a text. Doubt: no limit to its length is
documented, so the text is kept short, and the marks behind it are too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from destination_pinterest.audiences.description_mark import MARK, has_later_mark, read_mark, with_mark
from destination_pinterest.audiences.remembered import Remembered
from destination_pinterest.protocol.catalog import StreamKey

DEFAULT_TEXT: Final = "Kept by destination-pinterest. Changes made by hand may be overwritten."
LONGEST_TEXT: Final = 300
# The connector's marks that are no memory: of a name, of what it shared, of an actalike audience.
_OTHER_MARKS: Final = re.compile(r" ?\[dp-[a-z]+[0-9]+:[^\[\]\r\n]*\]")


def filled(template: str | None, streams: Iterable[StreamKey]) -> str | None:
    """Returns the text for an audience of these streams; None without a template, or if nothing is left of it."""
    if template is None:
        return None
    keys = list(streams)
    names = ", ".join(dict.fromkeys(key.name for key in keys))
    namespaces = ", ".join(dict.fromkeys(key.namespace for key in keys if key.namespace))
    text = template.replace("{namespace}", namespaces).replace("{stream}", names)
    text = " ".join(plain_text(text).split())  # A stream's name may look like a mark.
    return (text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…") or None


def first_description(text: str | None, remembered: Remembered) -> str:
    """Returns the description of a new audience."""
    if text is None:
        return with_mark(DEFAULT_TEXT, remembered)
    return with_mark(text, replace(remembered, text=_digest(text)))


def revised(description: str | None, text: str | None, remembered: Remembered) -> str:
    """Returns a description with another mark, and with another text if the present one is not a person's.

    Args:
        description: as it is.
        text: what the settings ask for, if anything.
        remembered: what the mark is to say; what it says of the text is known better here.
    """
    present = description or ""
    known = read_mark(description).text
    if text is None or has_later_mark(present) or not _is_ours(plain_text(present), known):
        return with_mark(present, replace(remembered, text=known))
    if not _is_alike(plain_text(present), text):
        present = text + "".join(found.group() for found in _OTHER_MARKS.finditer(present))
    return with_mark(present, replace(remembered, text=_digest(text)))


def is_revised(description: str | None, text: str | None, remembered: Remembered) -> bool:
    """Whether `revised` would change what a description says: its text, or its mark."""
    after = revised(description, text, remembered)
    return read_mark(after) != read_mark(description) or not _is_alike(plain_text(after), plain_text(description or ""))


def plain_text(description: str) -> str:
    """Returns a description without the connector's marks."""
    return _OTHER_MARKS.sub("", MARK.sub("", description)).strip()


def _is_ours(text: str, known: str | None) -> bool:
    if not text:
        return known is None
    return text == DEFAULT_TEXT or _digest(text) == known


def _is_alike(one: str, other: str) -> bool:
    return one.split() == other.split()


def _digest(text: str) -> str:
    return sha256(" ".join(text.split()).encode(errors="surrogatepass")).hexdigest()[:8]
