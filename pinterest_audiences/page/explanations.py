"""What the page shows of each error: the entry that docs/operations.md has of its code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.error_texts import TEXTS
from pinterest_page.view import Explanation

_WITHIN_DOCUMENT: Final = re.compile(r"\[([^\]]+)\]\(#[^)]*\)")
_KINDS: Final[Mapping[str, str]] = {
    "config_error": "Somebody has to change something.",
    "transient_error": "The same may succeed later.",
    "system_error": "Neither is known to help.",
}


def explanations() -> Sequence[Explanation]:
    """Returns the entries of all codes, in their order."""
    return [
        Explanation(code.value, code.anchor, TEXTS[code].summary, remedy_of(code), _KINDS[code.failure_kind])
        for code in sorted(Code)
    ]


def remedy_of(code: Code) -> str:
    """Returns what is to be done; of other parts of the document that it points to, the titles."""
    return _WITHIN_DOCUMENT.sub(r'"\1" in docs/operations.md', TEXTS[code].remedy)
