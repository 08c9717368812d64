"""Strips blanks around a value: white space of any script, and invisible characters.

Blanks at the ends come from padded columns, copied web pages and byte order marks, and are never part of an identifier.
Blanks inside a value are left to the checks, which refuse them.
"""

from __future__ import annotations

# Unicode's white space as Python's `str.isspace` knows it.
WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f\x20\x85\u00a0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
# Soft hyphen, zero-width spaces and joiners, direction marks, invisible operators, byte order mark.
INVISIBLE = (
    "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)

_BLANKS = WHITE_SPACE + INVISIBLE


def strip_blanks(text: str) -> str:
    """Returns the text without the blanks at its ends."""
    return text.strip(_BLANKS)
