"""The address of Pinterest's API: which hosts may get the token, and people's hashes.

Any host may stand in the setting, since a sandbox may be anywhere; but none that a reader would take for Pinterest's
and that is not. A login in front of the host is how most of them are disguised, so there is no room for one. The form's
own pattern is wider, and stays as it was released.

Source: RFC 2606, RFC 6761 and RFC 9476: names at the end of which nobody can register a host.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

PINTEREST_API: Final = "https://api.pinterest.com/v5"

_HOST: Final = r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z]([0-9A-Za-z._-]*[0-9A-Za-z])?)"
_PORT: Final = r"(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})"
_REST: Final = rf"(:{_PORT})?(/[0-9A-Za-z._~!$&'()*+,;=:%/-]*)?"
_ADDRESS: Final = re.compile(rf"https://{_HOST}{_REST}|http://(localhost|127\.0\.0\.1|\[::1\]){_REST}")

# RFC 1035, 2.3.4.
_LONGEST_HOST: Final = 253
_LONGEST_LABEL: Final = 63

_DOMAIN: Final = "pinterest.com"
_NAME: Final = "pinterest"
# Anywhere in a host, as in "api.pinterest.com-v5.example.net".
_WRITTEN_OUT: Final = re.compile(r"(?<![0-9a-z])pinterest[.-]com(?![0-9a-z])")
# Below these, with a country's letters behind, names are registered.
_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"})
_NOBODYS: Final = frozenset({"example", "internal", "invalid", "lan", "local", "localhost", "test"})
# One letter of nine changed gives 0.89.
_ALIKE: Final = 0.85
# Of letters that another alphabet has too, some may be changed.
_ALIKE_ABROAD: Final = 0.5


def is_address(text: str) -> bool:
    """Whether a text is an address by which nothing but a host, a port and a path is meant."""
    found = _ADDRESS.fullmatch(text)
    host = "" if found is None else (found[1] or "localhost")
    return 0 < len(host) <= _LONGEST_HOST and all(0 < len(label) <= _LONGEST_LABEL for label in host.split("."))


def is_look_alike(address: str) -> bool:
    """Whether the host of an address is made to be taken for Pinterest's."""
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError:  # Brackets without an IPv6 address.
        return True
    labels = host.split(".")
    if len(labels) == 1 or labels[-2:] == _DOMAIN.split("."):
        return False
    if _WRITTEN_OUT.search(host) or any(
        behind.partition("-")[0] == "com" and _is_alike(label) for label, behind in pairwise(labels)
    ):
        return True
    if labels[-1] in _NOBODYS:
        return False
    is_below_two = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return _is_alike(labels[-3] if is_below_two else labels[-2])


def _is_alike(label: str) -> bool:
    if label.startswith("xn--"):
        return _likeness(_decoded(label)) >= _ALIKE_ABROAD
    return _NAME in label or _likeness(label) >= _ALIKE


def _likeness(name: str) -> float:
    return SequenceMatcher(None, name, _NAME).ratio()


def _decoded(label: str) -> str:
    try:
        return label.encode().decode("idna")
    except UnicodeError:
        return label
