"""The command line's own failures, and its exit codes.

Exit codes: 0 done, 1 the sync failed, 2 the command is not possible as written, 130 and 143 stopped by a signal.
"""

from __future__ import annotations

from destination_pinterest.errors import ConfigurationError, InternalError, TransientError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2


class UsageError(ConfigurationError):
    """The command is not possible as written. Nothing was sent."""


class SourceError(TransientError):
    """The source stopped in the middle. What was sent stays sent; the rest was not read."""


class ConnectorProcessError(InternalError):
    """The connector's process ended without a reason, or can't be started."""


def missing_extra(error: ModuleNotFoundError) -> UsageError:
    """Returns the error that says how to install the command line's packages."""
    return UsageError(
        f'The Python package {error.name!r} is not installed; run: pip install "airbyte-destination-pinterest[cli]"'
    )
