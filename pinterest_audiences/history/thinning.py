"""Thins the history out, so that runs every minute do not fill a disk: of what is old, the last one of a while stays.

Runs that failed are thinned among themselves, so that none hides behind one that succeeded. Nothing is ever deleted
only for its age: one run of each audience and day stays for good.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Final

from pinterest_audiences.history.moments import moment_text

# From that age on, one stays for each text of so many characters: "2026-11-27T03" is an hour, "2026-11-27" a day.
_STEPS: Final = ((timedelta(days=3), len("2026-11-27T03")), (timedelta(days=30), len("2026-11-27")))
_TASK: Final = "thinning"


def thin(connection: sqlite3.Connection, now: datetime) -> None:
    """Thins the history out, once a day. Raises: sqlite3.Error."""
    today = moment_text(now)[: len("2026-11-27")]
    done = connection.execute("SELECT done_on FROM upkeep WHERE task = ?", (_TASK,)).fetchone()
    if done is not None and done[0] == today:
        return
    for age, characters in _STEPS:
        before = moment_text(now - age)
        connection.execute(
            "DELETE FROM runs WHERE finished_at < ?1 AND id NOT IN (SELECT max(id) FROM runs WHERE finished_at < ?1 "
            "GROUP BY project, name, audience, ad_account_id, exit_code = 0, substr(finished_at, 1, ?2))",
            (before, characters),
        )
        connection.execute(
            "DELETE FROM observations WHERE seen_at < ?1 AND id NOT IN (SELECT max(id) FROM observations "
            "WHERE seen_at < ?1 GROUP BY ad_account_id, audience_id, substr(seen_at, 1, ?2))",
            (before, characters),
        )
    connection.execute("INSERT OR REPLACE INTO upkeep VALUES (?, ?)", (_TASK, today))
