"""What Adobe's identity namespaces are called here: the column that we guess, and the identifier in it.

Source: experienceleague.adobe.com, "Pinterest Customer List connection": GAID, IDFA, Email and Email_LC_SHA256 are
    mapped to pinterest_audience; its standard namespaces (read 2026-11-27).
Doubt: a dataflow maps namespaces, not columns of a warehouse, so every column is a guess.
"""

from __future__ import annotations

import re
from typing import Final

from destination_pinterest.vocabulary import Identifier, ValueFormat

# The column by which the connector would recognise it, and what it holds.
_PLAIN_EMAIL: Final = ("email", Identifier.EMAIL.value)
_HASHED_EMAIL: Final = ("email_sha256", f"{Identifier.EMAIL.value}:{ValueFormat.SHA256.value}")
_KNOWN: Final = {
    "email": _PLAIN_EMAIL,
    "emails": _PLAIN_EMAIL,
    "emailaddress": _PLAIN_EMAIL,
    "emaillcsha256": _HASHED_EMAIL,
    "emailsha256": _HASHED_EMAIL,
    "gaid": ("gaid", Identifier.GAID.value),
    "idfa": ("idfa", Identifier.IDFA.value),
    # Where an XDM schema keeps addresses of its own.
    "personalemailaddress": _PLAIN_EMAIL,
    "workemailaddress": _PLAIN_EMAIL,
}
_IN_IDENTITY_MAP: Final = re.compile(r"(?:^|\.)identityMap\.([^.\[\]]+)", re.IGNORECASE)
_MEMBERSHIP: Final = re.compile(r"(?:^|\.)segmentMembership\b")


def namespace_of(path: str) -> str:
    """Returns the namespace in a mapping's source, such as identityMap.Email; another path as it is."""
    found = _IN_IDENTITY_MAP.search(path)
    return found[1] if found else path.strip()


def is_membership(path: str) -> bool:
    """Whether a mapping is only about membership of an audience, which every dataflow has."""
    return _MEMBERSHIP.search(path) is not None


def identity_of(namespace: str) -> tuple[str, str] | None:
    """Returns the column and the identifier, as a project file has them; None if nothing here corresponds."""
    return _KNOWN.get(re.sub(r"[^a-z0-9]", "", namespace.casefold()))
