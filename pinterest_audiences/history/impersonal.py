"""Takes what may identify a person out of the texts of a report before they are kept.

Our connector's reports hold no such thing; those of another one, which `--destination` may name, and a database's words
in a reason are not ours to vouch for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

REMOVED: Final = "[…]"
_GIVES_AWAY: Final = re.compile(
    r"[^\s\"'<>(),;:@]{1,64}@[^\s\"'<>(),;:@.]{1,63}(?:\.[^\s\"'<>(),;:@.]{1,63})+"  # an e-mail address
    r"|(?<![0-9A-Fa-f])[0-9A-Fa-f]{32,}(?![0-9A-Fa-f])"  # a digest
    r"|\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b"  # an advertising ID
    r"|(?<!\w)\+\d(?:[ ().-]?\d){6,14}(?!\d)"  # a phone number
    r"|pin[acr]_\w+"  # a token of Pinterest's
    r"|(?<=://)[^\s/?#]*:\S*@(?=[\w.\[-])"  # a login within an address
)


def impersonal(value: Any) -> Any:
    """Returns a report's value with such words taken out of its texts."""
    match value:
        case str():
            return _GIVES_AWAY.sub(REMOVED, value)
        case Mapping():
            return {impersonal(str(key)): impersonal(each) for key, each in value.items()}
        case list() | tuple():
            return [impersonal(each) for each in value]
        case _:
            return value
