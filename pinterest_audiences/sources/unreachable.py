"""Tells a database that can't be reached for now from one whose address is wrong: whether waiting may help.

Nothing but the wording is the same in all drivers. Whoever starts a sync at night would rather have it tried again than
be woken because a server was restarted; a wrong port looks like that too, so the message names both.

Source: psycopg 3.3 and PyMySQL 1.2, run 2026-11-27; PostgreSQL's error codes, classes 08, 53 and 57; MariaDB's error
    codes 1040, 1203, 2002, 2003, 2006, 2013.
"""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

_PASSES: Final = re.compile(
    r"connection refused|timed out|timeout expired|time-out|connection reset|connection aborted|broken pipe|"
    r"closed the connection|lost connection|gone away|connection was closed|connection timeout|"
    r"network is unreachable|no route to host|temporary failure in name resolution|try again|"
    r"the database system is (?:starting up|shutting down|in recovery|not yet accepting)|"
    r"too many (?:clients|connections)|connection slots are reserved|database is locked"
)
# What nobody but the one who wrote the address can set right.
_STAYS: Final = re.compile(
    r"not known|nodename nor servname|no address associated|password|authentication|access denied|"
    r"(?<!unavailable or )does not exist"
)
_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PRIMARY: Final = 0xFF


def may_be_reached_later(error: BaseException) -> bool:
    """Whether what keeps a connection from being made may pass by itself."""
    chain = list(_chain(error))
    said = " ".join(str(each) for each in chain).casefold()
    if _STAYS.search(said) or any(_is_no_name(each) for each in chain):
        return False
    return any(isinstance(each, ConnectionError | TimeoutError) for each in chain) or _PASSES.search(said) is not None


def is_locked(error: Any) -> bool:
    """Whether it says that another program holds an SQLite database for too long."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & _PRIMARY in _LOCKED


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields an error and what led to it, each once."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__, getattr(each, "orig", None)]


def _is_no_name(error: BaseException) -> bool:
    return isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN
