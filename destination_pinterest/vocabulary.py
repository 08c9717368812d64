"""Pinterest's and Airbyte's names as enumerations, for all packages. No behaviour."""

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
