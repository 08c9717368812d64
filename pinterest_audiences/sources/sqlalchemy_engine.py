"""Connects to a database by its SQLAlchemy URL: the right driver, read-only where it can be said, times in UTC.

Source: SQLAlchemy 2.1.9 (postgresql_readonly), sqlite3, psycopg 3.3 and PyMySQL 1.2, read and run 2026-11-27 against
    PostgreSQL 15 and MariaDB 10.11. MySQL and Oracle convert some of their times to the session's zone, which moves
    with daylight saving: a cursor needs them in UTC.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError, missing_extra
from pinterest_audiences.sources.files import as_path, existing_file
from pinterest_audiences.sources.postgresql_times import read_any_time
from pinterest_audiences.sources.unreachable import may_be_reached_later
from pinterest_audiences.sources.warehouses import warehouse_of

POSTGRESQL_NAMES: Final = ("postgresql", "postgres")
SHIPPED_DRIVERS: Final = ("psycopg",)
_UTC: Final = "SET time_zone = '+00:00'"
_UTC_AND_READ_ONLY: Final = (_UTC, "SET SESSION TRANSACTION READ ONLY")
# So that what is written from a table does not lock its rows.
_UTC_WITHOUT_LOCKS: Final = (_UTC, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
_SESSION: Final = {
    "mysql": _UTC_AND_READ_ONLY,
    "mariadb": _UTC_AND_READ_ONLY,
    "oracle": ("ALTER SESSION SET TIME_ZONE = 'UTC'",),
}
_WRITING_SESSION: Final = {**_SESSION, "mysql": _UTC_WITHOUT_LOCKS, "mariadb": _UTC_WITHOUT_LOCKS}
# Their logs may quote statements and values, and would go to standard error.
_TALKATIVE: Final = ("clickhouse_connect", "databricks", "google", "pyathena", "snowflake", "trino")


def connect(url: sa.URL, *, reads_only: bool = True) -> sa.Connection:
    """Connects.

    Raises: UsageError for an unknown database, a missing driver, or one that can't be opened; SourceError for one that
        can't be reached for now.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        return _engine(_with_driver(url), reads_only=reads_only).connect()
    except NoSuchModuleError:
        raise _unknown_or_missing(url, None) from None
    except ModuleNotFoundError as error:
        raise _unknown_or_missing(url, error) from None
    except UsageError:
        raise
    except ArgumentError:
        raise UsageError(
            Code.SOURCE_ADDRESS_WRONG,
            f"{label_of(url)} can't be opened: a part of its address has a form that it can't have.",
        ) from None
    except Exception as error:  # noqa: BLE001 - what a cloud's library raises for a missing sign-in is its own affair
        said = _said_without_secrets(error, url)
        if may_be_reached_later(error):
            raise SourceError(
                Code.SOURCE_UNREACHABLE,
                f"{label_of(url)} can't be reached: {said}. Run the command again later, or correct the address.",
            ) from None
        raise UsageError(Code.SOURCE_NOT_OPENED, f"{label_of(url)} can't be opened: {said}") from None


def read_url(address: str) -> sa.URL:
    """Parses --from. Raises: UsageError if it is no URL."""
    try:
        address.encode()  # a command line may have bytes that are no text
        url = sa.make_url(address)
    except (ArgumentError, ValueError):
        # The message of SQLAlchemy may quote the address, and with it the password.
        raise UsageError(
            Code.SOURCE_ADDRESS_WRONG, "--from is not a URL like postgresql://user:password@host:5432/database."
        ) from None
    if "@" in (url.host or ""):
        raise UsageError(
            Code.SOURCE_ADDRESS_WRONG, "--from has more than one @ before the host. Write an @ in the password as %40."
        )
    return url.set(drivername="postgresql+psycopg") if url.drivername in POSTGRESQL_NAMES else url


def label_of(url: sa.URL) -> str:
    """The address without secrets, the same in every run."""
    if url.get_backend_name() == "sqlite" and url.database:
        return f"sqlite:///{as_path(url.database).resolve()}"
    # The part after the question mark may have a password too.
    return url.set(query={}).render_as_string(hide_password=True)


