"""Where processes share one quota: a Redis, or a file of one machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

PATTERN: Final = r"^((redis|rediss|unix)://\S+|/[^\x00]+)$"
_LONGEST: Final = 2_000
_MOST_PROCESSES: Final = 1_000
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
DEFAULT_PROCESSES: Final = 2


@dataclass(frozen=True, slots=True)
class SharedQuotaAddress:
    """The parts of the setting.

    Args:
        url: of a Redis, as its client takes it; None if it is a file.
        path: of a file; None if it is a Redis.
        name: what those have in common who share a quota; None if that is the app.
        processes: how many there are, for when Redis can't tell.
    """

    url: str | None
    path: str | None
    name: str | None = None
    processes: int = DEFAULT_PROCESSES


def read_shared_quota(text: str) -> SharedQuotaAddress:
    """Returns the parts. Raises: ValueError if it is neither a Redis nor a file."""
    if len(text) > _LONGEST or not text.isprintable() or re.fullmatch(PATTERN, text) is None:
        raise ValueError
    if text.startswith("/"):
        return SharedQuotaAddress(None, text)
    parts = urlsplit(text)
    if parts.scheme != "unix" and not (parts.hostname and (parts.port is None or parts.port > 0)):
        raise ValueError
    own = {"name": "", "processes": str(DEFAULT_PROCESSES)}
    rest = []
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key in own:
            own[key] = value
        else:
            rest.append((key, value))
    if own["name"] and _NAME.fullmatch(own["name"]) is None:
        raise ValueError
    processes = own["processes"]
    if not (processes.isascii() and processes.isdecimal() and 1 <= int(processes) <= _MOST_PROCESSES):
        raise ValueError
    address = text.partition("?")[0]
    url = f"{address}?{urlencode(rest)}" if rest else address
    return SharedQuotaAddress(url, None, own["name"] or None, int(processes))
