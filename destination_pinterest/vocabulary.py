"""Names as enumerations, Pinterest's, Airbyte's and our own, for all packages. No behaviour."""

from __future__ import annotations

from enum import StrEnum


class Identifier(StrEnum):
    """The kind of identifier in a column.

    Adobe's names (EMAIL, GAID, IDFA) and Pinterest's `list_type` values.
    Source: Pinterest OpenAPI 5.23.0, CustomerListType (read 2026-11-22).
    """

    EMAIL = "EMAIL"
    GAID = "GAID"
    IDFA = "IDFA"
    MAID = "MAID"
    LR_ID = "LR_ID"
    DLX_ID = "DLX_ID"
    HASHED_PINNER_ID = "HASHED_PINNER_ID"


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
