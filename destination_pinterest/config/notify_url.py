"""The address to which reports are posted: encrypted, or on this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

PATTERN: Final = r"^(https://[^\s/?#@]+([/?][^\s#]*)?|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?([/?][^\s#]*)?)$"
_LONGEST: Final = 2_000


def is_notify_url(text: str) -> bool:
    """Whether reports may be posted there."""
    if not text.isascii() or len(text) > _LONGEST or re.fullmatch(PATTERN, text) is None:
        return False
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    is_here = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return is_whole and "@" not in parts.netloc and "\\" not in text and (parts.scheme == "https" or is_here)


def notify_url_of(raw: Mapping[str, Any]) -> str | None:
    """Returns the address in settings of which others may be wrong; None if there is none that can be used."""
    value = raw.get("notify_url")
    return value if isinstance(value, str) and is_notify_url(value) else None
