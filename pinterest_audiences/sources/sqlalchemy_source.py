"""Reads any database with a SQLAlchemy dialect: PostgreSQL with psycopg 3, SQLite, and what else is installed.

Rows come through a server-side cursor if the driver has one. SQLite files are opened with mode=ro, PostgreSQL with a
read-only transaction.

Source: SQLAlchemy 2.1.9 (stream_results, yield_per, postgresql_readonly) and sqlite3, read and run 2026-11-22.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError, missing_extra
from pinterest_audiences.sources.cursor_types import bound
from pinterest_audiences.sources.files import existing_file
from pinterest_audiences.sources.names import check_columns, no_such
from pinterest_audiences.sources.source import RowBatch, RowStream, Selection

COUNT_TIME_LIMIT_S: Final = 2.0
POSTGRESQL_NAMES: Final = ("postgresql", "postgres")
SHIPPED_DRIVERS: Final = ("psycopg",)


class SQLAlchemySource:
    """A database with a SQLAlchemy engine, read through one connection.

    Args:
        connection: closed by this object, with its engine.
        label: see Source.
    """

    only_table = None

    def __init__(self, connection: sa.Connection, label: str) -> None:
        self._connection = connection
        self._label = label

    @classmethod
    def of_url(cls, address: str) -> Self:
        """Connects. Raises: UsageError for an unknown scheme, a missing driver, or a database that can't be reached."""
        url = _read_url(address)
        try:
            engine = _engine(url)
            connection = engine.connect()
        except NoSuchModuleError:
            raise UsageError(
                Code.SOURCE_ADDRESS_WRONG,
                f"--from knows no database {url.drivername!r}. Use duckdb, sqlite, postgresql, or another SQLAlchemy "
                "dialect whose package is installed.",
            ) from None
        except ModuleNotFoundError as error:
            raise _missing_driver(url, error) from None
        except ArgumentError:
            raise UsageError(
                Code.SOURCE_ADDRESS_WRONG,
                f"{_label(url)} can't be opened: a part of its address has a form that it can't have.",
            ) from None
        except DBAPIError as error:
            raise UsageError(
                Code.SOURCE_NOT_OPENED, f"{_label(url)} can't be opened: {_said_without_secrets(error, url)}"
            ) from None
        return cls(connection, _label(url))

    @property
    def label(self) -> str:
        """See Source."""
        return self._label

    def open_rows(self, selection: Selection, batch_rows: int) -> RowStream:
        """See Source."""
        statement = self._checked_statement(selection)
        streaming = self._connection.execution_options(stream_results=True, yield_per=batch_rows)
        result = self._run(streaming, statement)
        columns = tuple(result.keys())
        check_columns((), columns, _named(selection))
        return RowStream(columns, self._batches(result, batch_rows))

    def count(self, selection: Selection) -> int | None:
        """See Source."""
        if selection.query is not None or self._connection.dialect.name not in {"sqlite", "postgresql"}:
            return None
        limit = threading.Timer(COUNT_TIME_LIMIT_S, self.interrupt)
        statement = sa.select(sa.func.count()).select_from(self._checked_statement(selection).order_by(None).subquery())
        limit.start()
        try:
            if self._connection.dialect.name == "postgresql":
                self._connection.execute(sa.text(f"SET LOCAL statement_timeout = {int(COUNT_TIME_LIMIT_S * 1000)}"))
            return int(self._connection.execute(statement).scalar_one())
        except DBAPIError:
            return None
        finally:
            limit.cancel()
            self._connection.rollback()

    def interrupt(self) -> None:
        """See Source."""
        driver = self._connection.connection.driver_connection
        stop = getattr(driver, "interrupt", None) or getattr(driver, "cancel", None)
        if stop is not None:
            stop()

    def close(self) -> None:
        """See Source."""
        with suppress(SQLAlchemyError):  # closing an interrupted cursor may fail
            self._connection.close()
        self._connection.engine.dispose()

    def _checked_statement(self, selection: Selection) -> Any:
        origin = self._query(selection.query) if selection.query is not None else self._table(selection.table or "")
        if selection.columns is None and selection.cursor is None:
            return (
                origin if isinstance(origin, sa.TextClause) else sa.select(sa.literal_column("*")).select_from(origin)
            )
        names = self._columns_of(origin)
        cursor = () if selection.cursor is None else (selection.cursor,)
        check_columns((*(selection.columns or ()), *cursor), names, _named(selection))
        rows: sa.FromClause = (
            origin.columns(*(sa.column(name) for name in names)).subquery("selected")
            if isinstance(origin, sa.TextClause)
            else origin
        )
        statement: sa.Select[*tuple[Any, ...]] = sa.select(
            *(sa.column(name) for name in selection.columns or names)
        ).select_from(rows)
        if selection.cursor is None:
            return statement
        column: sa.ColumnElement[Any] = sa.column(selection.cursor)
        if selection.since is not None:
            statement = statement.where(sa.or_(column >= bound(selection.since), column.is_(None)))
        return statement.order_by(column)

    def _table(self, wanted: str) -> sa.TableClause:
        """Raises: UsageError if there is no such table or view."""
        inspector = sa.inspect(self._connection)
        schema, _, name = wanted.rpartition(".")
        if inspector.has_table(wanted):
            return sa.table(wanted)
        if schema and schema in inspector.get_schema_names() and inspector.has_table(name, schema=schema):
            return sa.table(name, schema=schema)
        names = [*inspector.get_table_names(), *inspector.get_view_names()]
        for other in inspector.get_schema_names():
            if other not in {inspector.default_schema_name, "information_schema"}:
                names += [f"{other}.{each}" for each in inspector.get_table_names(schema=other)]
        raise no_such("table", wanted, names, self._label)

    def _query(self, query: str) -> sa.TextClause:
        # SQLAlchemy would take ":name" for a parameter, and a string in the query may contain one; a comment at the
        # query's end must not swallow what follows.
        return sa.text(query.replace(":", "\\:") + "\n")

    def _columns_of(self, origin: sa.TextClause | sa.TableClause) -> tuple[str, ...]:
        nothing = (
            sa.text(f"SELECT * FROM (\n{origin.text}) selected WHERE 1 = 0")  # noqa: S608 - the query is the user's own
            if isinstance(origin, sa.TextClause)
            else sa.select(sa.literal_column("*")).select_from(origin).where(sa.false())
        )
        result = self._run(self._connection, nothing)
        columns = tuple(result.keys())
        result.close()
        return columns

    def _run(self, connection: sa.Connection, statement: Any) -> sa.CursorResult[Any]:
        try:
            return connection.execute(statement)
        except DBAPIError as error:
            said = self._said_of_the_query(error)
            if said is not None:
                raise UsageError(Code.QUERY_REFUSED, f"{self._label} refuses the query: {said}") from None
            raise _stopped(error, 0) from None

    def _said_of_the_query(self, error: DBAPIError) -> str | None:
        """Returns the first line of a message about the SQL; None if evaluating it failed, which may quote values."""
        if isinstance(error.orig, sqlite3.OperationalError):
            return self._said_while_preparing(error)
        # PostgreSQL uses class 42, syntax or access rule, for values too (email::regclass, email::regtype), but then
        # names no position, or a context: what the position is in.
        diagnosis: Any = getattr(error.orig, "diag", None)
        is_in_the_query = getattr(diagnosis, "statement_position", None) is not None and diagnosis.context is None
        is_of_class_42 = (getattr(error.orig, "sqlstate", None) or "").startswith("42")
        return _first_line(error) if is_in_the_query and is_of_class_42 else None

    def _said_while_preparing(self, error: DBAPIError) -> str | None:
        """Returns the message if EXPLAIN, which evaluates nothing, fails too: SQLite's codes do not tell."""
        parameters: Any = error.params or ()
        try:
            self._connection.exec_driver_sql(f"EXPLAIN {error.statement}", parameters).close()
        except DBAPIError as again:
            return _first_line(again)
        return None

    def _batches(self, result: sa.CursorResult[Any], batch_rows: int) -> Iterator[RowBatch]:
        read = 0
        try:
            for rows in result.partitions(batch_rows):
                read += len(rows)
                yield RowBatch(rows)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _stopped(error, read) from None


