"""How an identifier is named in `records_v2`, and how it is written inside the process if only that can carry it.

Source: models of API 5.28.0, CustomerListRecordRow (pinterestsdk 2.1.0, read 2026-11-26). Of its fields, `ip_address`
and `user_agent` are never sent: they are whole households' and offices'.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from destination_pinterest.identity.digest import Conversion
from destination_pinterest.vocabulary import (
    EXTERNAL_ID_TAG,
    LIVERAMP_ENVELOPE_TAG,
    PHONE_TAG,
    TAG,
    Identifier,
)

TAGS: Final = MappingProxyType(
    {
        Identifier.PHONE: PHONE_TAG,
        Identifier.EXTERNAL_ID: EXTERNAL_ID_TAG,
        Identifier.LIVERAMP_ENVELOPE: LIVERAMP_ENVELOPE_TAG,
    }
)
"""The tags of the kinds that only `records_v2` can carry."""

_FIELDS: Final = MappingProxyType(
    {
        Identifier.EMAIL: "email",
        Identifier.GAID: "maid",
        Identifier.IDFA: "maid",
        Identifier.MAID: "maid",
        Identifier.HASHED_PINNER_ID: "hashed_pinner_id",
    }
)
"""The fields of kinds that `records` can carry as well. It has none for LR_ID and DLX_ID."""

_TAGGED_FIELDS: Final = MappingProxyType(
    {PHONE_TAG: "hashed_phone_number", EXTERNAL_ID_TAG: "external_id", LIVERAMP_ENVELOPE_TAG: "liveramp_envelope"}
)
_TAG_CHARACTERS: Final = 2


def tagged(kind: Identifier, conversion: Conversion) -> Conversion:
    """Returns the conversion whose results say of which kind they are."""
    tag = TAGS[kind]

    def convert(value: str) -> str | None:
        outcome = conversion(value)
        return tag + outcome if type(outcome) is str else outcome

    return convert


def needs_rows(identifier: str) -> bool:
    """Whether only `records_v2` can carry an identifier."""
    return identifier.startswith(TAG)


def field_of(identifier: str, kind: Identifier | None = None) -> tuple[str, str] | None:
    """Returns an identifier's field in `records_v2` and its value there; None if it has none, or it is not known.

    Args:
        identifier: as it is written inside the process.
        kind: its kind, for one without a tag.
    """
    field = _TAGGED_FIELDS.get(identifier[:_TAG_CHARACTERS])
    if field is not None:
        return field, identifier[_TAG_CHARACTERS:]
    field = None if kind is None else _FIELDS.get(kind)
    return None if field is None else (field, identifier)
