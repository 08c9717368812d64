"""By what a program recognises the connector's log lines that are for programs, and how it asks for them.

An Airbyte platform shows these lines as any others. The command line reads them, and sets the variables when it starts
the connector.
"""

from __future__ import annotations

from typing import Final

# What a LOG message begins with whose rest is one JSON object.
PROGRESS_PREFIX: Final = "pinterest_sync_progress: "
REPORT_PREFIX: Final = "pinterest_sync_report: "
LISTING_PREFIX: Final = "pinterest_audiences: "

# Seconds between two lines of progress; without it, what suits a platform's log.
PROGRESS_VARIABLE: Final = "DESTINATION_PINTEREST_PROGRESS_S"
# "0" leaves out the report's lines for people: whoever sets it shows the report of REPORT_PREFIX in a form of its own.
REPORT_TEXT_VARIABLE: Final = "DESTINATION_PINTEREST_REPORT_TEXT"