def _read_url(address: str) -> sa.URL:
    try:
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


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    options = {"postgresql_readonly": True} if url.get_backend_name() == "postgresql" else {}
    return sa.create_engine(url, poolclass=sa.NullPool, execution_options=options)


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    if not url.database:
        raise UsageError(
            Code.SOURCE_ADDRESS_WRONG,
            "--from sqlite:/// needs a file: sqlite:///customers.sqlite, or sqlite:////srv/customers.sqlite.",
        )
    address = existing_file(url.database).resolve().as_uri() + "?mode=ro"

    def connect() -> sqlite3.Connection:
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

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)


def _missing_driver(url: sa.URL, error: ModuleNotFoundError) -> UsageError:
    if error.name in SHIPPED_DRIVERS:
        return missing_extra(error)
    return UsageError(
        Code.PACKAGE_MISSING,
        f"--from {url.drivername}:// needs the Python package {error.name!r}. Run: pip install {error.name}",
    )


def _label(url: sa.URL) -> str:
    if url.get_backend_name() == "sqlite" and url.database:
        return f"sqlite:///{Path(url.database).expanduser().resolve()}"
    # The part after the question mark may have a password too.
    return url.set(query={}).render_as_string(hide_password=True)


def _said_without_secrets(error: DBAPIError, url: sa.URL) -> str:
    """Returns the first line of a connection error, or only its type if it quotes what may be a secret of the URL."""
    said = _first_line(error)
    behind = [value for values in url.normalized_query.values() for value in values]
    return type(error.orig).__name__ if any(each and each in said for each in (url.password, *behind)) else said


def _first_line(error: DBAPIError) -> str:
    return next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__)


def _named(selection: Selection) -> str:
    return "the query" if selection.query is not None else f"the table {selection.table!r}"


def _stopped(error: Exception, read: int) -> SourceError:
    cause = getattr(error, "orig", None) or error
    return SourceError(
        Code.SOURCE_STOPPED,
        f"The database stopped after {read:,} rows ({type(cause).__name__}). Its message may quote people's data and "
        "is not shown, so run the same query in a client of the database to read it.",
    )
