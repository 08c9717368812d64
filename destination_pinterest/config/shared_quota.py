"""Where processes share one quota: a Redis, or a file of one machine."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import msgspec

PATTERN: Final = r"^((redis|rediss|unix)://\S+|/[^\x00]+)$"
_LONGEST: Final = 2_000
_MOST_PROCESSES: Final = 1_000
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
DEFAULT_PROCESSES: Final = 2
_BOOLEAN: Final = re.compile(r"true|false|yes|no|1|0", re.IGNORECASE)
_ANYTHING: Final = re.compile(r".+")
# What Redis's client takes beside ours. It ignores a database that is no number, and breaks off over unknown names.
_OPTIONS: Final = {
    "db": re.compile(r"[0-9]{1,5}"),
    "username": _ANYTHING,
    "password": _ANYTHING,
    "protocol": re.compile(r"[23]"),
}
_TCP_OPTIONS: Final = {"socket_keepalive": _BOOLEAN}
_TLS_OPTIONS: Final = {
    "ssl_cert_reqs": re.compile(r"none|optional|required"),
    "ssl_check_hostname": _BOOLEAN,
    "ssl_ca_certs": _ANYTHING,
    "ssl_ca_path": _ANYTHING,
    "ssl_certfile": _ANYTHING,
    "ssl_keyfile": _ANYTHING,
}
_BY_SCHEME: Final = {
    "unix": _OPTIONS,
    "redis": _OPTIONS | _TCP_OPTIONS,
    "rediss": _OPTIONS | _TCP_OPTIONS | _TLS_OPTIONS,
}


class SharedQuotaAddress(msgspec.Struct, frozen=True):
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


class UnusableOptionError(ValueError):
    """What stands behind the question mark can't be used."""


def read_shared_quota(text: str) -> SharedQuotaAddress:
    """Returns the parts.

    Raises:
        UnusableOptionError: only what stands behind the question mark is wrong. It says what may be there, and not what
            is, which may be a part of a password.
        ValueError: it is neither a Redis nor a file.
    """
    if len(text) > _LONGEST or not text.isprintable() or re.fullmatch(PATTERN, text) is None:
        raise ValueError
    if text.startswith("/"):
        if "?" in text:  # Whoever writes it means an option; as a name, it would be shared with nobody.
            raise UnusableOptionError("a file takes no options; name another file, without a question mark")
        return SharedQuotaAddress(None, text)
    parts = urlsplit(text)
    if parts.scheme != "unix" and not _names_redis(parts):
        raise ValueError
    options = _BY_SCHEME[parts.scheme]
    own = {"name": "", "processes": str(DEFAULT_PROCESSES)}
    rest = []
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key in own:
            own[key] = value
        elif key in options and options[key].fullmatch(value):
            rest.append((key, value))
        else:
            raise UnusableOptionError(_may_be(parts.scheme))
    if own["name"] and _NAME.fullmatch(own["name"]) is None:
        raise UnusableOptionError("name must be up to 64 letters, digits, dots, hyphens and underscores")
    processes = own["processes"]
    if not (processes.isascii() and processes.isdecimal() and 1 <= int(processes) <= _MOST_PROCESSES):
        raise UnusableOptionError(f"processes must be a number from 1 to {_MOST_PROCESSES:,}")
    address = text.partition("?")[0]
    url = f"{address}?{urlencode(rest)}" if rest else address
    return SharedQuotaAddress(url, None, own["name"] or None, int(processes))


def _names_redis(parts: SplitResult) -> bool:
    has_port = parts.port is None or parts.port > 0
    return bool(parts.hostname) and has_port and re.fullmatch(r"/?|/[0-9]{1,5}", parts.path) is not None


def _may_be(scheme: str) -> str:
    *others, last = ["name", "processes", *_BY_SCHEME[scheme]]
    return (
        f"behind the question mark of {scheme}:// may be only {', '.join(others)} and {last}, with values they can have"
    )
