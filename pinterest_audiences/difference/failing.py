"""What is said when a warehouse refuses something."""

from __future__ import annotations

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError


def failed(error: Exception) -> SourceError:
    """The error of a statement that failed. Its message may quote values of the table."""
    cause = getattr(error, "orig", None) or error
    return SourceError(
        Code.DIFFERENCE_STATEMENT_FAILED,
        f"The database stopped while it computed or kept the difference ({type(cause).__name__}). Its message may "
        "quote people's data and is not shown, so look into the database's own log, and run the sync again.",
    )


def no_schema(schema: str, label: str) -> UsageError:
    """The error of a schema that is not there."""
    return UsageError(
        Code.DIFFERENCE_SCHEMA_UNUSABLE,
        f"{label} has no schema {schema!r}. Create it, or name another by --difference-schema.",
    )
