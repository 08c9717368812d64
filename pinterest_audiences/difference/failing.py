"""What is said when a warehouse refuses something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.names import close_names

# Source: PostgreSQL, "Error Codes" (Redshift and Snowflake have the same); MySQL, "Server Error Message Reference";
#    Trino, StandardErrorCode; read 2026-11-27.
_NO_RIGHT_STATE: Final = "42501"
_NO_RIGHT_NUMBERS: Final = frozenset({1044, 1142, 1143, 1227, 1370})
_NO_RIGHT_NAME: Final = "PERMISSION_DENIED"


def failed(error: Exception) -> SourceError | UsageError:
    """The error of a statement that failed. Its message may quote values of the table."""
    cause = getattr(error, "orig", None) or error
    if _lacks_right(cause):
        return UsageError(
            Code.DIFFERENCE_RIGHT_MISSING,
            "The database refuses a statement of the difference, since its user lacks a right. Grant it to read the "
            "table, to create, read and change tables in the schema of --difference-schema (a dry run only reads "
            "them), and on MySQL to create temporary tables.",
        )
    return SourceError(
        Code.DIFFERENCE_STATEMENT_FAILED,
        f"The database stopped while it computed or kept the difference ({type(cause).__name__}). Its message may "
        "quote people's data and is not shown, so look into the database's own log, and run the sync again.",
    )


def _lacks_right(cause: Any) -> bool:
    given = cause.args[0] if getattr(cause, "args", ()) else None
    state = getattr(cause, "sqlstate", None) or (given.get("C") if isinstance(given, dict) else None)
    return (
        state == _NO_RIGHT_STATE
        or (isinstance(given, int) and given in _NO_RIGHT_NUMBERS)
        or getattr(cause, "error_name", None) == _NO_RIGHT_NAME
    )


def no_schema(schema: str, label: str, existing: Sequence[str]) -> UsageError:
    """The error of a schema that is not there, beside those that are. Some drivers write them in small letters."""
    close = " or ".join(map(repr, close_names(schema, existing)))
    return UsageError(
        Code.DIFFERENCE_SCHEMA_UNUSABLE,
        f"{label} has no schema {schema!r}. {f'Did you mean {close}? ' if close else ''}Create it, or name another by "
        "--difference-schema.",
    )
