"""What would give away where packages came from, and with which password."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

# Packages name it in their own descriptions.
PUBLIC = {"pypi.org"}


def traces_of_the_index(arguments: Mapping[str, str]) -> list[str]:
    """Whole addresses, hosts and credentials of the build arguments for pip; nothing of the public index."""
    found: set[str] = set()
    for value in (value for values in arguments.values() for value in values.split()):
        parts = urlsplit(value) if "//" in value else urlsplit(f"//{value}")
        credentials, _, host = parts.netloc.rpartition("@")
        if host not in PUBLIC:
            found |= {value, host}
        found |= {credentials, *credentials.split(":")}
        if parts.scheme == "file":
            found |= set(parts.path.split("/")[1].split(":"))
    return sorted(found - {""})
