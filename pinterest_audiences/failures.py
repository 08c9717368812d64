"""The failures that only a command line has, and the exit codes that they end in.

Exit codes: 0 done, 1 the sync failed, 2 the command can't be carried out as it was written, 130 and 143 stopped by a
signal.
"""

from __future__ import annotations

from destination_pinterest.errors import ConfigurationError, InternalError, TransientError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2


class UsageError(ConfigurationError):
    """The command can't be carried out as it was written: nothing was sent."""


class SourceError(TransientError):
    """The source stopped in the middle: what was sent before stays sent, the rest was not read."""


class ConnectorProcessError(InternalError):
    """The connector's process ended without saying why, or can't be started."""


def missing_extra(error: ModuleNotFoundError) -> UsageError:
    """Says how to install what the command line needs beyond the connector."""
    return UsageError(
        f'The Python package {error.name!r} is not installed; run: pip install "airbyte-destination-pinterest[cli]"'
    )
