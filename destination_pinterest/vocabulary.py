"""Names as enumerations, Pinterest's, Airbyte's and our own, for all packages. No behaviour."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Identifier(StrEnum):
    """The kind of identifier in a column.

    Adobe's names (EMAIL, GAID, IDFA), Pinterest's `list_type` values, and the fields of `records_v2` that have none.
    Source: Pinterest OpenAPI 5.23.0, CustomerListType (read 2026-11-22); models of API 5.28.0, CustomerListRecordRow
    (pinterestsdk 2.1.0, read 2026-11-26).
    """

    EMAIL = "EMAIL"
    GAID = "GAID"
    IDFA = "IDFA"
    MAID = "MAID"
    LR_ID = "LR_ID"
    DLX_ID = "DLX_ID"
    HASHED_PINNER_ID = "HASHED_PINNER_ID"
    PHONE = "PHONE"
    EXTERNAL_ID = "EXTERNAL_ID"
    LIVERAMP_ENVELOPE = "LIVERAMP_ENVELOPE"


ROWS_ONLY: Final = frozenset({Identifier.PHONE, Identifier.EXTERNAL_ID, Identifier.LIVERAMP_ENVELOPE})
"""The kinds that only `records_v2` can carry: `records` takes addresses and device IDs, and digests for these."""

TAG: Final = "@"
"""What an identifier of such a kind begins with inside the process, where all others are bare.

The digest of a phone number looks like that of an address, so the text has to say what it is. No bare identifier
begins so: digests have no @, and IDs with one are refused.
"""

PHONE_TAG: Final = "@p"
EXTERNAL_ID_TAG: Final = "@x"
LIVERAMP_ENVELOPE_TAG: Final = "@l"


class ValueFormat(StrEnum):
    """How the values of a column are written in the warehouse."""

    AUTO = "auto"
    PLAIN = "plain"
    SHA256 = "sha256"
    SHA1 = "sha1"
    MD5 = "md5"


class LetterCase(StrEnum):
    """The letter case that an advertising ID is converted to before hashing."""

    LOWER = "lower"
    UPPER = "upper"
    AS_IS = "as_is"


class Operation(StrEnum):
    """What a request does to a customer list. Source: Pinterest OpenAPI 5.23.0, UserListOperationType."""

    ADD = "ADD"
    REMOVE = "REMOVE"


class ColumnType(StrEnum):
    """What a column's values mean, as far as it matters for comparing two of them."""

    ANY = "any"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    MOMENT = "moment"
    UUID = "uuid"
