"""Recognises columns that identify people, by their names alone.

A name is read as words (`Email (Billing)`, `E-mail 2 - Value`, `traits.emailAddress`), and recognised if every word is
known: what the value is, whose, which of several, how it is written. `sales_rep_email` is another person's address and
`email_status` is none; both have a word that is not known, and are not recognised.

A name that declares a hash (`email_sha256`) gives that format; every other gives auto.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from destination_pinterest.identity.column_vocabulary import (
    AFTER,
    BEFORE,
    DEVICE,
    EMAIL_WORDS,
    HASH_ALGORITHMS,
    HASH_WORDS,
    QUESTION,
    SOMEBODY_ELSE,
)
from destination_pinterest.identity.column_words import words_of
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

_AN_ID: Final = "(?:ids?|identifiers?)"
_AD: Final = "(?:advertising|advertiser|ad)"
_GOOGLE: Final = "(?:google|gps|android|(?:google )?play(?: services)?)"
# Tried in this order on a name's words, joined by blanks. Two kinds of advertising ID in one name are MAID.
_KINDS: Final = tuple(
    (identifier, re.compile(rf"\b(?:{pattern})\b"))
    for identifier, pattern in (
        (Identifier.HASHED_PINNER_ID, "hashed pinner ids?|pinner ids? hashed"),
        (Identifier.LR_ID, "lr ids?|liveramp ids?|(?:liveramp )?ramp ?ids?"),
        (Identifier.DLX_ID, "(?:dlx|datalogix) ids?"),
        (Identifier.MAID, "(?:idfas?|gaids?|aaids?) (?:or |and )?(?:idfas?|gaids?|aaids?)"),
        (
            Identifier.GAID,
            f"gaids?|aaids?|aifas?|google aid|{_GOOGLE} (?:adid|{_AD} {_AN_ID})",
        ),
        (
            Identifier.IDFA,
            rf"idfas?|(?:apple|ios|iphone) {_AD} {_AN_ID}|(?:apple )?(?:id|identifier) for advertis(?:ers?|ing)",
        ),
        (
            Identifier.MAID,
            rf"maids?|madids?|(?:mobile )?(?:mobile|device) {_AD} {_AN_ID}|mobile device ids?|advertising {_AN_ID}",
        ),
        (Identifier.EMAIL, "|".join(sorted(EMAIL_WORDS)) + "|adresse mail|(?:user data|match keys) em"),
    )
)
# What data activation offers beside the names above; see routing/destination_catalog.py.
_FIELDS: Final = MappingProxyType(
    {
        "phone": (Identifier.PHONE, ValueFormat.AUTO),
        "phone_sha256": (Identifier.PHONE, ValueFormat.SHA256),
        "external_id": (Identifier.EXTERNAL_ID, ValueFormat.AUTO),
        "liveramp_envelope": (Identifier.LIVERAMP_ENVELOPE, ValueFormat.AUTO),
    }
)
_IDS: Final = frozenset(
    {
        *("id", "ids", "identifier", "identifiers", "gaid", "aaid", "aifa", "adid", "aid", "idfa", "maid", "madid"),
        *("advertising", "advertiser", "ad", "gps", "play", "services", "mail", "ramp", "lr", "dlx", "datalogix"),
        *("pinner", "sha", "md", "base"),
    }
)
_KNOWN_WORDS: Final = frozenset(
    BEFORE | AFTER | DEVICE | QUESTION | SOMEBODY_ELSE | EMAIL_WORDS | HASH_WORDS | HASH_ALGORITHMS | _IDS
)
# An array of objects, one column for each of their keys: `emails.0.primary` is no address.
_ELEMENT: Final = re.compile(r"\bemails \d+ (?!value|address|email)")
_UNREADABLE: Final = re.compile(r'["\\\x00-\x1f]')
_AIRBYTES_OWN: Final = ("_airbyte_", "_ab_")


def recognise_columns(column_names: Iterable[str]) -> tuple[IdentityColumn, ...]:
    """Returns the identity columns among `column_names`, in order; empty if no name is known."""
    found = ((name, _by_whole_name(name) or _by_words(name)) for name in column_names)
    return tuple(IdentityColumn(name, *kind) for name, kind in found if kind is not None)


def recognise_fields(names: Iterable[str], country: str) -> tuple[IdentityColumn, ...]:
    """Returns the identity columns among the fields of a destination object, to which somebody has mapped columns.

    Unlike a column's own name, such a field may stand for a kind that leaves in plain.

    Args:
        names: the fields' names.
        country: the country of phone numbers without a country code; "" if there is none.
    """
    found: list[IdentityColumn] = []
    for name in names:
        if name in _FIELDS:
            identifier, value_format = _FIELDS[name]
            of_phones = country if identifier is Identifier.PHONE else ""
            found.append(IdentityColumn(name, identifier, value_format, of_phones))
        else:
            found += recognise_columns([name])
    return tuple(found)


def recognised_by_words(column_names: Iterable[str]) -> tuple[str, ...]:
    """Returns the names that only their words make known: version 0.1.0, which compared whole names, took none."""
    return tuple(column.column for column in recognise_columns(column_names) if _by_whole_name(column.column) is None)


def is_about_somebody_else(name: str) -> bool:
    """Whether a column's name says that it is about another person than the row: an owner, a sender, a parent."""
    return not SOMEBODY_ELSE.isdisjoint(name_words(name))


def name_words(name: str) -> tuple[str, ...]:
    """Returns the words of a column's name, in lower case."""
    return words_of(name, _KNOWN_WORDS)


def fold_name(name: str) -> str:
    """Returns the name in lower case without underscores, hyphens, dots and blanks: `emailaddress`."""
    return re.sub(r"[\W_]+", "", name.lower())


def _by_whole_name(name: str) -> tuple[Identifier, ValueFormat] | None:
    return _KNOWN_NAMES.get(fold_name(name))


def _by_words(name: str) -> tuple[Identifier, ValueFormat] | None:
    # A column that can't be read must not fail a stream that was synced without it.
    if name.startswith(_AIRBYTES_OWN) or _UNREADABLE.search(name):
        return None
    text = " ".join(name_words(name))
    if _ELEMENT.search(text):
        return None
    for identifier, pattern in _KINDS:
        match = pattern.search(text)
        if match is not None:
            return _kind_of(identifier, text[: match.start()].split(), text[match.end() :].split())
    return None


def _kind_of(
    identifier: Identifier, before: Sequence[str], after: Sequence[str]
) -> tuple[Identifier, ValueFormat] | None:
    """Returns the kind and format if every other word of the name is known; None if not."""
    algorithms = HASH_ALGORITHMS.intersection((*before, *after))
    hashes = HASH_WORDS | HASH_ALGORITHMS if IDENTIFIERS[identifier].may_be_hashed else frozenset[str]()
    beside = hashes | (EMAIL_WORDS if identifier is Identifier.EMAIL else DEVICE)
    if "your" in before:
        beside |= QUESTION
    is_known = _are_in(before, BEFORE | beside) and _are_in(after, AFTER | beside)
    if not is_known or len(algorithms) > 1:
        return None
    return identifier, ValueFormat(min(algorithms, default=ValueFormat.AUTO))


def _are_in(words: Sequence[str], known: Collection[str]) -> bool:
    return all(word in known or word.isdecimal() for word in words)


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