def first_line(error: Any) -> str:
    """The first line of a driver's message, without the number that some put before it."""
    given = error.args
    if len(given) == 1 and isinstance(given[0], tuple):
        given = given[0]  # so pymssql does
    texts = [each for each in given if isinstance(each, str | bytes)]
    has_number = len(given) > 1 and isinstance(given[0], int)
    text = texts[0] if has_number and texts else str(error)
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    lines = [line for line in said.strip().splitlines() if not line.startswith("DB-Lib error message")]
    return next(iter(lines), type(error).__name__)


def _with_driver(url: sa.URL) -> sa.URL:
    warehouse = warehouse_of(url.drivername)
    return url if warehouse is None or "+" in url.drivername else url.set(drivername=warehouse.driver)


def _engine(url: sa.URL, *, reads_only: bool) -> sa.Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(url)
    options = {"postgresql_readonly": True} if backend == "postgresql" and reads_only else {}
    engine = sa.create_engine(url, poolclass=sa.NullPool, execution_options=options)
    if engine.dialect.driver == "psycopg":
        sa.event.listen(engine, "connect", lambda connection, _: read_any_time(connection))
    statements = (_SESSION if reads_only else _WRITING_SESSION).get(backend)
    if statements is not None:
        sa.event.listen(engine, "connect", _beginning_with(statements))
    return engine


def _beginning_with(statements: tuple[str, ...]) -> Callable[[Any, Any], None]:
    def begin(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()

    return begin


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    if not url.database:
        raise UsageError(
            Code.SOURCE_ADDRESS_WRONG,
            "--from sqlite:/// needs a file: sqlite:///customers.sqlite, or sqlite:////srv/customers.sqlite.",
        )
    address = existing_file(url.database).resolve().as_uri() + "?mode=ro"

    def open_file() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        with ExitStack() as unless_it_opens:
            unless_it_opens.callback(connection.close)
            # A text that is not UTF-8 would raise an error that quotes it.
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            # Sorting would spill people's data to disk.
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("SELECT count(*) FROM sqlite_master")
            unless_it_opens.pop_all()
        return connection

    return sa.create_engine("sqlite://", creator=open_file, poolclass=sa.NullPool)


def _unknown_or_missing(url: sa.URL, error: ModuleNotFoundError | None) -> UsageError:
    """The error for a database without a dialect, or without a driver."""
    if error is not None and error.name in SHIPPED_DRIVERS:
        return missing_extra(error)
    warehouse = warehouse_of(url.drivername)
    if warehouse is None and error is None:
        return UsageError(
            Code.SOURCE_ADDRESS_WRONG,
            f"--from knows no database {url.drivername!r}. Use duckdb, sqlite, postgresql, one of the warehouses in "
            "docs/cli.md, or another SQLAlchemy dialect whose package is installed.",
        )
    if warehouse is None:
        missing = error.name if error is not None else url.drivername
        return UsageError(
            Code.PACKAGE_MISSING,
            f"--from {url.drivername}:// needs the Python module {missing!r}. Install the package that has it.",
        )
    if "+" in url.drivername and url.drivername != warehouse.driver:
        scheme = url.drivername.partition("+")[0]
        return UsageError(
            Code.PACKAGE_MISSING,
            f"The driver of --from {url.drivername}:// is not installed. Install it, or write {scheme}:// and run: "
            f"{warehouse.install}",
        )
    packages = " and ".join(warehouse.packages)
    return UsageError(
        Code.PACKAGE_MISSING,
        f"--from {url.drivername}:// needs {packages}, which is not installed. Run: {warehouse.install}",
    )


def _said_without_secrets(error: Exception, url: sa.URL) -> str:
    """Returns the first line of a connection error, or only its type if it quotes what may be a secret of the URL.

    Whichever form it is quoted in: as it is, encoded as in the URL, or escaped as in a program's text.
    """
    cause = getattr(error, "orig", None) or error if isinstance(error, SQLAlchemyError) else error
    whole = f"{first_line(cause)}\n{cause}"
    forms = (whole, unquote(whole), unquote_plus(whole), whole.replace("\\", ""))
    behind = [value for values in url.normalized_query.values() for value in values]
    secrets = [str(each) for each in (url.password, *behind) if each]
    written = [*secrets, *(json.dumps(each)[1:-1] for each in secrets), *(each.replace("\\", "") for each in secrets)]
    return type(cause).__name__ if any(each in form for each in written for form in forms) else first_line(cause)
