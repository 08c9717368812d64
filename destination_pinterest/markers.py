"""Marks the connector's log lines for programs, and names the variables that request them.

An Airbyte platform shows these lines like any other. The command line reads them, and sets the variables when it starts
the connector.
"""

from __future__ import annotations

from typing import Final

# Prefixes of LOG messages whose rest is one JSON object.
PROGRESS_PREFIX: Final = "pinterest_sync_progress: "
REPORT_PREFIX: Final = "pinterest_sync_report: "
LISTING_PREFIX: Final = "pinterest_audiences: "
PREVIEW_PREFIX: Final = "pinterest_preview: "

# Seconds between progress lines; the default suits a platform's log.
PROGRESS_VARIABLE: Final = "DESTINATION_PINTEREST_PROGRESS_S"
# "0" omits the report's lines for people: the caller shows the report of REPORT_PREFIX in its own form.
REPORT_TEXT_VARIABLE: Final = "DESTINATION_PINTEREST_REPORT_TEXT"
