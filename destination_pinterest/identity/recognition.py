"""Recognises columns that identify people, by their names alone.

Names are compared whole, without letter case and separators: `sales_rep_email` is another person's address and is not
    recognised. A name that declares a hash (`email_sha256`) gives that format; every other gives auto.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from destination_pinterest.identity.identifiers import HASHED_FORMATS, IDENTIFIERS
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.vocabulary import Identifier, ValueFormat

HASHED_NAME_PATTERNS = (
    *("{name}_{hash}", "{hash}_{name}", "{name}_lc_{hash}", "{name}_lower_{hash}"),
    *("{name}_{hash}_hash", "{name}_hash_{hash}", "hashed_{name}_{hash}", "{name}_hashed_{hash}"),
)
"""How a column's name declares its hash, where {name} is a recognised name and {hash} is sha256, sha1 or md5."""

UNSPECIFIC_HASH_NAME_PATTERNS = ("hashed_{name}", "{name}_hashed", "{name}_hash")
"""How a column's name mentions a hash without saying which: the format stays auto."""


def recognise_columns(column_names: Iterable[str]) -> tuple[IdentityColumn, ...]:
    """Returns the identity columns among `column_names`, in order; empty if no name is known."""
    return tuple(
        IdentityColumn(name, *_KNOWN_NAMES[folded])
        for name in column_names
        if (folded := fold_name(name)) in _KNOWN_NAMES
    )


def fold_name(name: str) -> str:
    """Returns the name in lower case without underscores, hyphens, dots and blanks: `emailaddress`."""
    return re.sub(r"[\W_]+", "", name.lower())


def _known_names() -> Mapping[str, tuple[Identifier, ValueFormat]]:
    known: dict[str, tuple[Identifier, ValueFormat]] = {}
    for identifier, rule in IDENTIFIERS.items():
        for name in rule.column_names:
            known[fold_name(name)] = (identifier, ValueFormat.AUTO)
            if not rule.may_be_hashed:
                continue
            for pattern in UNSPECIFIC_HASH_NAME_PATTERNS:
                known[fold_name(pattern.format(name=name))] = (identifier, ValueFormat.AUTO)
            for hash_format in HASHED_FORMATS:
                for pattern in HASHED_NAME_PATTERNS:
                    known[fold_name(pattern.format(name=name, hash=hash_format))] = (identifier, hash_format)
    return MappingProxyType(known)


_KNOWN_NAMES = _known_names()
