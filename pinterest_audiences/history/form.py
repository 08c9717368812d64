"""The form of the history's file: its tables, and how an older form becomes the present one.

`application_id` tells the file from a stranger's, whose tables nobody wants to find ours among; `user_version` is the
form's number.
"""

from __future__ import annotations

import sqlite3
from typing import Final

VERSION: Final = 1
# "PnAu"
APPLICATION_ID: Final = 0x506E4175

_TABLES: Final = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL, project TEXT, name TEXT NOT NULL, audience TEXT NOT NULL, ad_account_id TEXT NOT NULL,
    profile TEXT, command TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT NOT NULL,
    exit_code INTEGER NOT NULL, failure_kind TEXT, failure_code TEXT, failure_text TEXT, version TEXT NOT NULL,
    figures TEXT NOT NULL
);
CREATE INDEX runs_by_time ON runs (finished_at);
CREATE INDEX runs_by_name ON runs (name, finished_at);
CREATE TABLE observations (
    id INTEGER PRIMARY KEY,
    ad_account_id TEXT NOT NULL, audience_id TEXT NOT NULL, audience TEXT NOT NULL, seen_at TEXT NOT NULL,
    size INTEGER, status TEXT, source TEXT NOT NULL, match_share REAL
);
CREATE INDEX observations_by_time ON observations (seen_at);
CREATE INDEX observations_by_audience ON observations (ad_account_id, audience_id, seen_at);
CREATE TABLE alerts (
    subject TEXT NOT NULL, kind TEXT NOT NULL, sent_at TEXT NOT NULL, PRIMARY KEY (subject, kind)
) WITHOUT ROWID;
CREATE TABLE upkeep (task TEXT PRIMARY KEY, done_on TEXT NOT NULL) WITHOUT ROWID;
"""


class NotOursError(Exception):
    """The file is a database of something else."""


class LaterVersionError(Exception):
    """The file was written by a later version of this program."""


def check(connection: sqlite3.Connection) -> bool:
    """Whether the file has its tables. Raises: NotOursError, LaterVersionError, sqlite3.Error."""
    version = _number(connection, "user_version")
    if _number(connection, "application_id") != APPLICATION_ID:
        if version or _number(connection, "schema_version"):
            raise NotOursError
        return False
    if version > VERSION:
        raise LaterVersionError
    return True


def prepare(connection: sqlite3.Connection) -> None:
    """Gives an empty file its tables. Raises: as `check`. Several processes may do so at once; one of them does."""
    if check(connection):
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if not check(connection):
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
