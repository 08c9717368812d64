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
STORE_PREFIX: Final = "pinterest_store: "
CREATION_PREFIX: Final = "pinterest_created: "
PROBE_PREFIX: Final = "pinterest_probe: "
LISTS_PREFIX: Final = "pinterest_lists: "
FORGETTING_PREFIX: Final = "pinterest_forgetting: "
ACCOUNTS_PREFIX: Final = "pinterest_ad_accounts: "

# The rest is one rejected row, if REJECTED_VARIABLE asks for them. With values, the line holds people's data.
REJECTED_PREFIX: Final = "pinterest_rejected_row: "

# Seconds between progress lines; the default suits a platform's log.
PROGRESS_VARIABLE: Final = "DESTINATION_PINTEREST_PROGRESS_S"
# "0" omits the report's lines for people: the caller shows the report of REPORT_PREFIX in its own form.
REPORT_TEXT_VARIABLE: Final = "DESTINATION_PINTEREST_REPORT_TEXT"
# "reasons" or "values": writes a line for each rejected row, without or with the values that were refused.
REJECTED_VARIABLE: Final = "DESTINATION_PINTEREST_REJECTED"
REJECTED_REASONS: Final = "reasons"
REJECTED_VALUES: Final = "values"
# "1": the rows are some that were rejected before, so what they have in common says nothing of their columns.
AGAIN_VARIABLE: Final = "DESTINATION_PINTEREST_ROWS_AGAIN"
# The file in which the caller keeps the config, where that is not the one that --config names. If Pinterest refuses the
# refresh token, the connector looks there whether another run has renewed the sign-in.
CONFIG_PATH_VARIABLE: Final = "DESTINATION_PINTEREST_CONFIG_PATH"
# A file through which processes that share a quota tell one another of their requests.
QUOTA_PATH_VARIABLE: Final = "DESTINATION_PINTEREST_QUOTA_PATH"
# The file that processes lock to renew a sign-in one after another, if the caller lets several share one and keeps what
# is renewed before it reads on.
LOCK_PATH_VARIABLE: Final = "DESTINATION_PINTEREST_LOCK_PATH"
# The member of a record that says where its row was read: a list of the file, or null, and the line. In no catalog.
PLACE_MEMBER: Final = "_pinterest_audiences_place"
